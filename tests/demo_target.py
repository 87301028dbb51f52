"""The demo target as a real process, for tests that need somebody to talk to."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  (a test knows what it asked for)
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Demo:
    """``url`` is its origin; ``uploads`` that of its second port, if it has one."""

    process: subprocess.Popen[str]
    url: str
    uploads: str | None

    def ask(
        self,
        method: str,
        target: str,
        *,
        json_body: object = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; ``target`` is a path or a whole URL."""
        url = urlsplit(target if "://" in target else self.url + target)
        path = url.path + (f"?{url.query}" if url.query else "")
        content = body if json_body is None else json.dumps(json_body).encode()
        connection = HTTPConnection(str(url.hostname), url.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, content, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def truth(self) -> Any:  # noqa: ANN401
        return self.ask("GET", "/_truth").json

    def forget(self) -> None:
        assert self.ask("POST", "/_truth/reset").status == 200

    def set_faults(self, *faults: str) -> Answer:
        return self.ask("POST", "/_faults", json_body={"faults": faults})


@contextmanager
def running_demo(*arguments: str) -> Iterator[Demo]:
    """A demo on a free port, ended with the block; ``--speed inf`` leaves its delays out."""
    command = [sys.executable, "-m", "perfspec.demo", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("listening on ").strip()
            assert url, f"the demo ended with {process.wait(PATIENCE_S)}"
            uploads = None
            if "--upload-port" in arguments:
                uploads = process.stdout.readline().removeprefix("uploads on ").strip()
            yield Demo(process, url, uploads)
        finally:
            process.kill()
