"""Locust's own Socket.IO user at the same work: 1 KB every 32 ms, each acknowledged by an event.

It has no pace and no latency of its own for events, so both are kept here. Its last line of output
is a JSON object with what it did.
"""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter, process_time
from typing import Any

import gevent
from locust import constant, events, task
from locust.contrib.socketio import SocketIOUser

EVERY_S = 0.032
AUDIO = bytes(1024)
BEGIN_S = float(os.environ["BENCH_BEGIN"])
END_S = BEGIN_S + float(os.environ["BENCH_SECONDS"])
latencies: list[float] = []
lateness: list[float] = []
began = perf_counter()
used: list[float] = []


class Speaker(SocketIOUser):
    """Speaks until the test ends."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Connect, and listen for acknowledgements."""
        self.sent: dict[int, float] = {}
        self.sio.on("chunk_ack", self.acknowledged)
        self.sio.connect(self.host, transports=["websocket"])

    def acknowledged(self, data: dict[str, Any]) -> None:
        """Note how long it took."""
        sent = self.sent.pop(data["seq"])
        if BEGIN_S < sent - began < END_S:
            latencies.append(perf_counter() - sent)

    @task
    def speak(self) -> None:
        """On an absolute clock."""
        start, seq = perf_counter(), 0
        while True:
            due = start + seq * EVERY_S
            gevent.sleep(max(due - perf_counter(), 0))
            if BEGIN_S < due - began < END_S:
                lateness.append(perf_counter() - due)
            self.sent[seq] = due
            self.sio.emit("audio_chunk", {"seq": seq, "audio": AUDIO})
            seq += 1


def watch() -> None:
    """Processor time of the measured seconds."""
    for moment in (BEGIN_S, END_S):
        gevent.sleep(moment - (perf_counter() - began))
        used.append(process_time())


@events.init.add_listener
def begin(**_: object) -> None:
    """Locust is ready."""
    gevent.spawn(watch)


@events.quitting.add_listener
def tell(**_: object) -> None:
    """The last line."""
    found = {
        "messages": len(latencies),
        "cpu": (used[1] - used[0]) / (END_S - BEGIN_S),
        "ack_p50_ms": middle(latencies, 0.5),
        "ack_p99_ms": middle(latencies, 0.99),
        "late_p99_ms": middle(lateness, 0.99),
    }
    print(json.dumps(found), file=sys.stdout, flush=True)


def middle(values: list[float], share: float) -> float:
    """A percentile in milliseconds."""
    return sorted(values)[int(share * (len(values) - 1))] * 1000 if values else float("nan")
