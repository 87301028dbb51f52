"""A reference of Voiceter's backend: Socket.IO sessions that take audio and run tools.

``python server.py --port 8861``. It does what the plan's system does, in memory: a session greets
with its first question, every chunk of audio is queued and acknowledged, and the tools
``record_response``, ``get_next_question`` and ``validate_answer`` answer by ``tool_result``.
"""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING, Any

import socketio
from werkzeug.serving import run_simple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CHUNK_BYTES = 1024  # 32 ms of 16 kHz, 16 bits
QUESTIONS = 10
server = socketio.Server(async_mode="threading")
sessions: dict[str, dict[str, Any]] = {}
lock = threading.Lock()


@server.event
def connect(sid: str, environ: dict[str, Any]) -> None:  # noqa: ARG001  (python-socketio's)
    """A session begins with its first question."""
    with lock:
        sessions[sid] = {"question": 1, "answers": {}, "bytes": 0}
    server.emit("status", {"type": "ready", "question": 1}, to=sid)


@server.event
def disconnect(sid: str, reason: str) -> None:  # noqa: ARG001  (python-socketio's)
    """Nothing of a session stays."""
    with lock:
        sessions.pop(sid, None)


@server.event
def audio_chunk(sid: str, data: dict[str, Any]) -> None:
    """Queue the audio; a chunk of the wrong size is told so."""
    audio = data["audio"]
    sessions[sid]["bytes"] += len(audio)
    answer = {"seq": data["seq"], "accepted": len(audio) == CHUNK_BYTES}
    server.emit("chunk_ack", answer, to=sid)


@server.event
def tool_call(sid: str, data: dict[str, Any]) -> None:
    """Run one of the three tools."""
    session, tool = sessions[sid], data["tool"]
    result: dict[str, Any] = {"tool": tool, "id": data["id"], "ok": True}
    if tool == "record_response":
        session["answers"][data["id"]] = data["value"]
    elif tool == "get_next_question":
        session["question"] = session["question"] % QUESTIONS + 1
        result["question"] = session["question"]
    elif tool == "validate_answer":
        result["ok"] = data["id"] in session["answers"]
    else:
        result["ok"] = False
    server.emit("tool_result", result, to=sid)


def health(
    environ: dict[str, Any],  # noqa: ARG001  (WSGI's)
    start: Callable[[str, list[tuple[str, str]]], object],
) -> Iterable[bytes]:
    """Everything that is not Socket.IO."""
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8861)
    app = socketio.WSGIApp(server, health)
    run_simple("127.0.0.1", parser.parse_args().port, app, threaded=True)
