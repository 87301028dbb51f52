"""The load of a test second by second, jitter drawn: what the shape drives and health compares."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec

from perfspec.plan.load import phases, users_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.plan.load import Phase, Stage

SHORTEST_SLOT_S, LONGEST_SLOT_S = 0.1, 1.0
_USERS_PER_SLOT = 5000  # counting the users of a runner takes Locust 1 ms for each 3,000 or so


class Curve:
    """Levels on the test's own clock.

    ``phases`` are those of the stages; a hold with jitter is one hold for each level drawn, the
    first at the stage's own level. The same seed draws the same levels.
    """

    def __init__(self, stages: Sequence[Stage], seed: str) -> None:
        self.phases = tuple(
            piece for phase in phases(stages) for piece in _pieces(phase, stages[phase.stage], seed)
        )
        self.end_s = self.phases[-1].end_s

    def level(self, second: float) -> int:
        """How many users are planned; 0 before the start and after the end."""
        return users_at(self.phases, second)

    def ramp_at(self, second: float) -> Phase | None:
        """The ramp that ``second`` belongs to, if any."""
        for each in self.phases:
            if each.start_s <= second < each.end_s:
                return each if each.level_from != each.level_to else None
        return None

    def spread_s(self, second: float) -> float:
        """Over how many seconds users who are dispatched now begin: not at all in a jump."""
        ramp = self.ramp_at(second)
        rising = ramp is not None and ramp.level_to > ramp.level_from
        return slot_s(self.level(second)) if rising else 0.0


class SteeredCurve(Curve):
    """The curve of a search: the first level, until somebody chooses others."""

    def __init__(self, stages: Sequence[Stage], seed: str) -> None:
        super().__init__(stages, seed)
        self._ramps = [each for each in self.phases if each.kind == "ramp"]
        ramp, hold = self.phases[:2]
        self.phases = (ramp, msgspec.structs.replace(hold, end_s=self.end_s))

    def steer(self, second: float, users: int) -> Phase:
        """Plan ``users`` from now on: over what is left of a ramp of the stages, else at once.

        Returns what begins now.
        """
        level, past = self.level(second), [p for p in self.phases if p.start_s < second]
        last = msgspec.structs.replace(past[-1], end_s=second)
        ramp = next((p for p in self._ramps if p.start_s <= second < p.end_s), None)
        stay_s = second if ramp is None else ramp.end_s
        new = [] if ramp is None else [_piece(ramp, second, stay_s, level, users)]
        new.append(_piece(self.phases[-1], stay_s, self.end_s, users, users))
        self.phases = (*past[:-1], last, *new)
        return new[0]


def _piece(phase: Phase, start_s: float, end_s: float, level: float, to: float) -> Phase:
    return msgspec.structs.replace(
        phase, start_s=start_s, end_s=end_s, level_from=level, level_to=to
    )


def slot_s(users: int) -> float:
    """How often a ramp is dispatched, in seconds.

    A dispatch makes Locust count all users several times, so many users are dispatched less often.
    """
    return min(max(users / _USERS_PER_SLOT, SHORTEST_SLOT_S), LONGEST_SLOT_S)


def _pieces(phase: Phase, stage: Stage, seed: str) -> Iterator[Phase]:
    jitter = stage.jitter
    if phase.kind == "ramp" or jitter is None:
        yield phase
        return
    rng = random.Random(f"{seed}/jitter/{phase.stage}")  # noqa: S311  (repeatable on purpose)
    at, level = phase.start_s, phase.level_to
    while at < phase.end_s:
        length = max(rng.uniform(*jitter.every_s), SHORTEST_SLOT_S)
        end = min(at + length, phase.end_s)
        yield msgspec.structs.replace(
            phase, start_s=at, end_s=end, level_from=level, level_to=level
        )
        at, level = end, phase.level_to * (1 + rng.uniform(-jitter.by, jitter.by))
        level = level if stage.users is None else round(level)
