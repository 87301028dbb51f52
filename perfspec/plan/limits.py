"""What is judged: one value for each limit, with the line of the spec that states it."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import Place, Value

During = Literal["hold", "ramp", "all", "whole"]  # whole: the warm-up too
SeriesKind = Literal["request", "poll", "done", "group"]
_NO_TIMES = frozenset({"share", "throughput", "sampled", "growth", "capacity"})
Scale = Literal["s", "ratio", "per_s", "bytes", "bytes_per_s", "count", "users"]


class Metric(Value, frozen=True, kw_only=True):
    """What is computed from samples.

    ``sampled`` is a statistic (``name``) of a monitor's series, in the unit ``scale``.
    ``quantile``, ``mean`` and ``max`` are seconds of ``of``; ``share`` is the ratio of samples
    whose error class is one of ``classes`` or, with ``at_least``, of those whose class is none of
    them;
    ``throughput`` is samples a second. ``name`` is the spec's word: ``p95``, ``errors.timeout``.
    ``recovery`` (seconds), ``degradation`` (the trend of ``quantile``, a ratio) and ``capacity``
    (users) are analyses: they look at the whole test.
    ``of`` "journeys" are those that began, "arrivals" all that should have; "lateness" is how much
    later than it should have the generator began something.
    """

    name: str
    kind: Literal[
        "quantile", "mean", "max", "share", "throughput", "sampled", "recovery", "degradation",
        "growth",
        "capacity",
    ]  # fmt: skip
    of: Literal["latency", "ttfb", "journeys", "arrivals", "lateness"] = "latency"
    quantile: float | None = None
    classes: tuple[str, ...] = ()
    at_least: bool = False
    scale: Scale | None = None

    @property
    def about_journeys(self) -> bool:
        """Whether it looks at journeys and not at requests."""
        return self.of in {"journeys", "arrivals"}

    @property
    def about_times(self) -> bool:
        """Whether it looks at how long requests took, so that those without an end tell nothing."""
        return self.of in {"latency", "ttfb"} and self.kind not in _NO_TIMES

    @property
    def analysis(self) -> bool:
        """Whether it is a fact of the whole test and not of any samples together."""
        return self.kind in {"recovery", "degradation", "growth", "capacity"}

    @property
    def unit(self) -> Scale:
        if self.scale is not None:
            return self.scale
        if self.kind == "capacity":
            return "users"
        if self.kind in {"share", "degradation", "growth"}:
            return "ratio"
        return "per_s" if self.kind == "throughput" else "s"


class Subject(Value, frozen=True, kw_only=True):
    """Whose samples: those of one series, of ``kind`` "total" those of all requests together.

    "journeys" are whole journeys; a "monitor" is named with its series. None for ``file_class`` or
    ``persona`` means all of them together.
    """

    kind: Literal["total", "journeys", "monitor"] | SeriesKind
    name: str = ""
    file_class: str | None = None
    persona: str | None = None

    def __str__(self) -> str:
        text = self.name or ("all journeys" if self.kind == "journeys" else "all requests")
        text += f" of class {self.file_class}" if self.file_class else ""
        return f"{text} of {self.persona}" if self.persona else text


class Objective(Value, frozen=True, kw_only=True):
    """One limit on one subject in one test. ``fail`` is the limit; ``warn`` a stricter one.

    ``cap`` "warn": neither a breach nor an undecided one makes the test worse than ``warn``.
    ``expected`` is the number of samples that the plan foresees, None when it cannot say. Of a
    monitor's series: ``within_s`` is how long after the ramp to the highest level begins it must be
    reached, ``if_absent`` what becomes of it where there is no such thing to read.
    """

    id: str
    subject: Subject
    metric: Metric
    fail: float | None = None
    warn: float | None = None
    min_samples: int = 10
    during: During = "hold"
    cap: Literal["fail", "warn"] = "fail"
    place: Place
    requirement: str | None = None
    origin: str  # the spec's path: endpoints.login.slo.p99
    expected: float | None = None
    within_s: float | None = None
    if_absent: Literal["inconclusive", "skip"] = "inconclusive"


class AbortLimit(Value, frozen=True, kw_only=True):
    """Ends the test when broken over 10 s with at least 50 requests: ``abort`` or ``stop_when``.

    With ``series`` (``MONITOR.SERIES``) it is about what a monitor reads, and a statistic of that.
    """

    metric: Metric
    limit: float
    place: Place
    origin: str
    series: str = ""

    @property
    def what(self) -> str:
        """What is limited, in words: ``p95``, or ``api.cpu mean``."""
        return f"{self.series} {self.metric.name}" if self.series else self.metric.name
