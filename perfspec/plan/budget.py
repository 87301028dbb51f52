"""What a change may cost: how much worse than the baseline each endpoint may be."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import Place, Value
from perfspec.plan.limits import Metric, Subject

Compare = Literal["auto", "history", "duet", "none"]
Missing = Literal["warn", "pass", "fail"]


class Budget(Value, frozen=True, kw_only=True):
    """How much worse one metric of one endpoint may become.

    ``fail`` and ``warn`` are above 0: shares of the baseline's value, or where the metric is itself
    a share the difference. ``floor_s`` is a difference that must be exceeded too.
    """

    id: str
    subject: Subject
    metric: Metric
    fail: float | None = None
    warn: float | None = None
    floor_s: float | None = None
    min_samples: int
    place: Place
    origin: str
    requirement: str | None = None


class Waiver(Value, frozen=True, kw_only=True):
    """Until that day (ISO 8601, included) a regression of the endpoint only warns.

    ``metric`` None means all of them.
    """

    endpoint: str
    metric: str | None = None
    until: str
    reason: str
    owner: str
    place: Place


class BaselineRule(Value, frozen=True, kw_only=True):
    """Which runs are compared with: where they are kept, of which branch, how many.

    ``missing`` is the outcome of a budget that the baseline cannot decide. With ``confirm`` a test
    that fails a budget runs once more, and fails only if it does so again.
    """

    store: str = "dir:.perfspec/baselines"
    compare_with: str = "main"
    fewest: int = 5
    most: int = 30
    missing: Missing = "warn"
    confirm: bool = True
