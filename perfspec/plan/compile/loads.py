"""Stages of the spec as stages of the plan: lists spread, shorthands written out, times scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from perfspec.plan.load import WARM_UP_SHARE, Jitter, Stage, on_clock, phases
from perfspec.plan.model import OpenModel, TimeWindow
from perfspec.plan.search import SHORTEST_RAMP_S, Search, first_level, most_tries
from perfspec.spec.load import UserSearch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.spec import load as spec

_Written: TypeAlias = (
    "int | float | list[int] | list[float] | UserSearch | spec.ArrivalRate | spec.ArrivalLevels"
    " | None"
)
DEFAULT_WARM_UP_S = 10.0
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_GROUPS = {"daily": range(7), "weekdays": range(5), "weekend": range(5, 7)}


def compile_stages(test: spec.Test, time_scale: float) -> tuple[Stage, ...]:
    """One stage for each level, in seconds of the run."""
    stages = [_short(test)] if test.stages is None else _spread(test.stages)
    scaled = (_scaled(each, time_scale) for each in stages)
    if compile_search(test) is None:
        return tuple(scaled)
    return tuple(
        msgspec.structs.replace(each, ramp_s=max(each.ramp_s, SHORTEST_RAMP_S)) for each in scaled
    )


def compile_search(test: spec.Test) -> Search | None:
    """None where all levels are written."""
    for stage in test.stages or ():
        if isinstance(stage.users, UserSearch):
            return _search(stage.users)
    return None


def compile_open_model(test: spec.Test) -> OpenModel | None:
    """None where the levels are users."""
    if test.max_users is None:
        return None
    if test.finish_within is None:
        return OpenModel(max_users=test.max_users)
    return OpenModel(max_users=test.max_users, finish_within_s=test.finish_within)


def warm_up_s(test: spec.Test, stages: tuple[Stage, ...], time_scale: float) -> float:
    """As written, else 10 s but at most a tenth of the first hold that is judged."""
    if test.warm_up is not None:
        return test.warm_up * time_scale
    holds = [
        phase.end_s - phase.start_s
        for phase in phases(stages)
        if phase.kind == "hold" and phase.level_to > 0
    ]
    return min(DEFAULT_WARM_UP_S * time_scale, WARM_UP_SHARE * holds[0]) if holds else 0.0


def parse_window(text: str) -> TimeWindow:
    """Read ``Sun 02:00-05:00 UTC``; the spec's pattern has been checked."""
    days, times, zone = text.split(" ", 2)
    start, end = times.split("-")
    return TimeWindow(
        text=text,
        weekdays=tuple(sorted(_days(days))),
        from_minute=_minute(start),
        to_minute=_minute(end),
        zone=zone,
    )


def _days(text: str) -> set[int]:
    if text in _GROUPS:
        return set(_GROUPS[text])
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return found


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _short(test: spec.Test) -> Stage:
    """``duration`` with ``users`` or ``arrivals``."""
    duration = test.duration or 0.0
    if test.arrivals is not None:
        (level,) = _levels(test.arrivals)
        return msgspec.structs.replace(level, hold_s=duration)
    users = test.users or 0
    ramp = min(users / test.spawn_rate, duration) if test.spawn_rate else 0.0
    return Stage(users=users, ramp_s=ramp, hold_s=duration - ramp)


def _spread(written: Iterable[spec.Stage]) -> list[Stage]:
    return [
        msgspec.structs.replace(
            level,
            ramp_s=stage.ramp or 0.0,
            hold_s=stage.hold or 0.0,
            jitter=None if stage.jitter is None else _jitter(stage.jitter),
        )
        for stage in written
        for level in _levels(stage.arrivals if stage.users is None else stage.users)
    ]


def _levels(written: _Written) -> list[Stage]:
    """A stage for each level, without its times."""
    match written:
        case list():
            return [level for each in written for level in _levels(each)]
        case int():
            return [Stage(users=written)]
        case float():
            return [Stage(arrivals=written)]
        case None:
            return []
        case UserSearch():
            search = _search(written)
            rest = most_tries(search) - 1
            return [Stage(users=first_level(search)), *[Stage(users=search.high)] * rest]
        case _:
            levels, spacing = _levels(written.rate), written.spacing
            return [msgspec.structs.replace(each, spacing=spacing) for each in levels]


def _search(written: UserSearch) -> Search:
    return Search(low=int(written.search.low), high=int(written.search.high))


def _jitter(written: spec.Jitter) -> Jitter:
    return Jitter(by=written.by, every_s=(written.every.low, written.every.high))


def _scaled(stage: Stage, scale: float) -> Stage:
    jitter = stage.jitter
    if jitter is not None:
        low, high = jitter.every_s
        jitter = Jitter(by=jitter.by, every_s=(low * scale, high * scale))
    return msgspec.structs.replace(
        stage,
        ramp_s=on_clock(stage.ramp_s * scale),
        hold_s=on_clock(stage.hold_s * scale),
        jitter=jitter,
    )
