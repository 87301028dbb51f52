"""The table of codes: complete, shown by an example each, and printed as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perfspec.errors import InvalidSpecError
from perfspec.plan.check import check_plan
from perfspec.plan.compile.choice import every_test
from perfspec.plan.compile.plan import compile_plan
from perfspec.spec.codes import GROUPS, RULES
from perfspec.spec.diagnostics import render_diagnostics
from perfspec.spec.document import load_document

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path for path in (ROOT / "examples" / "broken").iterdir() if path.is_dir())
PAGE = ROOT / "docs" / "diagnostics.md"
RUN_TIME = {"PS250"}  # lint needs no variable: these show when a plan is made


def told(folder: Path) -> str:
    """What lint says of a folder's spec, a line each."""
    variables: dict[str, str] | None = {} if folder.name in RUN_TIME else None
    try:
        content = (folder / "perfspec.yaml").read_bytes()
        document = load_document(content, "perfspec.yaml", variables)
        complete = folder.name in RUN_TIME
        plan = compile_plan(document, every_test(document), variables={}, complete=complete)
        found = tuple(sorted({*document.warnings, *check_plan(plan)}))
    except InvalidSpecError as error:
        found = error.diagnostics
    return "".join(f"{each}\n" for each in found)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_broken_spec_is_told_as_expected(folder: Path, request: pytest.FixtureRequest) -> None:
    said = told(folder)
    if request.config.getoption("update_snapshots"):
        (folder / "expected.txt").write_text(said, encoding="utf-8")
    assert said == (folder / "expected.txt").read_text(encoding="utf-8")
    assert set(re.findall(r" (PS\d{3}) ", said)) == {folder.name}, "one mistake, one diagnostic"


def test_every_code_has_an_example() -> None:
    assert [folder.name for folder in EXAMPLES] == sorted(RULES)


def test_every_code_in_the_program_is_in_the_table() -> None:
    used: set[str] = set()
    for path in (ROOT / "perfspec").rglob("*.py"):
        if "codes" not in path.parts:
            used |= set(re.findall(r'"(PS\d{3})"', path.read_text(encoding="utf-8")))
    assert used == set(RULES)


def test_a_code_has_one_rule() -> None:
    assert sum(map(len, GROUPS.values())) == len(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_rule_says_something(rule: object) -> None:
    assert all(isinstance(each, bool) or each.strip() for each in rule)  # type: ignore[attr-defined]


def test_warnings_are_marked_in_the_table() -> None:
    for folder in EXAMPLES:
        warning = "warning " in (folder / "expected.txt").read_text(encoding="utf-8")
        assert RULES[folder.name].warning is warning


def test_the_page_is_that_of_the_table(request: pytest.FixtureRequest) -> None:
    page = render_diagnostics()
    if request.config.getoption("update_snapshots"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "make snapshots"
