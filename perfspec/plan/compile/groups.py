"""Groups of steps as they are written, of the personas that a test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.plan.journey import GroupStep, Step
from perfspec.spec.checks.walk import nested_steps
from perfspec.spec.effective import owner_of
from perfspec.spec.persona import GroupStep as WrittenGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfspec.plan.journey import Persona
    from perfspec.spec.model import Spec

PARTS: Final = ("on_start", "journey", "on_stop")


class Found(NamedTuple):
    """A group in one part of a persona's life, and where it stands in the spec."""

    persona: str
    part: str
    written: WrittenGroup
    path: tuple[str | int, ...]


def groups_of(spec: Spec, personas: Iterable[Persona]) -> Iterator[Found]:
    """Those that no filter of steps has left out."""
    for persona in personas:
        for part in PARTS:
            present = set(_names(getattr(persona, part)))
            owner = owner_of(spec, persona.name, part)
            steps = getattr(spec.personas[owner], part) or []
            for path, step in nested_steps(steps, ("personas", owner, part)):
                if isinstance(step, WrittenGroup) and step.group in present:
                    yield Found(persona.name, part, step, path)


def _names(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, GroupStep):
            yield step.name
            yield from _names(step.steps)
