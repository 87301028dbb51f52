"""What every check looks at: the spec, its file, all names in it, and where to complain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from perfspec.spec.checks.names import KINDS
from perfspec.spec.effective import effective_personas, owner_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.spec.checks.names import Names
    from perfspec.spec.findings import Findings
    from perfspec.spec.model import Spec
    from perfspec.spec.persona import Persona
    from perfspec.spec.tree import Node, Path, Place


@dataclass(frozen=True)
class Context:
    """One spec under check.

    ``root`` is the whole file, ``tree`` what of it could be read and ``spec`` says; where they
    differ, checks that would speak of what is missing keep quiet.
    """

    spec: Spec
    tree: Node
    root: Node
    names: Names
    lines: tuple[str, ...]
    variables: Mapping[str, str]
    findings: Findings

    @cached_property
    def personas(self) -> Mapping[str, Persona]:
        """Personas as they live."""
        return effective_personas(self.spec)

    @property
    def whole(self) -> bool:
        """Whether the spec holds all that the file does."""
        return self.tree is self.root

    def complete(self, *path: str | int) -> bool:
        """Whether the spec holds all that the file does at ``path``."""
        return self.tree.find(path) is self.root.find(path)

    def key(self, path: Path) -> Place:
        """Where the key at ``path`` stands, or what is nearest to it."""
        _, node = self.tree.nearest(path)
        return node.key if node.key is not None else node.place

    def value(self, path: Path) -> Place:
        """Where the value at ``path`` stands, or what is nearest to it."""
        _, node = self.tree.nearest(path)
        return node.place

    def inside(self, node: Node, offset: int | None) -> Place:
        """Where a character of a text stands; where the text begins if that cannot be told."""
        line, column = node.place
        written = self.lines[line - 1] if line <= len(self.lines) else ""
        begin = column - 1 + (node.style in {"'", '"'})
        if offset is None or written[begin : begin + len(str(node.data))] != node.data:
            return node.place
        return line, begin + offset + 1

    def expect(self, kind: str, name: str, path: Path) -> bool:
        """Whether there is something of this kind (``KINDS``); else a complaint.

        It stands at the value of ``path``, or at its key where that is the name.
        """
        known = self.names.known[kind]
        if name in known or kind in self.names.lost:
            return True
        hint = self.findings.near_or_all(name, known)
        place = self.key(path) if path[-1] == name else self.value(path)
        code, _ = KINDS[kind]
        self.findings.error(place, code, f"there is no {kind} {name!r}", hint)
        return False

    def read(self, persona: str) -> bool:
        """Whether all that a persona does could be read, also what it takes from another one."""
        written = self.spec.personas[persona]
        based = written.like is None or (
            written.like in self.spec.personas and self.complete("personas", written.like)
        )
        return based and self.complete("personas", persona)

    def steps_path(self, persona: str, key: str) -> Path:
        """Where the steps of ``on_start``, ``journey`` or ``on_stop`` are written."""
        owner = owner_of(self.spec, persona, key)
        if key == "journey" and self.spec.personas[owner].mix is not None:
            key = "mix"
        return ("personas", owner, key)
