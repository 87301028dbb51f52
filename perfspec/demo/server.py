"""The demo as a process: listen, say where, serve, note what was seen, end at a signal."""

from __future__ import annotations

import socket
import struct
import sys
from io import BufferedReader
from signal import SIGINT, SIGTERM
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING, Final, cast

import gevent
from gevent.event import Event
from gevent.pywsgi import WSGIHandler, WSGIServer

from perfspec.demo.app import RESET_KEY, ROUTE_KEY, Bookshop
from perfspec.demo.arrival import StampedReader, ask_for_stamps
from perfspec.demo.options import parse_options

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST: Final = "127.0.0.1"
BACKLOG: Final = 4096
LAST_ANSWERS_S: Final = 0.3
_ABORT_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class TimedHandler(WSGIHandler):
    """Times each request from its arrival to the last byte handed to the socket."""

    def __init__(self, sock: socket.socket, address: str, server: WSGIServer) -> None:
        super().__init__(sock, address, server)
        self.reader = StampedReader(sock)
        self.rfile = BufferedReader(self.reader)

    def read_requestline(self) -> str:
        self.reader.forget()
        line = super().read_requestline()
        self.read_ns = perf_counter_ns()
        return line

    def handle_one_response(self) -> None:
        shop = cast("Server", self.server).shop
        shop.in_flight += 1
        try:
            super().handle_one_response()
        finally:
            shop.in_flight -= 1
            self._note(shop)

    def _note(self, shop: Bookshop) -> None:
        environ = self.environ or {}
        reset = RESET_KEY in environ
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
            self.close_connection = True
        route = environ.get(ROUTE_KEY)
        if route is None:
            return
        code = self.code or 0
        # pywsgi turns the code negative when the client has gone away
        status = "reset" if reset else "aborted" if code <= 0 else str(code)
        arrived_ns = self.reader.arrived_ns
        shop.record(
            route,
            status,
            perf_counter_ns() - (self.read_ns if arrived_ns is None else arrived_ns),
            stamped=arrived_ns is not None,
            bytes_in=self.content_length or 0,
            bytes_out=self.response_length,
        )


class Server(WSGIServer):
    """pywsgi sends head and body apart: without TCP_NODELAY each answer would take 40 ms."""

    def __init__(self, port: int, shop: Bookshop, *, log: bool) -> None:
        super().__init__(
            (HOST, port),
            shop,
            backlog=BACKLOG,
            log="default" if log else None,
            handler_class=TimedHandler,
        )
        self.shop = shop

    def init_socket(self) -> None:
        super().init_socket()
        ask_for_stamps(self.socket)

    def handle(self, sock: gevent.socket.socket, address: str) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle(sock, address)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code, 1 when a port is taken."""
    options = parse_options(argv)
    app = Bookshop(options, now=monotonic)
    ports = [options.port] if options.upload_port is None else [options.port, options.upload_port]
    servers = [Server(port, app, log=options.log) for port in ports]
    ended = Event()
    for signal in (SIGTERM, SIGINT):
        gevent.signal_handler(signal, ended.set)
    for server in servers:
        try:
            server.start()
        except OSError as error:
            sys.stderr.write(f"bookshop: cannot listen on {HOST}:{server.server_port}: {error}\n")
            return 1
    origins = [f"http://{HOST}:{server.server_port}" for server in servers]
    app.shop.uploads.origin = origins[-1]
    app.effects.start()
    _say(f"listening on {origins[0]}", *(f"uploads on {each}" for each in origins[1:]))
    ended.wait()
    app.effects.stop()
    gevent.joinall([gevent.spawn(server.stop, LAST_ANSWERS_S) for server in servers])
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
