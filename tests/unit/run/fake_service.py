"""A small HTTP server that answers, or does not, as told."""

# ruff: noqa: TID251  (a process of its own)

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        if self.path == "/die":
            sys.stdout.write("last words\n")
            sys.stdout.flush()
            os._exit(7)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--exit", type=int)
    parser.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
    parser.add_argument("--pids", type=Path, help="start a child, and write both pids here")
    parser.add_argument("--say", default="")
    arguments = parser.parse_args()
    sys.stdout.write(f"starting {arguments.say} {os.environ.get('LEVEL')}\n")
    sys.stdout.flush()
    if arguments.exit is not None:
        sys.exit(arguments.exit)
    if arguments.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if arguments.pids:
        child = subprocess.Popen(["sleep", "60"])
        arguments.pids.write_text(f"{os.getpid()} {child.pid}")
    Handler.status = arguments.status
    server = HTTPServer(("127.0.0.1", arguments.port), Handler)
    server.serve_forever()


if __name__ == "__main__":
    main()
