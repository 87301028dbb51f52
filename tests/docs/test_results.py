"""Recorded results of the examples speak of tests and limits that their specs still have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from perfspec.cli.specs import read_document
from perfspec.plan.compile.choice import every_test
from perfspec.plan.compile.plan import compile_plan
from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESULTS = sorted(ROOT.glob("examples/*/result.md"))
TEST = re.compile(r"## \S+ (?P<test>\S+): \w+")
LIMIT = re.compile(r"\| \S+ \w+ \| `(?P<limit>[^`]+)` at (?:most|least) ")


def named(text: str) -> Iterator[tuple[str, str | None]]:
    """Tests, then each with its limits as the summary writes them: ``login p95``."""
    test = ""
    for line in text.splitlines():
        if (heading := TEST.fullmatch(line)) is not None:
            test = heading["test"].replace("\\", "")
            yield test, None
        elif (row := LIMIT.match(line)) is not None:
            yield test, row["limit"]


def there(spec: Path) -> set[tuple[str, str | None]]:
    document = read_document(str(spec), None)
    plan = compile_plan(document, every_test(document), variables={}, complete=False)
    found: set[tuple[str, str | None]] = {(test.name, None) for test in plan.tests}
    return found | {
        (test.name, f"{each.subject} {each.metric.name}")
        for test in plan.tests
        for each in test.objectives
    }


@pytest.mark.parametrize("result", RESULTS, ids=lambda path: path.parent.name)
def test_what_a_recorded_result_names_is_in_the_spec(result: Path) -> None:
    text = result.read_text(encoding="utf-8")
    found = list(named(text))
    assert len(found) > len({test for test, _ in found})  # limits were found, too
    known = there(result.with_name("perfspec.yaml"))
    assert [each for each in found if each not in known] == []


def test_what_is_gone_is_found() -> None:
    assert list(named("## ⚠️ long\\_jobs: warn\n| ✅ pass | `login p95` at most 2 s | 1 |\n")) == [
        ("long_jobs", None),
        ("long_jobs", "login p95"),
    ]
