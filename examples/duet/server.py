"""A shop of three pages, each of which takes a known time."""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TAKES = {"/books": 0.020, "/orders": 0.030, "/cart": 0.025}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        time.sleep(TAKES.get(self.path, 0))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Not a line for each request."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
