"""Pages hang together, hold everything that there is, and their generated parts are fresh."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import click
import pytest

from perfspec.cli.main import perfspec
from perfspec.expr import Tools, parse_expression
from perfspec.expr.filters import EXAMPLE_SCOPE
from perfspec.spec.limits import ERROR_CLASSES, Slo
from tests.docs.pages import PAGES, ROOT, SPEC, anchors, links, read
from tools.make_docs import PART, fresh, generate, models, pages, with_lines

if TYPE_CHECKING:
    from pathlib import Path

VALUES = re.compile(
    r"^\| `(?P<expression>(?:\\\||[^|`])+)` \| `(?P<value>[^`]+)` \|$", re.MULTILINE
)


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    assert [
        link for link in links(page) if "://" not in link and not leads_somewhere(page, link)
    ] == []


def leads_somewhere(page: str, link: str) -> bool:
    target, _, anchor = link.partition("#")
    path = ((ROOT / page).parent / target if target else ROOT / page).resolve()
    if not path.exists() or ROOT not in path.parents:
        return False
    if not anchor or path.suffix == ".md":
        return not anchor or anchor in anchors(path.relative_to(ROOT).as_posix())
    lines = path.read_text(encoding="utf-8").splitlines()
    return anchor in {f"L{number}" for number in range(1, len(lines) + 1)}


@pytest.mark.parametrize(
    "link", ["docs/nothing.md", "docs/language.md#nothing", "../etc", "Makefile#L99999"]
)
def test_a_link_to_nowhere_is_found(link: str) -> None:
    assert not leads_somewhere("README.md", link)


def test_a_link_to_a_heading_is_followed() -> None:
    assert leads_somewhere("README.md", "docs/language.md#a-users-life")


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_generated_parts_are_fresh(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("<!-- generated:") == text.count("<!-- end -->") == len(PART.findall(text))
    assert fresh(page) == text, "run `make docs`"


@pytest.mark.parametrize(
    "what", ["keys Nonsense", "nonsense", "table nonsense", "command nonsense"]
)
def test_an_unknown_part_is_an_error(what: str) -> None:
    with pytest.raises(KeyError):
        generate(what)


def test_links_to_keys_of_an_example_get_the_lines_of_today(tmp_path: Path) -> None:
    spec = tmp_path / "perfspec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    keys = ("tests.load", "tests.load.slo.error_rate", "personas.visitor.journey.checkout")
    before = " ".join(f"[`{each}`](perfspec.yaml#L1)" for each in keys)
    lines = re.findall(r"#L(\d+)", with_lines(before, spec))
    there = [SPEC.splitlines()[int(each) - 1] for each in lines]
    assert ["load:" in there[0], "error_rate" in there[1], "checkout: {" in there[2]] == [True] * 3
    for gone in ("tests.soak", "personas.visitor.journey.pay"):
        with pytest.raises(KeyError):
            with_lines(f"[`{gone}`](perfspec.yaml#L1)", spec)


def test_every_key_of_the_language_has_its_place() -> None:
    shown = re.findall(r"<!-- generated: keys (\w+) -->", read("docs/language.md"))
    assert set(models()) == {*shown, "Slo"}, "metrics.md explains an slo"


def test_every_metric_and_error_class_has_its_place() -> None:
    text = read("docs/metrics.md")
    assert [name for name in Slo.model_fields if f"`{name}" not in text] == []
    assert [name for name in ERROR_CLASSES if f"| `{name}` |" not in text] == []


def test_every_command_has_its_place() -> None:
    shown = re.findall(r"<!-- generated: command (\w+) -->", read("docs/cli.md"))
    with click.Context(perfspec) as whole:
        assert perfspec.list_commands(whole) == shown


def test_the_values_of_expressions_are_true() -> None:
    table = read("docs/expressions.md").partition("<!-- evaluate -->")[2].partition("\n\nNull")[0]
    tools = Tools(rng=Random(1), now=lambda: datetime(2026, 11, 21, 6, 37, tzinfo=UTC))
    rows = [(row["expression"].replace(r"\|", "|"), row["value"]) for row in VALUES.finditer(table)]
    assert len(rows) > 20
    for expression, value in rows:
        found = parse_expression(expression).compile(tools)(EXAMPLE_SCOPE)
        assert (expression, json.dumps(found)) == (expression, json.dumps(json.loads(value)))
