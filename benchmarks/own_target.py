"""perfspec's own parts behind HTTP: perfspec.yaml at the root gates them as it gates others.

``GET /lint`` checks a spec in a process of its own; ``GET /recorder`` puts samples into windows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from perfspec.measure.model import Key
from perfspec.run.driver.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC = Path(__file__).parents[1] / "examples/quickstart/perfspec.yaml"
SAMPLES = 20_000
SECOND = 1_000_000  # µs


def lint() -> None:
    """Raises CalledProcessError for a spec with mistakes."""
    command = [sys.executable, "-m", "perfspec", "lint", SPEC]
    subprocess.run(command, check=True, capture_output=True)


def record() -> None:
    """As many samples as a busy load process sees in some seconds, into one window of a second."""
    recorder = Recorder([0.0, 1.0])
    recorder.zero = time.perf_counter()
    keep = recorder.series(Key(kind="endpoint", name="page", persona="reader")).record
    for number in range(SAMPLES):
        latency = 1_000 + number * 7919 % SECOND
        keep((recorder.zero, latency, latency // 2, 200, 1_000, 0, 0))
    recorder.fold()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    parts: ClassVar[dict[str, Callable[[], None]]] = {
        "/health": lambda: None,
        "/lint": lint,
        "/recorder": record,
    }

    def do_GET(self) -> None:
        """Do the part and say so."""
        part = self.parts.get(self.path)
        if part is not None:
            part()
        self.send_response(404 if part is None else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Requests are counted by who sends them."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler) as server:
        server.serve_forever()
