"""Joining the run of another machine: where it is, and one load process for each of its tests."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final, NamedTuple, Self, cast

import msgspec

from perfspec import jsonio
from perfspec.errors import RunError
from perfspec.run.process import describe_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY: Final = "PERFSPEC_WORKER_KEY"
PORT: Final = 5557  # as with Locust
_END_S: Final = 10.0
_ADDRESS: Final = re.compile(r"([^\s:]+)(?::(\d{1,5}))?", re.ASCII)


class Address(NamedTuple):
    """A host and a port of TCP."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """``HOST:PORT``, or ``HOST`` alone; raises ValueError for anything else."""
        match = _ADDRESS.fullmatch(text)
        if match is None or not 0 < int(match[2] or PORT) < 2**16:
            msg = f"{text!r} is no address: write HOST or HOST:PORT"
            raise ValueError(msg)
        return cls(match[1], int(match[2] or PORT))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Joined(msgspec.Struct, tag="joined", kw_only=True, forbid_unknown_fields=True):
    """The worker has what it needs for a test."""

    test: str


class Served(msgspec.Struct, tag="served", kw_only=True, forbid_unknown_fields=True):
    """The test is over; ``follows`` when the run has another one."""

    follows: bool


WorkerMessage = Joined | Served
_MESSAGE: Final = cast("type[WorkerMessage]", WorkerMessage)  # a union is no type to mypy


def join_run(
    master: Address, wait_s: float, variables: Mapping[str, str], say: Callable[[str], None]
) -> int:
    """Serve the tests of a run, one after another; returns the exit code of the load process.

    ``wait_s`` is for how long it looks for the run, and for the next test of it. Raises RunError
    when the load process is killed.
    """
    words = ["--worker", "--master", str(master), "--wait", str(wait_s)]
    command = [sys.executable, "-m", "perfspec.run.driver", *words]
    status, served = _serve(command, variables, say)
    while served is not None and served.follows:
        status, served = _serve([*command, "--another"], variables, say)
    if status < 0:
        msg = f"the load process {describe_status(status)}"
        raise RunError(msg)
    return status


def _serve(
    command: list[str], variables: Mapping[str, str], say: Callable[[str], None]
) -> tuple[int, Served | None]:
    """One test; the process ends with this one, as its input closes then."""
    served: Served | None = None
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=variables) as process:  # noqa: S603  (ours)
        try:
            for line in process.stdout or ():
                message = jsonio.decode(line, _MESSAGE)
                if isinstance(message, Joined):
                    say(f"joined for test {message.test}")
                else:
                    served = message
                    say("the test is over" + (", waiting for the next" if served.follows else ""))
            return process.wait(_END_S), served
        finally:
            process.kill()
