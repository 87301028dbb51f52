"""The blocks of a duet one after another, as one result on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from perfspec.measure.model import (
    ErrorGroup,
    Health,
    Journeys,
    JourneyWindow,
    ProbeWindow,
    Series,
    TestResult,
    Window,
)
from perfspec.measure.progress import Tick
from perfspec.measure.tally import Tally
from perfspec.plan.duet import one_block
from perfspec.plan.load import duration_s, window_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.model import TestStatus
    from perfspec.plan.model import Test

W = TypeVar("W", Window, JourneyWindow, Health, ProbeWindow)


def joined(
    test: Test,
    blocks: Sequence[TestResult],
    status: TestStatus,
    *,
    started: str,
    reason: str | None = None,
) -> TestResult:
    """All of ``blocks``, each of which was measured to its end; ``started`` where there is none."""
    one = one_block(test)
    edges, length = window_edges(one.stages, one.warm_up_s), duration_s(one.stages)
    most = len(test.stages)
    tally, base = Tally(), Tally()
    health: list[Health] = []
    probe: list[ProbeWindow] = []
    for number, each in enumerate(blocks):
        by, after_s = number * (len(edges) - 1), number * length
        tally.add(
            _tick(
                series=_later_series(each.series, by),
                errors=_later_errors(each.errors, after_s),
                journeys=[
                    Journeys(persona=own.persona, windows=_later(own.windows, by))
                    for own in each.journeys
                ],
                overrun=each.overrun,
            )
        )
        errors = _later_errors(each.base_errors, after_s)
        base.add(_tick(series=_later_series(each.base, by), errors=errors))
        health += _later(each.health, by)
        probe += _later(each.probe, by)
    starts = (number * length + at for number in range(most) for at in edges[:-1])
    return TestResult(
        name=test.name,
        status=status,
        reason=reason,
        started=blocks[0].started if blocks else started,
        measured_s=len(blocks) * length,
        edges=(*starts, most * length),
        series=tally.series(),
        health=health,
        errors=tally.errors(),
        base=base.series(),
        base_errors=base.errors(),
        journeys=tally.journeys(),
        overrun=tally.overrun,
        probe=probe,
    )


def _tick(**parts: Any) -> Tick:  # noqa: ANN401  (fields of the struct)
    """What a tally looks at; the generator's health has been shifted already."""
    return Tick(
        at_s=0.0, users=0, ready=0, planned=0, workers=1, cpu=0.0, busy_s=0.0, hub_delay_us=0,
        **parts,
    )  # fmt: skip


def _later_series(series: Sequence[Series], by: int) -> list[Series]:
    return [Series(key=each.key, windows=_later(each.windows, by)) for each in series]


def _later(entries: Sequence[W], by: int) -> list[W]:
    """With the index of a window on the common clock."""
    return [msgspec.structs.replace(each, index=each.index + by) for each in entries]


def _later_errors(errors: Sequence[ErrorGroup], after_s: float) -> list[ErrorGroup]:
    return [msgspec.structs.replace(each, first_s=each.first_s + after_s) for each in errors]
