"""Servers with open connections, in threads of the test's process: WebSocket and Socket.IO."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import socketio
from websockets.sync.server import ServerConnection, serve
from werkzeug.serving import make_server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from websockets.http11 import Request, Response

    Talk = Callable[[ServerConnection], None]
    Greet = Callable[[ServerConnection, Request], Response | None]


@contextmanager
def websocket_server(
    talk: Talk, greet: Greet | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """The http URL (with ``tls`` https) of a server that talks to each client in its own thread.

    ``greet`` may refuse a handshake by returning an answer of HTTP.
    """
    with serve(talk, "127.0.0.1", 0, process_request=greet, max_size=None, ssl=tls) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            port = server.socket.getsockname()[1]
            yield f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def socketio_server(server: socketio.Server) -> Iterator[str]:
    """The http URL of python-socketio's own server, made by ``new_socketio``."""
    app = socketio.WSGIApp(server)
    http = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def new_socketio(**options: Any) -> socketio.Server:  # noqa: ANN401  (python-socketio's)
    """A server whose threads end soon after their clients: they sleep from ping to ping."""
    quick = {"ping_interval": 0.3, "ping_timeout": 5, "monitor_clients": False, **options}
    return socketio.Server(async_mode="threading", **quick)
