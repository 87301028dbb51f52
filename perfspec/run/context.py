"""What the steps of one run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfspec.clock import Clock
    from perfspec.plan.model import Plan
    from perfspec.run.commands import Texts
    from perfspec.run.contracts import Observer, RunOptions
    from perfspec.run.folder import RunFolder
    from perfspec.run.interrupts import Interrupts
    from perfspec.run.process import Launcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One run. ``variables`` is the environment of what it starts; hooks add to it.

    ``pids`` are those of its services.
    """

    plan: Plan
    folder: RunFolder
    options: RunOptions
    observer: Observer
    clock: Clock
    interrupts: Interrupts
    launcher: Launcher
    variables: dict[str, str]
    texts: Texts
    pids: dict[str, int] = field(default_factory=dict)

    def hurry(self) -> bool:
        """Whether somebody pressed Ctrl-C since the current step began."""
        return self.interrupts.fresh > 0
