"""A run in the history of its test: the few numbers of a record that are followed over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Machine
from perfspec.plan.base import Value
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import QUANTILES

if TYPE_CHECKING:
    from perfspec.baseline.record import Record

LATENCIES: Final = ("p50", "p95", "p99")
TOTAL: Final = Subject(kind="total")


class Numbers(Value, frozen=True, kw_only=True):
    """One subject in the judged seconds of one run; ``latency`` are seconds by name of quantile."""

    requests: int
    failed: int
    rate: float | None
    latency: dict[str, float]

    @property
    def error_rate(self) -> float | None:
        """None without requests."""
        return self.failed / self.requests if self.requests else None


NO_NUMBERS: Final = Numbers(requests=0, failed=0, rate=None, latency={})


class Point(Value, frozen=True, kw_only=True):
    """One run of one test. ``numbers`` hold all requests together too, as ``TOTAL``."""

    run_id: str
    time: str
    commit: str | None
    branch: str | None
    test: str
    environment: str
    fingerprint: str
    machine: Machine
    numbers: dict[Subject, Numbers]

    def of(self, subject: Subject) -> Numbers:
        """Those of a subject that had no request are there too."""
        return self.numbers.get(subject, NO_NUMBERS)


def point_of(record: Record) -> Point:
    """What the history shows of a record: whole endpoints, no parts of them."""
    total, requests, failed = Histogram(), 0, 0
    numbers = {}
    for each in record.series:
        if each.persona is not None or each.file_class is not None:
            continue
        numbers[each.subject] = _numbers(each.latency, each.requests, each.failed, record.judged_s)
        if each.kind == "request":
            total.merge(each.latency)
            requests += each.requests
            failed += each.failed
    return Point(
        run_id=record.run_id,
        time=record.time,
        commit=record.commit,
        branch=record.branch,
        test=record.test,
        environment=record.environment,
        fingerprint=record.fingerprint,
        machine=record.machine,
        numbers={TOTAL: _numbers(total, requests, failed, record.judged_s), **numbers},
    )


def _numbers(latency: Histogram, requests: int, failed: int, judged_s: float) -> Numbers:
    found = {name: latency.quantile(QUANTILES[name]) for name in LATENCIES}
    return Numbers(
        requests=requests,
        failed=failed,
        rate=requests / judged_s if judged_s else None,
        latency={name: each for name, each in found.items() if each is not None},
    )
