"""Where something is told on GitHub, and what became of it there; each place by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from perfspec.publish.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "perfspec/published/1"


@dataclass(frozen=True, slots=True)
class Written:
    """What happened there: ``created``, ``updated``, ``unchanged``, or why nothing was written."""

    action: str
    url: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One place, and what happened there."""

    place: str
    action: str
    url: str = ""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """``published.json``: what was written where, and what could not be (``problems``)."""

    format: str = FORMAT
    run_id: str
    places: tuple[Place, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class Attempts:
    """What was tried so far."""

    places: list[Place] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def attempt(self, place: str, work: Callable[[], Written]) -> None:
        """One place that fails leaves the others alone."""
        try:
            done = work()
        except PublishError as error:
            self.problems.append(f"{place}: {error}")
        else:
            self.places.append(Place(place=place, action=done.action, url=done.url))
