"""One row of the table of diagnostics."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A code with its title, why it is one, and lines of a spec that are wrong and right."""

    code: str
    title: str
    why: str
    wrong: str
    right: str
    warning: bool = False
