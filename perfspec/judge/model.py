"""What a run means: findings, and the one exit code that everything else repeats."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from perfspec.plan.base import Place, Value
from perfspec.plan.limits import Metric, Subject
from perfspec.plan.load import Span

FORMAT: Literal["perfspec/verdict/1"] = "perfspec/verdict/1"


class Outcome(StrEnum):
    """In rising order of gravity; ``skipped`` does not count."""

    SKIPPED = "skipped"
    PASS = "pass"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"


class Finding(Value, frozen=True, kw_only=True):
    """One limit compared with one value. Numbers are in ``metric.unit``.

    ``limit`` is the bound that decided (of ``warn`` or ``fail``). ``low`` and ``high`` are the 95 %
    interval, None where the value is a fact of the run or the samples are too few. ``thin`` marks a
    pass on few samples. ``outcome`` is after ``cap``; ``reason`` is a sentence without numbers that
    other fields hold.
    """

    objective: str
    subject: Subject
    metric: Metric
    outcome: Outcome
    limit: float
    warn: float | None = None
    fail: float | None = None
    observed: float | None = None
    low: float | None = None
    high: float | None = None
    samples: int
    thin: bool = False
    reason: str
    place: Place
    origin: str
    requirement: str | None = None


class TestVerdict(Value, frozen=True, kw_only=True):
    """One test. ``judged`` are the seconds that were looked at, ``reasons`` why it is not a pass.

    ``invalid`` says why no limit could be judged (a saturated generator), None for a valid test.
    ``say`` and ``advice`` are there only when the test did not pass.
    """

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    invalid: str | None = None
    findings: tuple[Finding, ...] = ()
    judged: tuple[Span, ...] = ()
    warm_up_s: float = 0.0
    say: str | None = None
    advice: tuple[str, ...] = ()
    place: Place


class Verdict(Value, frozen=True, kw_only=True):
    """The whole run; ``exit_code`` is perfspec's, by docs/verdicts.md."""

    format: Literal["perfspec/verdict/1"] = FORMAT
    tool: str
    run_id: str
    outcome: Outcome
    exit_code: int
    summary: str
    tests: tuple[TestVerdict, ...]
