"""Keys of the language that this version does not know yet: refused, never accepted and ignored."""

from __future__ import annotations

from typing import Final

_LATER: Final = {
    "GroupStep": "budget",
    "Objective": "budget",
}


def of_later(key: str, model: str) -> bool:
    """Whether a later version has ``key`` in the mapping that ``model`` describes."""
    return key in _LATER.get(model, "").split()
