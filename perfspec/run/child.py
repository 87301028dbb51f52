"""The load process of one test: starting it, its messages, asking it to stop, ending it."""

from __future__ import annotations

import io
import queue
import signal
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Generic, Self, TypeVar, cast

import msgspec

from perfspec import jsonio
from perfspec.run.contracts import StepError
from perfspec.run.join import KEY
from perfspec.run.process import Command

if TYPE_CHECKING:
    from perfspec.run.context import Context
    from perfspec.run.process import Process

M = TypeVar("M")


class Silence:
    """Nothing came within the time given."""


class Closed:
    """No message will come any more: the process has ended, or is about to."""


SILENCE: Final = Silence()
CLOSED: Final = Closed()


class Child(Generic[M]):
    """One load process, in a process group of its own; a context, at whose end nothing is left."""

    def __init__(
        self, process: Process, messages: io.BufferedReader, orders: IO[bytes], kind: type[M]
    ) -> None:
        self.process = process
        self._messages = messages
        self._orders = orders
        self._kind = kind
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=process.title, daemon=True)
        self._reader.start()

    @classmethod
    def start(cls, context: Context, test: str, kind: type[M], *extra: str) -> Self:
        """``kind`` are its messages, ``extra`` further words. Raises StepError."""
        options = context.options
        words = [*options.driver, "--plan", str(context.folder.plan), "--test", test, *extra]
        if options.workers > 1:
            words += ["--workers", str(options.workers)]
        if options.web is not None:
            words += ["--web", str(options.web)]
        variables = {"PYTHONSAFEPATH": "1", **context.variables}
        if options.remote is not None:
            variables[KEY] = options.remote.key
            wait = str(options.remote.wait_s)
            words += ["--bind", str(options.remote.bind), "--wait", wait]
        process = context.launcher.start(
            Command(
                title=f"load process of test {test}",
                words=words,
                directory=Path.cwd(),  # data files are found from the folder of the plan
                variables=variables,
                log=f"driver-{test}",
                piped=True,
            )
        )
        return cls.of(process, kind)

    @classmethod
    def of(cls, process: Process, kind: type[M]) -> Self:
        """A process whose input and output are ours; raises StepError for another."""
        popen = process.popen
        if popen.stdin is None or popen.stdout is None:
            msg = f"{process.title} has no pipes"
            raise StepError(msg)
        return cls(process, io.BufferedReader(cast("io.FileIO", popen.stdout)), popen.stdin, kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left of it and its workers."""
        self._orders.close()
        self.process.signal(signal.SIGKILL)
        self.process.stop(0.0)
        self._reader.join(timeout=5)

    def receive(self, timeout_s: float) -> M | Silence | Closed:
        """The next message; raises StepError for a line that is none."""
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            return SILENCE
        if not line:
            return CLOSED
        try:
            return jsonio.decode(line, self._kind)
        except msgspec.MsgspecError as error:
            msg = f"the {self.process.title} sent a line that is no message: {error}"
            raise StepError(msg) from None

    def stop(self) -> None:
        """Ask it to end gracefully; asked again, it ends at once."""
        self.order("stop")

    def order(self, word: str) -> None:
        """One line of its input."""
        try:
            self._orders.write(f"{word}\n".encode())
        except BrokenPipeError:
            return  # it has ended, which ``receive`` tells

    def kill(self) -> None:
        """End it now, with its workers."""
        self.process.signal(signal.SIGKILL)

    def _read(self) -> None:
        with self._messages as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(b"")
