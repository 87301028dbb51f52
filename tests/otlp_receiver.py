"""Receives metrics over OTLP/HTTP on a free port, in a process of its own.

Writes two files into the folder of its argument: ``port``, and ``requests.jsonl`` with path, headers
and message of each request. Paths under ``/full`` are answered with 400.
"""

from __future__ import annotations

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

FOLDER = Path(sys.argv[1])  # noqa: TID251  (a process of its own)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        message = MessageToDict(ExportMetricsServiceRequest.FromString(body))
        told = {"path": self.path, "headers": dict(self.headers), "message": message}
        with (FOLDER / "requests.jsonl").open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(told)}\n")
        refused = self.path.startswith("/full")
        answer = b"disk is full" if refused else ExportMetricsServiceResponse().SerializeToString()
        self.send_response(400 if refused else 200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (as the library has it)
        """Standard error is for problems."""


if __name__ == "__main__":
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        (FOLDER / "port.new").write_text(str(server.server_port), encoding="utf-8")
        (FOLDER / "port.new").rename(FOLDER / "port")
        server.serve_forever()
