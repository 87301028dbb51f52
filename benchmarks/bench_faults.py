"""Every request sent is recorded exactly once, whatever the target does to it.

A hostile target breaks connections before, within and behind its answers, talks nonsense, drips and
stalls, all at random, and counts what it did to which request. Each request has an id of its own.
Afterwards no id may have come twice, and what perfspec recorded must be what the target did: class
by class, but for requests that were cut off at the end of the test, which perfspec counts apart.

A target that closes a kept connection reads on, so that a request that crossed its goodbye is known
to both sides: nobody answers it, and it may not come again.

    python benchmarks/bench_faults.py --seconds 400      a million requests, and some
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from perfspec import jsonio
from perfspec.measure.model import RunResult
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.model import TestResult

SPEC = """\
perfspec: 1
name: faults
environments: {{ local: {{ url: "{url}" }} }}
defaults: {{ timeout: 3s }}
endpoints:
  get: {{ request: GET /, headers: {{ X-Id: "{{{{ uuid() }}}}" }} }}
  put: {{ request: PUT /, headers: {{ X-Id: "{{{{ uuid() }}}}" }}, json: {{ some: bytes }} }}
personas:
  visitor: {{ mix: {{ get: 70, put: 30 }} }}
tests:
  load: {{ users: {users}, duration: {seconds}s, slo: {{ error_rate: 100% }} }}
"""
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"3\r\nabc\r\n",
    b"0\r\nX-Trailer: 1\r\n\r\n",
)
# What is done to a request, how often, and as what it must be recorded. "cross" is what a request
# did itself: it came on a connection that the target was closing.
DEEDS = {
    "answer": (700, "ok"),
    "answer_in_chunks": (60, "ok"),
    "answer_and_close": (60, "ok"),
    "answer_then_close": (10, "ok"),
    "drip": (20, "ok"),
    "refuse": (60, "server"),
    "reset": (30, "reset"),
    "close": (30, "reset"),
    "cut_header": (15, "reset"),
    "cut_body": (15, "reset"),
    "talk_nonsense": (9, "reset"),
    "stall": (1, "timeout"),
    "cross": (0, "reset"),
}


class Hostile(asyncio.Protocol):
    """One connection of the target."""

    seen: Counter[str]
    deeds: Counter[str]
    chance: random.Random

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""
        self._closing = False

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._data = b""
        if head.startswith(b"GET /truth "):
            self._tell()
            return
        name = re.search(rb"(?i)\r\nx-id: ([0-9a-f-]+)", head)
        assert name is not None
        self.seen[name[1].decode()] += 1
        deed = "cross" if self._closing else self._choose()
        self.deeds[deed] += 1
        getattr(self, f"_{deed}")()

    def _choose(self) -> str:
        return self.chance.choices(list(DEEDS), [each for each, _ in DEEDS.values()])[0]

    def _tell(self) -> None:
        found = {"twice": sum(n > 1 for n in self.seen.values()), "deeds": self.deeds}
        body = json.dumps(found).encode()
        self._send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body)

    def _send(self, *parts: bytes) -> None:
        self._transport.write(b"".join(parts))

    def _answer(self) -> None:
        self._send(WHOLE)

    def _answer_in_chunks(self) -> None:
        self._send(*CHUNKS)

    def _answer_and_close(self) -> None:
        """In one segment: the end is there before the next request, but for a rare one."""
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self._send(WHOLE)
        self._say_goodbye()

    def _answer_then_close(self) -> None:
        """The next request may be on its way by then."""
        self._send(WHOLE)
        self._closing = True
        asyncio.get_running_loop().call_later(0.001 * self.chance.random(), self._say_goodbye)

    def _say_goodbye(self) -> None:
        self._closing = True
        self._transport.write_eof()  # at once, and reads on until the client closes, too

    def _cross(self) -> None:
        self._transport.close()

    def _drip(self, sent: int = 0) -> None:
        self._send(WHOLE[sent : sent + 9])
        if sent + 9 < len(WHOLE):
            asyncio.get_running_loop().call_later(0.001, self._drip, sent + 9)

    def _refuse(self) -> None:
        self._send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

    def _reset(self) -> None:
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _close(self) -> None:
        self._transport.close()

    def _cut_header(self) -> None:
        self._send(WHOLE[:25])
        self._transport.close()

    def _cut_body(self) -> None:
        self._send(WHOLE[:-2])
        self._reset()

    def _talk_nonsense(self) -> None:
        self._send(b"220 mail.example ESMTP\r\n")
        self._transport.close()

    def _stall(self) -> None:
        """Say nothing at all; the client ends it."""

    def _socket(self) -> socket.socket:
        found: socket.socket = self._transport.get_extra_info("socket")
        return found


async def serve(seed: int) -> None:
    """Be the target until the process is ended."""
    Hostile.seen, Hostile.deeds, Hostile.chance = Counter(), Counter(), random.Random(seed)
    server = await asyncio.get_running_loop().create_server(Hostile, "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def target(seed: int) -> Iterator[str]:
    """The address of a target in a process of its own."""
    command = [sys.executable, __file__, "--serve", "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Run once, compare; the exit code is 1 when a request was lost or came twice."""
    options = parse()
    if options.serve:
        asyncio.run(serve(options.seed))
        return
    with tempfile.TemporaryDirectory() as name, target(options.seed) as url:
        folder = Path(name)
        spec = SPEC.format(url=url, users=options.users, seconds=options.seconds)
        (folder / "perfspec.yaml").write_text(spec)
        command = [sys.executable, "-m", "perfspec", "run"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        with urlopen(f"{url}/truth") as answer:
            truth = json.load(answer)
        if done.returncode not in {0, 1, 4}:
            sys.exit(done.stdout + done.stderr)
        result = jsonio.read_json(RunFolder.latest(folder).result, RunResult)
    sys.exit(0 if agree(result.tests[0], truth) else 1)


def recorded(result: TestResult) -> Counter[str]:
    """Samples by outcome."""
    found: Counter[str] = Counter()
    for series in result.series:
        if series.key.kind == "request":
            for window in series.windows:
                found.update({str(error): n for error, n in window.errors.items()})
                found["ok"] += window.count - sum(window.errors.values())
    return found


def agree(result: TestResult, truth: Any) -> bool:  # noqa: ANN401  (JSON)
    """Print both sides; whether they agree."""
    ours, done = recorded(result), Counter[str]()
    for deed, n in truth["deeds"].items():
        done[DEEDS[deed][1]] += n
    crossed = truth["deeds"].get("cross", 0)
    print(f"{sum(done.values()):,} requests came, {truth['twice']:,} of them twice")
    print(f"{crossed:,} came on a connection that was being closed")
    print(f"{result.overrun} under way at the end were cut off")
    print(f"\n{'outcome':12}{'recorded':>12}{'done by the target':>22}")
    for outcome in sorted(ours | done):
        print(f"{outcome:12}{ours[outcome]:12,}{done[outcome]:22,}")
    missing = {each: done[each] - ours[each] for each in ours | done}
    good = min(missing.values()) >= 0 and sum(missing.values()) <= result.overrun
    print("\nevery request once" if good and not truth["twice"] else "\nTHE TWO DO NOT AGREE")
    return good and not truth["twice"]


if __name__ == "__main__":
    main()
