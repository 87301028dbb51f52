"""Locust's own Socket.IO user at the same work: 1 KB every 32 ms, each acknowledged by an event.

It has no pace and no latency of its own for events, so both are kept here. Its last line of output
is a JSON object with what it did.
"""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import gevent
from locust import constant, events, task
from locust.contrib.socketio import SocketIOUser

if TYPE_CHECKING:
    from locust.env import Environment

EVERY_S = 0.032
AUDIO = bytes(1024)
USERS = int(os.environ["BENCH_USERS"])
WARM_S = float(os.environ["BENCH_WARM"])
SECONDS = float(os.environ["BENCH_SECONDS"])
latencies: list[float] = []
lateness: list[float] = []


class Watch:
    """What is measured begins when all users have been connected for a while."""

    users = 0
    begin = end = float("inf")
    used_s = 0.0

    def joined(self, environment: Environment) -> None:
        """One more is connected."""
        self.users += 1
        if self.users == USERS:
            self.begin = perf_counter() + WARM_S
            self.end = self.begin + SECONDS
            gevent.spawn(self.run, environment)

    def run(self, environment: Environment) -> None:
        """Processor time of the measured seconds; then it is over."""
        gevent.sleep(self.begin - perf_counter())
        before = process_time()
        gevent.sleep(self.end - perf_counter())
        self.used_s = process_time() - before
        if environment.runner is not None:
            environment.runner.quit()

    def measures(self, due: float) -> bool:
        """Whether what was due then counts."""
        return self.begin <= due < self.end


watch = Watch()


class Speaker(SocketIOUser):
    """Speaks until the test ends."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Connect, and listen for acknowledgements."""
        self.sent: dict[int, float] = {}
        self.sio.on("chunk_ack", self.acknowledged)
        self.sio.connect(self.host, transports=["websocket"])
        watch.joined(self.environment)

    def acknowledged(self, data: dict[str, Any]) -> None:
        """Note how long it took."""
        due = self.sent.pop(data["seq"])
        if watch.measures(due):
            latencies.append(perf_counter() - due)

    @task
    def speak(self) -> None:
        """On an absolute clock."""
        start, seq = perf_counter(), 0
        while True:
            due = start + seq * EVERY_S
            gevent.sleep(max(due - perf_counter(), 0))
            if watch.measures(due):
                lateness.append(perf_counter() - due)
            self.sent[seq] = due
            self.sio.emit("audio_chunk", {"seq": seq, "audio": AUDIO})
            seq += 1


@events.quitting.add_listener
def tell(**_: object) -> None:
    """The last line."""
    found = {
        "messages": len(latencies),
        "cpu": watch.used_s / SECONDS,
        "ack_p50_ms": middle(latencies, 0.5),
        "ack_p99_ms": middle(latencies, 0.99),
        "late_p99_ms": middle(lateness, 0.99),
    }
    print(json.dumps(found), file=sys.stdout, flush=True)


def middle(values: list[float], share: float) -> float:
    """A percentile in milliseconds."""
    return sorted(values)[int(share * (len(values) - 1))] * 1000 if values else float("nan")
