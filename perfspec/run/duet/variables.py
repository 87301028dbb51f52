"""The base's environment variables on their way to the load process, whose own are the head's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec import jsonio

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

NAME: Final = "PERFSPEC_DUET_BASE"


def hand_over(base: Mapping[str, str], head: Mapping[str, str]) -> dict[str, str]:
    """The variables of the load process: the head's, and in one of them what differs."""
    names = base.keys() | head.keys()
    differ = {name: base.get(name) for name in names if base.get(name) != head.get(name)}
    return {**head, NAME: jsonio.encode(differ).decode()}


def take(variables: MutableMapping[str, str]) -> dict[str, str]:
    """Inverse of ``hand_over``: the base's. What came over is gone from ``variables`` then."""
    differ = jsonio.decode(variables.pop(NAME, "{}"), dict[str, str | None])
    base = {**variables, **differ}
    return {name: value for name, value in base.items() if value is not None}
