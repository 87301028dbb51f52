"""A target that answers at once, but once stands still: a process of its own with a script.

``python -m tests.stall NUMBER SECONDS`` says its port, and when its input ends the time of each
answer. It stands still with request NUMBER (from 1), which is the first to wait.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
END = b"\r\n\r\n"


class Server(asyncio.Protocol):
    """All connections together count."""

    answered: ClassVar[list[float]] = []

    def __init__(self, number: int, seconds: float) -> None:
        self.number = number
        self.seconds = seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(END)):
            if len(self.answered) + 1 == self.number:
                time.sleep(self.seconds)  # noqa: TID251  (the stall: nobody is served meanwhile)
            self.transport.write(ANSWER)
            self.answered.append(time.perf_counter())


async def serve(number: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(number, seconds), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  (for who started it)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(Server.answered), flush=True)  # noqa: T201
    server.close()


@dataclass
class Stall:
    """``answered`` are seconds of the target's clock, known when the process has ended."""

    url: str
    answered: list[float] = field(default_factory=list)

    def latencies(self, due: Sequence[float]) -> list[float]:
        """From when requests were due (on any clock) to their answers; the quickest took no time."""
        late = [at - wanted for at, wanted in zip(self.answered, due, strict=True)]
        return sorted(each - min(late) for each in late)


@contextmanager
def stalling(number: int, seconds: float) -> Iterator[Stall]:
    command = [sys.executable, "-m", "tests.stall", str(number), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stall = Stall(f"http://127.0.0.1:{int(process.stdout.readline())}")
        try:
            yield stall
        finally:
            process.stdin.close()
            stall.answered = json.loads(process.stdout.read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("seconds", type=float)
    asyncio.run(serve(**vars(parser.parse_args())))
