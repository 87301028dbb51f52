"""Duets: two commits compared on one machine at once. Which tests become one, and their blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.plan.base import Value
from perfspec.plan.load import Span, Stage, peak_of, peak_users

if TYPE_CHECKING:
    from perfspec.plan.model import Test

BLOCK_S: Final = 15.0
CUT: Final = 0.2  # of a block, before anything is judged
LOOKS: Final = (6, 10, 16)  # blocks after which it may be decided
SUFFIX: Final = ".duet"


class Duet(Value, frozen=True, kw_only=True):
    """``base`` and ``head`` are commits. Both are started anew for each block of ``block_s``.

    After as many blocks as each of ``looks`` says it may be decided; the last is the most.
    """

    base: str
    head: str
    block_s: float = BLOCK_S
    looks: tuple[int, ...] = LOOKS

    @property
    def cut_s(self) -> float:
        """How long a block goes on before anything is judged."""
        return self.block_s * CUT


def duet_of(test: Test, duet: Duet) -> Test:
    """The duet for the budgets of a test: blocks at its highest level, and no limits.

    Limits are about one commit that has the machine for itself.
    """
    block = _block(test, duet)
    return msgspec.structs.replace(
        test,
        name=f"{test.name}{SUFFIX}",
        duet=duet,
        stages=(block,) * duet.looks[-1],
        warm_up_s=0.0,
        time_scale=1.0,
        objectives=(),
        abort=(),
        record=False,
        on_fail="continue",
        needs=(),
    )


def one_block(test: Test) -> Test:
    """What the load process is given of a duet: it knows of one block only."""
    return msgspec.structs.replace(test, stages=test.stages[:1])


def block_spans(duet: Duet) -> tuple[Span, ...]:
    """The judged seconds of each block, on the clock of the whole duet."""
    starts = (number * duet.block_s for number in range(duet.looks[-1]))
    return tuple(Span(start_s=each + duet.cut_s, end_s=each + duet.block_s) for each in starts)


def _block(test: Test, duet: Duet) -> Stage:
    """Users come during the cut; the level is then held."""
    peak = peak_of(test.stages)
    users = round(peak.highest.level_to) if peak else peak_users(test.stages)
    return Stage(users=users, ramp_s=duet.cut_s, hold_s=duet.block_s - duet.cut_s)
