"""A comparison for programs: numbers in base units, and changes as ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perfspec.judge.model import Outcome
from perfspec.plan.base import Value
from perfspec.plan.limits import Scale
from perfspec.plan.metrics import metric_of

if TYPE_CHECKING:
    from perfspec.report.compare import ComparedTest, Row, Run, RunComparison

FORMAT: Literal["perfspec/comparison/1"] = "perfspec/comparison/1"


class RunRow(Value, frozen=True, kw_only=True):
    """One of the runs; ``measured_s`` are the seconds of load in all its tests."""

    run_id: str
    started: str
    name: str
    environment: str
    fingerprint: str
    outcome: Outcome
    measured_s: float


class MetricRow(Value, frozen=True, kw_only=True):
    """One metric of one subject: a value for each run, in ``unit`` (``s``, ``per_s``, ``ratio``).

    ``changes`` are ratios to the first run that has a value: 0.12 is 12 % more. null in ``values``
    where a run measured none, in ``changes`` also for the first and where that is 0.
    """

    subject: str
    metric: str
    unit: Scale
    values: tuple[float | None, ...]
    changes: tuple[float | None, ...]


class MeasuredTest(Value, frozen=True, kw_only=True):
    """One test in all runs that have it."""

    name: str
    rows: tuple[MetricRow, ...]


class Comparison(Value, frozen=True, kw_only=True):
    """All of it; ``notes`` say what else differs between the runs than the target."""

    format: Literal["perfspec/comparison/1"] = FORMAT
    runs: tuple[RunRow, ...]
    notes: tuple[str, ...]
    tests: tuple[MeasuredTest, ...]


def comparison_of(comparison: RunComparison) -> Comparison:
    """What `perfspec compare --json` prints."""
    return Comparison(
        runs=tuple(map(_run, comparison.runs)),
        notes=comparison.notes,
        tests=tuple(map(_test, comparison.tests)),
    )


def _run(run: Run) -> RunRow:
    return RunRow(
        run_id=run.result.run_id,
        started=run.result.started,
        name=run.plan.name,
        environment=run.plan.environment.name,
        fingerprint=run.plan.fingerprint,
        outcome=run.verdict.outcome,
        measured_s=sum(each.measured_s for each in run.result.tests),
    )


def _test(test: ComparedTest) -> MeasuredTest:
    return MeasuredTest(name=test.name, rows=tuple(map(_row, test.rows)))


def _row(row: Row) -> MetricRow:
    return MetricRow(
        subject=row.subject,
        metric=row.metric,
        unit=metric_of(row.metric).unit,
        values=tuple(each.number for each in row.values),
        changes=tuple(each.ratio for each in row.values),
    )
