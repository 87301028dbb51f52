"""Services of the environment: started and awaited in order, watched, stopped in reverse."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from perfspec.errors import Interrupted
from perfspec.run.contracts import ServiceError, StepError
from perfspec.run.process import STEP_S, Command, Process, describe_status
from perfspec.units import format_duration

if TYPE_CHECKING:
    from perfspec.plan.model import Ready, Service
    from perfspec.run.context import Context

PROBE_TIMEOUT_S: Final = 2.0
PROBE_EVERY_S: Final = 0.1


class Services:
    """The services of one run; ``stop`` must be called, whatever happened."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._running: list[tuple[Process, float]] = []

    def start(self) -> None:
        """Start each and wait until it answers 2xx.

        Raises StepError for one that does not, Interrupted after Ctrl-C.
        """
        for service in self._context.texts.environment.services:
            self._start(service)

    def failure(self) -> ServiceError | None:
        """The first one that has ended since it was started."""
        for process, started in self._running:
            status = process.status
            if status is not None:
                process.stop(0.0)  # its last lines are in the log then
                after = format_duration(self._context.clock.monotonic() - started)
                sentence = f"{process.title} {describe_status(status)}, {after} after its start"
                return ServiceError(sentence, process.why())
        return None

    def stop(self) -> None:
        """Stop all, the last one first; raises StepError for one that cannot be ended."""
        context = self._context
        failed: StepError | None = None
        while self._running:
            process, _ = self._running.pop()
            try:
                process.stop(context.options.deadlines.stop, context.hurry)
            except StepError as error:
                failed = failed or error
        if failed:
            raise failed

    def _start(self, service: Service) -> None:
        context = self._context
        title = f"service {service.name}"
        if service.ready is not None:
            _refuse_stranger(service, service.ready)
        command = Command(
            title=title,
            words=context.texts.words(service.run, title),
            directory=Path(context.plan.directory) / service.directory,
            variables={
                **context.variables,
                **{
                    name: context.texts.fill(text, title)
                    for name, text in service.variables.items()
                },
            },
            log=f"service-{service.name}",
        )
        process = context.launcher.start(command)
        started = context.clock.monotonic()
        self._running.append((process, started))
        context.pids[service.name] = process.pid
        context.observer.service_started(service.name, process.pid)
        if service.ready is not None:
            self._await(service, service.ready, process)
        context.observer.service_ready(service.name, context.clock.monotonic() - started)

    def _await(self, service: Service, ready: Ready, process: Process) -> None:
        context = self._context
        clock = context.clock
        asked = f"{ready.method} {ready.url}"
        deadline = clock.monotonic() + service.ready_timeout_s
        next_probe = clock.monotonic()
        answer: str | None = "nothing yet"
        while answer is not None:
            if context.hurry():
                msg = f"interrupted while {process.title} was starting"
                raise Interrupted(msg)
            failed = self.failure()
            if failed is not None:
                raise failed
            if clock.monotonic() > deadline:
                process.stop(context.options.deadlines.stop, context.hurry)
                wait = format_duration(service.ready_timeout_s)
                sentence = f"{process.title} was not ready within {wait}: {asked}: {answer}"
                raise StepError(sentence, process.why())
            if clock.monotonic() >= next_probe:
                answer = _probe(ready, min(PROBE_TIMEOUT_S, service.ready_timeout_s))
                next_probe = clock.monotonic() + PROBE_EVERY_S
            else:
                clock.sleep(STEP_S)
        failed = self.failure()  # or somebody else has answered in its place
        if failed is not None:
            raise failed


def _refuse_stranger(service: Service, ready: Ready) -> None:
    """Raise StepError when somebody answers before the service was started."""
    url = urlsplit(ready.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        socket.create_connection((url.hostname or "", port), timeout=PROBE_TIMEOUT_S).close()
    except OSError:
        return
    msg = (
        f"{url.hostname}:{port} answers already, before service {service.name} was started: that"
        f" would test {_owner(port)}; stop it, or choose another port"
    )
    raise StepError(msg)


def _owner(port: int) -> str:
    """Who listens there, as far as this user may know."""
    import psutil  # noqa: PLC0415  (only on the error path)

    try:
        listening = [
            each.pid
            for each in psutil.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
            and each.laddr
            and each.laddr.port == port
            and each.pid
        ]
        names = [f"process {pid} ({psutil.Process(pid).name()})" for pid in listening]
    except psutil.Error:
        names = []  # another user's
    return names[0] if names else "another process"


def _probe(ready: Ready, timeout_s: float) -> str | None:
    """None for an answer 2xx, else what came instead."""
    url = urlsplit(ready.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=timeout_s)
    try:
        connection.request(ready.method, f"{url.path or '/'}{'?' if url.query else ''}{url.query}")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return None if 200 <= status < 300 else f"status {status}"
