"""A reference of Voiceter's backend: ``python server.py --port 8861 [--fault bedrock]``.

Socket.IO sessions that take audio and run tools: a session greets with its first question, every
chunk of audio is acknowledged by ``chunk_ack``, a tool is answered by ``tool_result``. See
``backend.py`` for what is behind that, and for the faults.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import socketio
from backend import FAULTS, Voiceter
from werkzeug.serving import run_simple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def socket_server(backend: Voiceter) -> socketio.Server:
    """The Socket.IO side; the messages of a session are taken one after the other."""
    server = socketio.Server(async_mode="threading", async_handlers=False)

    @server.event
    def connect(sid: str, environ: dict[str, Any]) -> bool:  # noqa: ARG001  (python-socketio's)
        if not backend.enter(sid):
            return False
        server.emit("status", {"type": "ready", "question": 1}, to=sid)
        return True

    @server.event
    def disconnect(sid: str, reason: str) -> None:  # noqa: ARG001  (python-socketio's)
        backend.leave(sid)

    @server.event
    def audio_chunk(sid: str, data: dict[str, Any]) -> None:
        accepted = backend.hear(sid, data["audio"])
        server.emit("chunk_ack", {"seq": data["seq"], "accepted": accepted}, to=sid)

    @server.event
    def tool_call(sid: str, data: dict[str, Any]) -> None:
        found = backend.run_tool(sid, data["tool"], data["id"], data.get("value"))
        server.emit("tool_result", {"tool": data["tool"], "id": data["id"], **found}, to=sid)

    return server


def pages(
    backend: Voiceter, server: socketio.Server
) -> Callable[[dict[str, Any], Callable[[str, list[tuple[str, str]]], object]], Iterable[bytes]]:
    """Everything that is not Socket.IO: ``/health``, and ``/metrics`` as CloudWatch has them."""

    def answer(
        environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], object]
    ) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        if environ["PATH_INFO"] != "/metrics":
            return [b'{"status": "ok"}']
        sockets = list(server.eio.sockets.values())
        connections = sum(not each.closed for each in sockets)
        seen = backend.metrics() | {"WebSocketConnections": connections}
        return [json.dumps(seen).encode()]

    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8861)
    parser.add_argument("--fault", choices=["none", *FAULTS], default="none")
    arguments = parser.parse_args()
    voiceter = Voiceter(arguments.fault)
    sockets = socket_server(voiceter)
    app = socketio.WSGIApp(sockets, pages(voiceter, sockets))
    run_simple("127.0.0.1", arguments.port, app, threaded=True)
