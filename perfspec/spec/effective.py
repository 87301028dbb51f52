"""Personas as they live: ``like`` applied, and a ``mix`` turned into a journey of one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.persona import MixStep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from perfspec.spec.model import Spec
    from perfspec.spec.persona import Persona

COPIED: Final = ("data", "auth", "think", "on_start", "journey", "mix", "on_stop")
"""What ``like`` brings: what a user does. How many there are is each persona's own business."""
_EITHER: Final = frozenset({"journey", "mix"})


def tags_of(spec: Spec, called: str) -> frozenset[str]:
    """Tags of an endpoint, or of a message: its own and those of its endpoint."""
    endpoint, _, message = called.partition(".")
    written = spec.endpoints.get(endpoint)
    if written is None:
        return frozenset()
    own = (written.messages or {}).get(message)
    more = (own.tags or ()) if own is not None else ()
    return frozenset({*(written.tags or ()), *more})


def is_kept(
    spec: Spec, called: str, only: Sequence[AbstractSet[str]], without: AbstractSet[str]
) -> bool:
    """Whether ``only`` (a tag of each) and ``without`` leave an endpoint or message in a test.

    A connection stays where it does itself, or one of its messages.
    """
    written = spec.endpoints.get(called)
    messages = [] if written is None else [f"{called}.{each}" for each in written.messages or ()]
    found = (tags_of(spec, each) for each in (called, *messages))
    return any(all(tags & each for each in only) and not tags & without for tags in found)


def effective_personas(spec: Spec) -> dict[str, Persona]:
    """Each persona with the keys of the one that it is ``like`` (one level) and a journey."""
    return {name: _with_journey(_like(persona, spec)) for name, persona in spec.personas.items()}


def owner_of(spec: Spec, name: str, key: str) -> str:
    """The persona that ``key`` of persona ``name`` is written in: itself, or the one it is like."""
    persona = spec.personas[name]
    base = spec.personas.get(persona.like or "")
    if base is None or key not in COPIED or key in _own(persona):
        return name
    written = base.model_fields_set
    copied = key in written or (key in _EITHER and bool(written & _EITHER))
    return (persona.like or name) if copied else name


def _own(persona: Persona) -> frozenset[str]:
    """Keys that are written here; a journey and a mix replace each other."""
    written = frozenset(persona.model_fields_set)
    return written | (_EITHER if written & _EITHER else frozenset())


def _like(persona: Persona, spec: Spec) -> Persona:
    base = spec.personas.get(persona.like or "")
    if base is None:
        return persona
    own = _own(persona)
    return persona.model_copy(
        update={name: getattr(base, name) for name in COPIED if name not in own}
    )


def _with_journey(persona: Persona) -> Persona:
    if persona.mix is None:
        return persona
    return persona.model_copy(update={"journey": [MixStep(mix=persona.mix)], "mix": None})
