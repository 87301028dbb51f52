"""The one table of all diagnostics, by group."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.load import LOAD
from perfspec.spec.codes.meaning import MEANING
from perfspec.spec.codes.monitors import MONITORS
from perfspec.spec.codes.references import REFERENCES
from perfspec.spec.codes.rule import Rule
from perfspec.spec.codes.shape import SHAPE
from perfspec.spec.codes.syntax import SYNTAX
from perfspec.spec.codes.warnings import WARNINGS

__all__ = ["GROUPS", "RULES", "Rule"]

GROUPS: Final[dict[str, tuple[Rule, ...]]] = {
    "Text and YAML": SYNTAX,
    "Keys and values": SHAPE,
    "Names": REFERENCES,
    "Load and limits": LOAD,
    "Meaning": MEANING,
    "Monitors": MONITORS,
    "Habits": WARNINGS,
}
RULES: Final[dict[str, Rule]] = {rule.code: rule for group in GROUPS.values() for rule in group}
