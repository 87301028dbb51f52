"""Reports: jobs that are accepted now and done later."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from perfspec.demo.newest import Newest

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT: Final = 100_000


class Report(msgspec.Struct, frozen=True):
    id: str
    status: Literal["pending", "done", "failed"]


class Reports:
    """Every report takes ``job_s`` seconds, however many there are."""

    def __init__(self, *, job_s: float, now: Callable[[], float]) -> None:
        self._job_s = job_s
        self._now = now
        self._jobs: Newest[str, tuple[float, bool]] = Newest(KEPT)

    def begin(self, *, fail: bool) -> Report:
        """A new report, which will be ``failed`` in the end if ``fail``."""
        report = token_hex(8)
        self._jobs[report] = (self._now() + self._job_s, fail)
        return Report(report, "pending")

    def report(self, number: str) -> Report | None:
        """Its state by now; None if it is unknown."""
        job = self._jobs.get(number)
        if job is None:
            return None
        ready_at, fail = job
        if self._now() < ready_at:
            return Report(number, "pending")
        return Report(number, "failed" if fail else "done")
