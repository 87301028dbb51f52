"""Objectives that no test would ever judge or compare: they could never fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.errors import Diagnostic
from perfspec.plan.compile.limits import place_of
from perfspec.plan.compile.tests import TestCompiler, Wanted
from perfspec.spec.limits import as_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.document import Document


def check_objectives(document: Document) -> Iterator[Diagnostic]:
    """An error for each objective whose ``where`` selects nothing that some test does."""
    spec = document.spec
    judged: dict[str, set[str]] = {}
    for name, written in spec.objectives.items():
        where = written.where
        if where is None:
            continue
        environment = next(iter(as_names(where.environments) or spec.environments))
        if environment not in judged:
            judged[environment] = _judged(document, environment)
        if name not in judged[environment]:
            place = place_of(document, ("objectives", name, "where"))
            yield Diagnostic(
                place.file,
                place.line,
                place.column,
                "PS207",
                f"objective {name!r} selects nothing that a test does",
                "name endpoints and personas that its tests run",
            )


def _judged(document: Document, environment: str) -> set[str]:
    compiler = TestCompiler(document, environment)
    tests = (compiler.compile(Wanted(name)) for name in document.spec.tests)
    judged = (
        [*(each.origin for each in test.objectives), *(each.origin for each in test.budgets)]
        for test in tests
    )
    origins = (each.split(".") for test in judged for each in test)
    return {origin[1] for origin in origins if origin[0] == "objectives"}
