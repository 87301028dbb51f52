"""What a run means: findings, and the one exit code that everything else repeats."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from perfspec.measure.errors import ErrorClass
from perfspec.plan.base import Place, Value
from perfspec.plan.limits import Metric, Subject
from perfspec.plan.load import Span

FORMAT: Literal["perfspec/verdict/1"] = "perfspec/verdict/1"
State = Literal["regression", "unconfirmed", "real", "within", "undecided", "no_baseline"]


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


class Change(Value, frozen=True, kw_only=True):
    """One budget compared with the baseline.

    ``base`` and ``head`` are in the metric's unit. ``change``, its interval and ``detectable`` (the
    smallest change that this run would have failed with 95 %) are shares of the baseline's value,
    or differences where the metric is itself a share; above 0 is more. From that of a latency what
    all endpoints share is taken off, so it is not always ``head`` / ``base``. ``p`` is adjusted for
    the number of tests. ``history`` are the baseline's values, the newest last; those before
    ``since`` are older than the last change of level and do not count. ``again`` is the change in a
    second run, which had to confirm this one.
    """

    budget: str
    subject: Subject
    metric: Metric
    outcome: Outcome
    state: State
    fail: float | None = None
    warn: float | None = None
    floor_s: float | None = None
    base: float | None = None
    head: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    detectable: float | None = None
    samples: int = 0
    history: tuple[float, ...] = ()
    since: int = 0
    again: float | None = None
    waived: bool = False
    reason: str
    place: Place
    origin: str
    requirement: str | None = None


class Sides(Value, frozen=True, kw_only=True):
    """A duet: two commits, and of at most ``most`` blocks of ``block_s`` so many as were needed."""

    base: str
    head: str
    blocks: int
    most: int
    block_s: float


class Comparison(Value, frozen=True, kw_only=True):
    """One test against the runs before it. ``notes`` are sentences for every reader.

    ``duet`` is there where it is compared with another commit on the same machine instead; its
    blocks are the ``runs`` then, and what all endpoints share stays in every change.

    ``probe`` is how much longer the calibration probe took, as a share of the baseline: what the
    machine does to everything that runs on it. None where not every run has one. ``shift`` is what
    all endpoints share beyond it, with its interval; None where it cannot be told, ``suspect``
    where it is more than the baseline explains. ``false_alarms`` bounds the chance that an
    unchanged commit fails. ``busy``: the machine was too slow to decide anything.
    """

    runs: int
    duet: Sides | None = None
    first: str | None = None
    last: str | None = None
    changes: tuple[Change, ...]
    probe: float | None = None
    shift: float | None = None
    shift_low: float | None = None
    shift_high: float | None = None
    suspect: bool = False
    busy: bool = False
    false_alarms: float | None = None
    notes: tuple[str, ...] = ()


class Level(Value, frozen=True, kw_only=True):
    """A level of the load that was held: its numbers over ``span``, the part that was measured.

    ``kept`` says whether it kept all of ``stop_when``, None where too few requests tell.
    """

    users: int
    span: Span
    requests: int
    rate: float
    error_rate: float | None = None
    p95: float | None = None
    kept: bool | None = None


class Breach(Value, frozen=True, kw_only=True):
    """A limit on ``what`` that was broken, in ``metric.unit``."""

    what: str
    metric: Metric
    limit: float
    observed: float
    origin: str


class ErrorShare(Value, frozen=True, kw_only=True):
    """A class of errors as a share of all requests; ``endpoint`` has most of them."""

    error: ErrorClass
    share: float
    endpoint: str


class Slowest(Value, frozen=True, kw_only=True):
    """The endpoint whose p95 (seconds) grew most: to ``times`` that at ``usual_users``."""

    endpoint: str
    p95: float
    times: float
    usual_users: int


class Busy(Value, frozen=True, kw_only=True):
    """A monitored series, as a share of all there is, that was near its end."""

    series: str
    share: float


class Failure(Value, frozen=True, kw_only=True):
    """How the target failed: at how many users, in which seconds, in which way."""

    users: int
    span: Span
    breaches: tuple[Breach, ...]
    errors: tuple[ErrorShare, ...] = ()
    slowest: Slowest | None = None
    busiest: tuple[Busy, ...] = ()


class FirstError(Value, frozen=True, kw_only=True):
    """When a class of errors first appeared (seconds of the test), and at how many users."""

    error: ErrorClass
    endpoint: str
    at_s: float
    users: int


class Diagnosis(Value, frozen=True, kw_only=True):
    """What most likely went wrong, what to try, and the evidence.

    ``error`` is the class of errors that shows it, None where latencies or monitors do.
    """

    error: ErrorClass | None = None
    cause: str
    advice: str
    evidence: str


Certainty = Literal["exact", "at_least", "about", "below"]


class Capacity(Value, frozen=True, kw_only=True):
    """The answer of a test with ``stop_when``: the users that the target bears.

    ``certainty``: "exact" for the last level that was kept before one that was not (``broken_at``),
    "at_least" where none was broken, "about" in a ramp without holds, "below" where the first level
    broke. ``confirmed`` says whether a search tried its answer again often enough, None where the
    levels were written. ``recommended`` is ``share`` of it.
    """

    users: int
    certainty: Certainty
    confirmed: bool | None = None
    broken_at: int | None = None
    recommended: int | None = None
    share: float | None = None
    levels: tuple[Level, ...] = ()
    failure: Failure | None = None


class TestVerdict(Value, frozen=True, kw_only=True):
    """One test. ``judged`` are the seconds that were looked at, ``reasons`` why it is not a pass.

    ``invalid`` says why no limit could be judged (a saturated generator), None for a valid test.
    ``capacity`` is the answer of a test with ``stop_when``. ``say`` and ``advice`` are there only
    when the test did not pass.
    """

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    invalid: str | None = None
    findings: tuple[Finding, ...] = ()
    comparison: Comparison | None = None
    judged: tuple[Span, ...] = ()
    warm_up_s: float = 0.0
    capacity: Capacity | None = None
    first_errors: tuple[FirstError, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
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
