"""What an analysis has found, and what that makes of a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond
from perfspec.judge.model import Outcome
from perfspec.judge.slo import WITHIN, Decision, Level, Ruling, decide_by
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.plan.limits import Objective


@dataclass(frozen=True, slots=True)
class Reading:
    """``observed``, ``low`` and ``high`` in the metric's unit.

    ``observed`` None means that nothing can be said, and ``remark`` why. With ``open_ended`` the
    value lies beyond what was measured: it is at least ``observed``. A ``doubt`` makes a warning of
    a limit that is kept.
    """

    observed: float | None
    samples: int
    low: float | None = None
    high: float | None = None
    open_ended: bool = False
    remark: str = ""
    doubt: str = ""


def decide_reading(objective: Objective, reading: Reading) -> Decision:
    """Like ``slo.decide``, of a value that stands for the whole test."""
    value = reading.observed
    if value is None:
        bound = objective.fail if objective.fail is not None else objective.warn
        return Decision(Outcome.INCONCLUSIVE, bound or 0.0, reading.remark)
    return decide_by(objective, lambda limit: _rule(objective, reading, value, limit))


def _rule(objective: Objective, reading: Reading, value: float, limit: float) -> Ruling:
    metric = objective.metric
    past = beyond(metric, value, limit)
    remark = f": {reading.remark}" if reading.remark else ""
    if reading.open_ended and past == metric.at_least:
        return Ruling(Level.UNDECIDED, reading.remark)
    if not past:
        if reading.doubt:
            return Ruling(Level.DOUBTFUL, reading.doubt)
        if reading.samples < objective.min_samples:
            few = counted(objective.min_samples, "sample")
            return Ruling(Level.UNDECIDED, f"fewer than {few}: run longer")
        return Ruling(Level.KEPT, f"{WITHIN}{remark}")
    if reading.low is not None and not beyond(metric, reading.low, limit):
        reason = "the value is beyond the limit, but its interval reaches within: run longer"
        return Ruling(Level.DOUBTFUL, reason)
    return Ruling(Level.BROKEN, f"beyond the limit{remark}")
