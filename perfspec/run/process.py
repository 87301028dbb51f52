"""Processes of a run: each in its own group, with a masked log, ended with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from perfspec.errors import RunError
from perfspec.run.contracts import StepError
from perfspec.run.processors import on_processors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perfspec.clock import Clock
    from perfspec.run.logs import Log, Logs
    from perfspec.run.warden import Warden

STEP_S: Final = 0.02
KILL_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start: ``title`` names it in errors, ``log`` its file in the run folder."""

    title: str
    words: Sequence[str]
    directory: Path
    variables: Mapping[str, str]
    log: str
    piped: bool = False  # stdin and stdout are ours; only stderr goes to the log


class Process:
    """One that was started; ``stop`` must be called, also after it has ended by itself."""

    def __init__(
        self, title: str, popen: subprocess.Popen[bytes], log: Log, launcher: Launcher
    ) -> None:
        self.title = title
        self.popen = popen
        self.log = log
        self._launcher = launcher
        self._stopped = False

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal, None while it runs."""
        return self.popen.poll()

    def stop(self, grace_s: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """SIGTERM to the whole group; SIGKILL after ``grace_s``, or as soon as ``hurry`` says so.

        Raises StepError when it lives on all the same.
        """
        if self._stopped:
            return
        self._stopped = True
        clock = self._launcher.clock
        self.signal(signal.SIGTERM)
        deadline = clock.monotonic() + grace_s
        while self._lives():
            if hurry() or clock.monotonic() > deadline:
                self.signal(signal.SIGKILL)
                break
            clock.sleep(STEP_S)
        try:
            self.popen.wait(timeout=KILL_S)
        except subprocess.TimeoutExpired:
            msg = f"{self.title} (process {self.pid}) cannot be ended: is it another user's?"
            raise StepError(msg) from None
        finally:
            self._launcher.warden.forget(self.pid)
            self.log.close()

    def signal(self, number: signal.Signals) -> None:
        """To every process of the group, if there is any left."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # who cannot be reached is noticed when waiting for its end

    def let_go(self) -> None:
        """It has ended by itself; what it has left running stays: a hook may start a server."""
        self._stopped = True
        self._launcher.warden.forget(self.pid)

    def _lives(self) -> bool:
        if self.popen.poll() is None:
            return True
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return _has_live_member(self.pid)

    def why(self) -> str:
        """The last lines of its log, and where the rest is."""
        return log_lines(self.log)


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a duet: the ``title`` says its commit; ``cpus`` is None where it has no share."""

    name: str
    title: str
    cpus: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts processes: those of one ``side`` of a duet on its share of the processors."""

    logs: Logs
    warden: Warden
    clock: Clock
    side: Side | None = None

    def start(self, command: Command) -> Process:
        """Raises StepError when it cannot be started."""
        if self.side is not None:
            title, log = f"{command.title} of {self.side.title}", f"{self.side.name}-{command.log}"
            command = replace(command, title=title, log=log)
        with on_processors(self.side.cpus if self.side else None):
            return self._start(command)

    def _start(self, command: Command) -> Process:
        try:
            log = self.logs.open(command.log)
        except OSError as error:
            msg = f"cannot write {command.log}.log: {error.strerror or error}"
            raise StepError(msg) from None
        pipe = subprocess.PIPE
        try:
            popen = subprocess.Popen(  # noqa: S603  (the spec's own command, without a shell)
                command.words,
                cwd=command.directory,
                env=command.variables,
                stdin=pipe if command.piped else subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe if command.piped else subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            log.close()
            raise StepError(_cannot_start(command, error)) from None
        process = Process(command.title, popen, log, self)
        output = popen.stderr if command.piped else popen.stdout
        if output is not None:
            log.read(output)
        try:
            self.warden.watch(popen.pid)
        except RunError:
            process.stop(0.0)
            raise
        return process


def log_lines(log: Log) -> str:
    """``last lines of PATH:`` and these, indented."""
    lines = log.tail()
    if not lines:
        return f"{log.path} is empty"
    return "\n".join([f"last lines of {log.path}:", *(f"  {line}" for line in lines)])


def describe_status(status: int) -> str:
    """``ended with exit status 1`` or ``was killed by SIGKILL (signal 9)``."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f"was killed by signal {-status}"
    return f"was killed by {name} (signal {-status})"


def _cannot_start(command: Command, error: OSError) -> str:
    if not command.directory.is_dir():
        return f"{command.title} cannot be started: there is no folder {command.directory}"
    word = command.words[0]
    if isinstance(error, FileNotFoundError):
        return (
            f"{command.title} cannot be started: there is no command {word!r}; name one that is on"
            " PATH, or a path from the folder of the spec"
        )
    return f"{command.title} cannot be started: {word}: {error.strerror or error}"


def _has_live_member(group: int) -> bool:
    """Zombies whose parent does not wait for them are dead, though they keep their group."""
    import psutil  # noqa: PLC0415  (only where a group outlives its leader)

    for each in psutil.process_iter(["status"]):
        try:
            if os.getpgid(each.pid) == group and each.info["status"] != psutil.STATUS_ZOMBIE:
                return True
        except ProcessLookupError:
            continue
    return False
