"""Load curves: how much load at which second, and which seconds are judged.

A level is a number of virtual users (closed model) or of journeys started a second (open model).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, assert_never

from perfspec.plan.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.limits import During

RECOVERY_WINDOW_S = 10.0  # what follows a peak is looked at ten seconds at a time
WARM_UP_SHARE = 0.1  # at most a tenth of the first hold
Spacing = Literal["even", "poisson"]


class Jitter(Value, frozen=True, kw_only=True):
    """During the hold the level moves by up to ``by`` of itself, anew after ``every_s``."""

    by: float
    every_s: tuple[float, float]


class Stage(Value, frozen=True, kw_only=True):
    """Changes the level over ``ramp_s``, then keeps it for ``hold_s``.

    The level is either ``users`` or ``arrivals`` a second, which ``spacing`` spreads.
    """

    users: int | None = None
    arrivals: float | None = None
    spacing: Spacing = "even"
    ramp_s: float = 0.0
    hold_s: float = 0.0
    jitter: Jitter | None = None

    @property
    def level(self) -> float:
        """Users, or arrivals a second."""
        return self.arrivals if self.arrivals is not None else self.users or 0


class Phase(Value, frozen=True, kw_only=True):
    """A ramp or a hold on the test's own clock, from one level to another."""

    kind: Literal["ramp", "hold"]
    stage: int
    start_s: float
    end_s: float
    level_from: float
    level_to: float


class Span(Value, frozen=True, kw_only=True):
    """Seconds of a test's own clock, the end not included."""

    start_s: float
    end_s: float


def on_clock(seconds: float) -> float:
    """A moment in whole microseconds: sums of the same seconds would differ by a hair."""
    return round(seconds, 6)


def phases(stages: Sequence[Stage]) -> tuple[Phase, ...]:
    """Ramps and holds in order; those that take no time are left out."""
    found: list[Phase] = []
    at, level = 0.0, 0.0
    for index, stage in enumerate(stages):
        lengths: tuple[tuple[Literal["ramp", "hold"], float], ...]
        lengths = (("ramp", stage.ramp_s), ("hold", stage.hold_s))
        for kind, length in lengths:
            if length > 0:
                end = on_clock(at + length)
                first = level if kind == "ramp" else stage.level
                found.append(
                    Phase(
                        kind=kind,
                        stage=index,
                        start_s=at,
                        end_s=end,
                        level_from=first,
                        level_to=stage.level,
                    )
                )
                at = end
        level = stage.level
    return tuple(found)


def duration_s(stages: Sequence[Stage]) -> float:
    """How long the stages take together."""
    every = phases(stages)
    return every[-1].end_s if every else 0.0


def peak_level(stages: Sequence[Stage]) -> float:
    """The highest level, jitter included."""
    return max(each.level * (1 + each.jitter.by if each.jitter else 1) for each in stages)


def peak_users(stages: Sequence[Stage]) -> int:
    """The highest number of virtual users at once, jitter included, where levels are users."""
    return math.ceil(peak_level(stages) - 1e-9)


def level_at(spans: Sequence[Phase], second: float) -> float:
    """The level without jitter; 0 before the start and after the end."""
    phase = _phase_at(spans, second)
    return 0.0 if phase is None else _level(phase, second)


def users_at(spans: Sequence[Phase], second: float) -> int:
    """The level in whole users: in a ramp those that are reached, or not yet left."""
    phase = _phase_at(spans, second)
    if phase is None:
        return 0
    level = _level(phase, second)
    rising = phase.level_to >= phase.level_from
    return math.floor(level + 1e-9) if rising else math.ceil(level - 1e-9)


def _phase_at(spans: Sequence[Phase], second: float) -> Phase | None:
    return next((each for each in spans if each.start_s <= second < each.end_s), None)


def _level(phase: Phase, second: float) -> float:
    done = (second - phase.start_s) / (phase.end_s - phase.start_s)
    return phase.level_from + (phase.level_to - phase.level_from) * done


class Peak(NamedTuple):
    """The hold before the peak, the last one at the highest level, and whether one follows."""

    before: Phase | None
    highest: Phase
    after: Phase | None


def peak_of(stages: Sequence[Stage]) -> Peak | None:
    """None for stages that hold no level."""
    holds = [each for each in phases(stages) if each.kind == "hold" and each.level_to > 0]
    if not holds:
        return None
    top = max(each.level_to for each in holds)
    first = next(i for i, each in enumerate(holds) if each.level_to == top)
    last = max(i for i, each in enumerate(holds) if each.level_to == top)
    return Peak(
        before=holds[first - 1] if first else None,
        highest=holds[last],
        after=holds[last + 1] if last + 1 < len(holds) else None,
    )


def judged(stages: Sequence[Stage], during: During, warm_up_s: float) -> tuple[Span, ...]:
    """The seconds that limits look at.

    ``hold``: every hold up to and including the last one of the highest level; ``ramp``: the ramps;
    ``all``: both and what follows. ``warm_up_s`` is cut from the start of what is judged, except
    with ``whole``: the test from its first second to its last, for what happens only once.
    """
    every = phases(stages)
    highest = max((phase.level_to for phase in every if phase.kind == "hold"), default=0)
    last = max(
        (i for i, p in enumerate(every) if p.kind == "hold" and p.level_to == highest), default=-1
    )
    match during:
        case "hold":
            chosen = [p for p in every[: last + 1] if p.kind == "hold" and p.level_to > 0]
        case "ramp":
            chosen = [p for p in every if p.kind == "ramp"]
        case "all" | "whole":
            chosen = list(every)
        case _:
            assert_never(during)
    spans = [Span(start_s=p.start_s, end_s=p.end_s) for p in chosen]
    if spans and during != "whole":
        begin = min(on_clock(spans[0].start_s + warm_up_s), spans[0].end_s)
        spans[0] = Span(start_s=begin, end_s=spans[0].end_s)
    return tuple(span for span in spans if span.end_s > span.start_s)


def window_edges(
    stages: Sequence[Stage], warm_up_s: float, tail_s: float = 0.0
) -> tuple[float, ...]:
    """Edges of the windows that samples are kept in; none crosses a phase.

    What happens in the ``tail_s`` after the last stage has a window of its own, which no limit
    looks at.

    So what is judged is a whole number of windows. Short tests have windows of a second, others of
    5 s, and those beyond two hours longer ones, so that their number stays below some 1,500.
    """
    total = duration_s(stages)
    length = 1.0 if total <= 300 else max(5.0, math.ceil(total / 1440 / 5) * 5.0)
    cuts = {0.0, total}
    for phase in phases(stages):
        cuts |= {phase.start_s, phase.end_s}
    for during in ("hold", "ramp", "all"):
        cuts |= {span.start_s for span in judged(stages, during, warm_up_s)}
    edges: list[float] = []
    for start, end in pairwise(sorted(cuts)):
        pieces = max(1, math.ceil((end - start) / length - 1e-9))
        edges += [start + (end - start) * piece / pieces for piece in range(pieces)]
    tail = (total + tail_s,) if tail_s else ()
    return tuple(on_clock(edge) for edge in (*edges, total, *tail))
