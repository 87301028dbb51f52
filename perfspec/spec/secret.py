"""Which environment variables are secret: those that are named so, and those that look so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perfspec.spec.base import VARIABLE, Strict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.model import Spec

_LOOKS_SECRET: Final = re.compile(
    r"(?:^|_)(?:API)?(?:TOKEN|SECRET|PASSWORD|PASSWD|KEY|CREDENTIAL)S?(?:_|$)", re.IGNORECASE
)


def looks_secret(variable: str) -> bool:
    """Whether the name alone says that the value must not be seen."""
    return _LOOKS_SECRET.search(variable) is not None


def secret_names(spec: Spec) -> frozenset[str]:
    """Environment variables whose values are masked everywhere.

    Those of ``secrets`` (its data columns, ``accounts.password``, are not among them), and those in
    use whose name looks secret, which lint warns about. Connection strings and headers of monitors
    count as secret whatever their variables are called: they hold passwords.
    """
    named = {each for each in spec.secrets if "." not in each}
    used = {match[1] for text in _texts(spec) for match in VARIABLE.finditer(text)}
    return frozenset(named | {each for each in used if looks_secret(each)} | _of_monitors(spec))


def _of_monitors(spec: Spec) -> set[str]:
    groups = (spec.monitors, *(each.monitors or {} for each in spec.environments.values()))
    found = [each for group in groups for each in group.values()]
    held = [[each.postgres, each.headers] for each in found]
    return {match[1] for text in _texts(held) for match in VARIABLE.finditer(text)}


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Strict():
            yield from _texts(vars(value))
        case dict():
            for key, each in value.items():
                yield from _texts(key)
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
        case _:
            return
