"""A client of the language server that editors run for YAML: opens texts, asks, reads what it says.

The protocol: microsoft.github.io/language-server-protocol (messages over stdio).
"""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually

SERVER = Path(__file__).parent / "node_modules/yaml-language-server/bin/yaml-language-server"
CURSOR = "‸"
SETTINGS: dict[str, Any] = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
    },
    "[yaml]": {"editor.tabSize": 2},
}
CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True}},
        "hover": {"contentFormat": ["markdown"]},
    },
}


class Problem(NamedTuple):
    """A squiggle: where it begins (line and column from 1), and its message."""

    line: int
    column: int
    message: str


@contextmanager
def running_editor(schema: Path, eventually: Eventually) -> Iterator[Editor]:
    """An editor that checks what is opened against the schema in a file."""
    command = ["node", str(SERVER), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        editor = Editor(server, schema, eventually)
        reader = threading.Thread(target=editor.read, name="editor")
        reader.start()
        try:
            editor.start()
            yield editor
            editor.stop()
        finally:
            server.kill()
            reader.join()


class Editor:
    """What an editor does with texts that are opened in it; they need not exist as files."""

    def __init__(
        self, server: subprocess.Popen[bytes], schema: Path, eventually: Eventually
    ) -> None:
        self._server = server
        self._modeline = f"# yaml-language-server: $schema={schema.as_uri()}\n"
        self._eventually = eventually
        self._sent = 0
        self._opened = 0
        self._configured = False
        self._replies: dict[int, dict[str, Any]] = {}
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}

    def start(self) -> None:
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        self._tell("initialized", {})
        self._eventually(lambda: self._configured)

    def stop(self) -> None:
        self._ask("shutdown", None)
        self._tell("exit", None)
        self._server.wait(timeout=20)

    def open(self, text: str) -> str:
        """Open a text beneath a line that names the schema; the name by which to ask about it."""
        self._opened += 1
        name = f"file:///perfspec-{self._opened}.yaml"
        document = {"uri": name, "languageId": "yaml", "version": 1, "text": self._modeline + text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return name

    def problems(self, name: str) -> list[Problem]:
        """What is reported about an opened text, in lines of that text."""
        self._eventually(lambda: name in self._diagnostics)
        starts = [(each["range"]["start"], each["message"]) for each in self._diagnostics[name]]
        return [Problem(at["line"], at["character"] + 1, message) for at, message in starts]

    def fixes(self, name: str) -> list[str]:
        """What is offered to replace the marked parts of an opened text with."""
        self._eventually(lambda: name in self._diagnostics)
        found = self._diagnostics[name]
        where = {"textDocument": {"uri": name}, "range": found[0]["range"]}
        actions = self._ask("textDocument/codeAction", {**where, "context": {"diagnostics": found}})
        return [each["title"] for each in actions]

    def hover(self, text: str) -> str:
        """What is shown, as Markdown, when the pointer is at the cursor of a text."""
        answer = self._ask("textDocument/hover", self._place(text))
        return str(answer["contents"]["value"])

    def completions(self, text: str) -> dict[str, str]:
        """What is offered at the cursor of a text: labels with the text that they insert."""
        answer = self._ask("textDocument/completion", self._place(text))
        return {each["label"]: str(each["insertText"]) for each in answer["items"]}

    def _place(self, text: str) -> dict[str, Any]:
        before, _, after = text.partition(CURSOR)
        last = before.rpartition("\n")[2]
        position = {"line": before.count("\n") + 1, "character": len(last)}
        return {"textDocument": {"uri": self.open(before + after)}, "position": position}

    def _ask(self, method: str, params: object) -> Any:  # noqa: ANN401  (any JSON value)
        self._sent += 1
        number = self._sent
        self._send({"id": number, "method": method, "params": params})
        self._eventually(lambda: number in self._replies)
        return self._replies[number]["result"]

    def _tell(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._server.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._server.stdin.flush()

    def read(self) -> None:
        """Take the server's messages until it closes its end."""
        assert self._server.stdout
        length = 0
        while header := self._server.stdout.readline():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif not header.strip():
                self._take(json.loads(self._server.stdout.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "textDocument/publishDiagnostics", "params": params}:
                self._diagnostics[params["uri"]] = params["diagnostics"]
            case {"method": "workspace/configuration", "id": number, "params": {"items": items}}:
                values = [SETTINGS.get(item["section"]) for item in items]
                self._send({"id": number, "result": values})
                self._configured = True
            case {"method": _, "id": number}:
                self._send({"id": number, "result": None})
            case {"id": number}:
                self._replies[number] = message
            case _:
                pass  # what the server only lets us know
