"""Reading perfspec.yaml: a checked Spec with the place of every key, or all of its mistakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfspec.spec.base import VARIABLE
from perfspec.spec.checks.all import check_spec
from perfspec.spec.findings import Findings
from perfspec.spec.shape import check_shape
from perfspec.spec.source import SpecSyntaxError, read_text
from perfspec.spec.steps import check_steps
from perfspec.spec.yaml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfspec.errors import Diagnostic
    from perfspec.spec.model import Spec
    from perfspec.spec.tree import Node, Path, Place


@dataclass(frozen=True, slots=True)
class Document:
    """A spec that has no error, and the file that it stands in.

    ``unresolved`` names, by path, an environment variable that is neither set nor has a default; it
    is empty when the file was read without variables (lint).
    """

    file: str
    spec: Spec
    warnings: tuple[Diagnostic, ...]
    unresolved: Mapping[Path, str]
    tree: Node = field(repr=False)

    def place(self, *path: str | int, key: bool = True) -> Place:
        """Line and column (from 1) of a key, or of its value.

        For a path that is not in the file (a key that was left out), those of the nearest one
        above it that is.
        """
        _, node = self.tree.nearest(path)
        return node.key if key and node.key is not None else node.place


def load_document(content: bytes, file: str, variables: Mapping[str, str] | None) -> Document:
    """Read, validate and cross-check a spec; None for ``variables`` wants none of them to be set.

    Raises InvalidSpecError with all mistakes (and warnings) of the file in reading order.
    """
    findings = Findings(file)
    known = variables or {}
    try:
        text = read_text(content)
        root = parse(text, findings.error)
    except SpecSyntaxError as error:
        findings.error(error.place, error.code, error.message, error.hint)
        raise findings.failure() from None
    check_steps(root, findings)
    shaped = check_shape(root, findings, known)
    if shaped is not None:
        check_spec(shaped, root, text, known, findings)
    if shaped is None or findings.errors:
        raise findings.failure()
    unresolved = {} if variables is None else dict(_unresolved(root, (), known))
    return Document(file, shaped.spec, findings.in_order(), unresolved, root)


def _unresolved(node: Node, path: Path, known: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if isinstance(node.data, str) and "${" in node.data:
        for match in VARIABLE.finditer(node.data):
            if match[2] is None and match[1] not in known:
                yield path, match[1]
                return
    for part, child in node.parts():
        yield from _unresolved(child, (*path, part), known)
