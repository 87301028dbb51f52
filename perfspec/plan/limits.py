"""What is judged: one value for each limit, with the line of the spec that states it."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import Place, Value

During = Literal["hold", "ramp", "all", "whole"]  # whole: the warm-up too
SeriesKind = Literal["request", "poll", "done", "group"]


class Metric(Value, frozen=True, kw_only=True):
    """What is computed from samples.

    ``quantile``, ``mean`` and ``max`` are seconds of ``of``; ``share`` is the ratio of samples
    whose error class is one of ``classes`` or, with ``at_least``, of those whose class is none of
    them;
    ``throughput`` is samples a second. ``recovery`` (seconds) and ``degradation`` (the trend of
    ``quantile``, a ratio) are analyses: they look at the whole test. ``name`` is the spec's word:
    ``p95``, ``errors.timeout``, ``degradation.p95``.
    """

    name: str
    kind: Literal[
        "quantile", "mean", "max", "share", "throughput", "recovery", "degradation", "capacity"
    ]
    of: Literal["latency", "ttfb"] = "latency"
    quantile: float | None = None
    classes: tuple[str, ...] = ()
    at_least: bool = False

    @property
    def analysis(self) -> bool:
        """Whether it is a fact of the whole test and not of any samples together."""
        return self.kind in {"recovery", "degradation", "capacity"}

    @property
    def unit(self) -> Literal["s", "ratio", "per_s", "users"]:
        if self.kind == "capacity":
            return "users"
        if self.kind in {"share", "degradation"}:
            return "ratio"
        return "per_s" if self.kind == "throughput" else "s"


class Subject(Value, frozen=True, kw_only=True):
    """Whose samples: those of one series, or with ``kind`` "total" of all requests together.

    None for ``file_class`` or ``persona`` means all of them together.
    """

    kind: Literal["total"] | SeriesKind
    name: str = ""
    file_class: str | None = None
    persona: str | None = None

    def __str__(self) -> str:
        text = self.name or "all requests"
        text += f" of class {self.file_class}" if self.file_class else ""
        return f"{text} of {self.persona}" if self.persona else text


class Objective(Value, frozen=True, kw_only=True):
    """One limit on one subject in one test. ``fail`` is the limit; ``warn`` a stricter one.

    ``cap`` "warn": neither a breach nor an undecided one makes the test worse than ``warn``.
    ``expected`` is the number of samples that the plan foresees, None when it cannot say.
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


class AbortLimit(Value, frozen=True, kw_only=True):
    """Ends the test when broken over 10 s with at least 50 requests: ``abort`` or ``stop_when``."""

    metric: Metric
    limit: float
    place: Place
    origin: str
