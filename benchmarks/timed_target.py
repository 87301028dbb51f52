"""A target with known delays that knows how long each of its answers really took.

One thread and one epoll: 15 µs a request, so that it is not the target that saturates. A service
time lasts from the moment at which the request reached the machine (the kernel's own stamp) until
the last byte of the answer was handed to the socket; the first byte is timed apart. What its own
timers come too late is therefore part of the truth, not an error.

``GET /truth`` tells and forgets: ``{path: {count, latency: {p50: s, …}, ttfb: {p50: s, …}}}``.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import select
import socket
import struct
from array import array
from heapq import heappop, heappush
from itertools import count
from time import perf_counter, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
TIMESTAMPNS = 35  # socket(7); not in Python's socket module
TIMESPEC = struct.Struct("@ll")
PIECE, PIECES, PAUSE_S = bytes(4096), 8, 0.005  # of a long body
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
SHORT = HEAD % 2 + b"ok"
LONG = HEAD % (len(PIECE) * PIECES)


def constant(chance: random.Random) -> float:
    """One in a hundred is stuck."""
    return 0.2 if chance.random() < 0.01 else 0.02


def bimodal(chance: random.Random) -> float:
    """A cache that misses three times out of ten."""
    return 0.05 if chance.random() < 0.3 else 0.008


def heavy_tail(chance: random.Random) -> float:
    """Pareto: p50 16 ms, p99 100 ms, p99.9 251 ms."""
    return min(0.01 * chance.paretovariate(1.5), 2.0)


def slow_body(chance: random.Random) -> float:
    """To the first byte; the pauses of the body come on top."""
    return chance.uniform(0.02, 0.04)


DELAYS: dict[str, Callable[[random.Random], float]] = {
    "/constant": constant,
    "/bimodal": bimodal,
    "/heavy_tail": heavy_tail,
    "/slow_body": slow_body,
}


class Answer:
    """One request on its way."""

    __slots__ = ("arrived", "first_s", "left", "path", "peer")

    def __init__(self, peer: socket.socket, path: str, arrived: float) -> None:
        self.peer, self.path, self.arrived = peer, path, arrived
        self.first_s = 0.0
        self.left = PIECES if path == "/slow_body" else 0

    def send(self) -> bool:
        """Send what is due; True when it was the last."""
        if not self.first_s:
            self.peer.send(LONG + PIECE if self.left else SHORT)
            self.first_s = perf_counter() - self.arrived
        else:
            self.peer.send(PIECE)
        self.left -= 1
        return self.left <= 0


class Target:
    """``serve`` runs until the process ends."""

    def __init__(self, seed: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)  # and whom it accepts
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener.settimeout(0)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._peers: dict[int, socket.socket] = {}
        self._due: list[tuple[float, int, Answer]] = []
        self._number = count()
        self._chance = random.Random(seed)
        self._forget()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            wait = max(0.0, self._due[0][0] - perf_counter()) if self._due else -1
            for fd, _ in self._epoll.poll(wait):
                if fd == self._listener.fileno():
                    self._accept()
                else:
                    self._read(fd)
            now = perf_counter()
            while self._due and self._due[0][0] <= now:
                self._answer(heappop(self._due)[2])

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except BlockingIOError:
                return
            self._peers[peer.fileno()] = peer
            self._epoll.register(peer, select.EPOLLIN)

    def _read(self, fd: int) -> None:
        peer = self._peers[fd]
        try:
            data, stamps, _, _ = peer.recvmsg(4096, 64)
        except ConnectionError:
            data, stamps = b"", []
        if not data:
            del self._peers[fd]
            peer.close()
            return
        path = data.split(b" ", 2)[1].decode()
        if path == "/truth":
            body = json.dumps(self._tell()).encode()
            peer.sendall(HEAD % len(body) + body)
            return
        seconds, nanoseconds = TIMESPEC.unpack(stamps[0][2])
        arrived = perf_counter() - (time() - seconds - nanoseconds / 1e9)
        answer = Answer(peer, path, arrived)
        self._wait(answer, arrived + DELAYS[path](self._chance))

    def _wait(self, answer: Answer, until: float) -> None:
        heappush(self._due, (until, next(self._number), answer))

    def _answer(self, answer: Answer) -> None:
        try:
            over = answer.send()
        except OSError:
            return  # the client has gone
        if over:
            self._latencies[answer.path].append(perf_counter() - answer.arrived)
            self._firsts[answer.path].append(answer.first_s)
        else:
            self._wait(answer, perf_counter() + PAUSE_S)

    def _forget(self) -> None:
        self._latencies = {path: array("d") for path in DELAYS}
        self._firsts = {path: array("d") for path in DELAYS}

    def _tell(self) -> dict[str, object]:
        found: dict[str, object] = {
            path: {"count": len(times), "latency": told(times), "ttfb": told(self._firsts[path])}
            for path, times in self._latencies.items()
            if times
        }
        self._forget()
        return found


def told(times: array[float]) -> dict[str, float]:
    """Nearest rank."""
    ranked = sorted(times)
    return {name: ranked[math.ceil(q * len(ranked)) - 1] for name, q in QUANTILES.items()}


def main() -> None:
    """Say where, and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    target = Target(parser.parse_args().seed)
    print(target.url, flush=True)
    target.serve()


if __name__ == "__main__":
    main()
