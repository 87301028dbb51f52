"""Whether the generator did what the plan wanted: asked before any limit is looked at.

A run that was not delivered tells nothing about the target, in either direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from perfspec.judge.interval import surely_beyond
from perfspec.judge.select import health_in, journeys_in, samples, seconds
from perfspec.plan.limits import Subject
from perfspec.plan.load import phases
from perfspec.units import counted, format_count, format_duration, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.measure.model import Health, JourneyWindow, TestResult
    from perfspec.plan.load import Phase, Span
    from perfspec.plan.model import OpenModel, Test

BUSY = 0.9  # of one core; LANGUAGE: at or above it for 10 s, the generator is saturated
BUSY_S = 10.0
MISSED = 0.02  # share of the planned users
ROUNDED = 1.0  # users: a level of 7.5 is 7 or 8
SETTLE_S, LEAVE_S = 2.0, 1.0  # a jump takes a second; a tick at the end tells of what follows
STALL_S, STALL_SHARE = 0.1, 0.1  # of a second, and of the median latency
DROPPED = 0.01  # share of the journeys that should have started, of all or of one persona
TOTAL, JOURNEYS = Subject(kind="total"), Subject(kind="journeys")


@dataclass(frozen=True, slots=True)
class Validity:
    """``invalid`` is the sentence that says why nothing can be judged.

    ``broken`` is true where the run itself broke (a worker lost), not only its numbers. ``delay_s``
    is what the generator may have added to a latency: how late it was with what had its time, and
    where answers carry no stamps (see ``Health.waits``) the longest iteration of its event loop in
    a typical window. It only ever adds, so a limit that is kept is kept without it too.
    """

    invalid: str | None = None
    broken: bool = False
    delay_s: float = 0.0


def check(test: Test, result: TestResult, spans: Sequence[Span]) -> Validity:
    """Look at the generator in the judged seconds (``spans``, cut to what was measured)."""
    health = health_in(result, spans)
    if not health:
        if samples(result, TOTAL, spans).count:
            return Validity(invalid="The generator did not report on itself in the judged seconds.")
        return Validity()
    lost = _lost_workers(result, health)
    if lost:
        return Validity(invalid=lost, broken=True)
    stood_s = median(each.hub_delay_us for each in health) / 1e6
    late_s = 0.0
    if test.open_model is None:
        missed = _missed_users(test, result, health, max(each.end_s for each in spans))
    else:
        late_s = _lateness(result, spans)
        missed = _dropped(test.open_model, result, spans) or _late(late_s)
    delay_s = max(stood_s, late_s)
    invalid = (
        _saturated(result, health, seconds(spans)) or missed or _stalled(result, spans, delay_s)
    )
    stamped = all(each.waits is not None for each in health)
    return Validity(invalid=invalid, delay_s=late_s if stamped else delay_s)


def unready(test: Test, result: TestResult, spans: Sequence[Span]) -> str | None:
    """Why less load was sent than users ran: some of them were still in ``on_start``.

    Only in a hold that had no second without them: it may take a while, but must come to an end.
    What is broken is so under less load all the more; what is kept says nothing.
    """
    if test.open_model is not None or not spans:
        return None
    end_s = max(each.end_s for each in spans)
    for hold, settled in _settled(test, result, health_in(result, spans), end_s):
        best = min(settled, key=lambda each: (each.users - each.ready) / max(each.users, 1.0))
        lacking = best.users - best.ready
        if lacking > MISSED * best.users:
            return (
                f"{lacking:.0f} of {counted(round(best.users), 'user')} never came past `on_start`"
                f" between {format_duration(hold.start_s)} and {format_duration(hold.end_s)}, so"
                " less load was sent than planned: see why it fails, or how long it takes."
            )
    return None


def _lost_workers(result: TestResult, health: Sequence[Health]) -> str | None:
    most = max(each.workers for each in result.health)
    least = min(each.workers for each in health)
    if least == most:
        return None
    return f"{most - least} of {most} load generator workers were lost."


def _saturated(result: TestResult, health: Sequence[Health], judged_s: float) -> str | None:
    """Busy for 10 s on end, or on average over 10 s and more: a second's rest changes nothing.

    A test that judges less than 10 s is saturated when it was busy all that time.
    """
    longest = max(each.busy_s for each in health)
    lengths = [result.edges[each.index + 1] - result.edges[each.index] for each in health]
    pairs = zip(lengths, health, strict=True)
    mean = sum(length * each.cpu for length, each in pairs) / sum(lengths)
    if longest >= min(BUSY_S, judged_s):
        how = f"used, or lacked, all of its core for {format_duration(longest)}"
    elif mean >= BUSY and judged_s >= BUSY_S:
        how = f"used {format_share(round(mean, 2))} of its core on average"
    else:
        return None
    return f"The load generator was saturated: a worker {how}. Use more workers or fewer users."


def _missed_users(
    test: Test, result: TestResult, health: Sequence[Health], end_s: float
) -> str | None:
    """Means over each judged hold."""
    for hold, settled in _settled(test, result, health, end_s):
        reached, planned = _mean_users(result, settled)
        if abs(reached - planned) > max(MISSED * planned, ROUNDED):
            users = counted(round(reached), "user")
            return (
                f"The load generator ran {users} where {planned:.0f} were planned,"
                f" between {format_duration(hold.start_s)} and {format_duration(hold.end_s)}."
            )
    return None


def _settled(
    test: Test, result: TestResult, health: Sequence[Health], end_s: float
) -> Iterator[tuple[Phase, list[Health]]]:
    """Each judged hold without the seconds around a change of the level.

    What is left of a hold of less than 4 s says nothing, so it is not looked at.
    """
    for hold in phases(test.stages):
        begin, end = hold.start_s + SETTLE_S, min(hold.end_s, end_s) - LEAVE_S
        settled = [
            each
            for each in health
            if begin <= result.edges[each.index] and result.edges[each.index + 1] <= end
        ]
        if hold.kind == "hold" and settled:
            yield hold, settled


def _dropped(model: OpenModel, result: TestResult, spans: Sequence[Span]) -> str | None:
    """Of all journeys, or beyond chance of one persona's: who is idle may be another's user."""
    users = counted(model.max_users, "user")
    found = journeys_in(result, JOURNEYS, spans)
    if found.dropped > DROPPED * found.due:
        return (
            f"{_share_dropped(found)} could not start, since all of {users} were busy: a target"
            " that slow is measured only with more max_users."
        )
    for each in result.journeys:
        who = msgspec.structs.replace(JOURNEYS, persona=each.persona)
        mine = journeys_in(result, who, spans)
        if surely_beyond(mine.dropped, mine.due, 1 - DROPPED):
            return (
                f"{_share_dropped(mine)} of {each.persona} could not start, since none of its users"
                f" was free and there were {users} already: its part of the load needs more"
                " max_users."
            )
    return None


def _share_dropped(found: JourneyWindow) -> str:
    share = format_share(found.dropped / found.due)
    return f"{format_count(found.dropped)} of {counted(found.due, 'journey')} ({share})"


def _lateness(result: TestResult, spans: Sequence[Span]) -> float:
    """How late 99 % of all requests were sent at most; these seconds are in their latencies."""
    late = samples(result, TOTAL, spans).lateness
    return (late.quantile(0.99) if late is not None else None) or 0.0


def _late(late_s: float) -> str | None:
    if late_s < STALL_S:
        return None
    return (
        f"The load generator was {format_latency(late_s)} late (p99) with what it should have sent:"
        " the load was another one than planned. Use more workers or a lower rate."
    )


def _mean_users(result: TestResult, health: Sequence[Health]) -> tuple[float, float]:
    lengths = [end - start for start, end in pairwise(result.edges)]
    weights = [lengths[each.index] for each in health]
    total = sum(weights)
    if not total:
        return 0.0, 0.0
    pairs = list(zip(weights, health, strict=True))
    reached = sum(weight * each.users for weight, each in pairs) / total
    return reached, sum(weight * each.planned for weight, each in pairs) / total


def _stalled(result: TestResult, spans: Sequence[Span], delay_s: float) -> str | None:
    """Whether the event loop stood still for so long that the load itself was not delivered."""
    middle = samples(result, TOTAL, spans).latency.quantile(0.5)
    if delay_s < STALL_S or middle is None or delay_s < STALL_SHARE * middle:
        return None
    return (
        f"The load generator stood still for {format_latency(delay_s)} in a typical window:"
        " something in it blocks (a `call`, a slow machine), so the load was another one."
    )
