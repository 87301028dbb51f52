from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from perfspec.judge.verdict import judge_run
from perfspec.measure.errors import ErrorClass
from perfspec.plan.model import Environment
from perfspec.report.markdown import LARGEST, summary_md
from tests.results import (
    HOSTILE,
    bookshop_run,
    error_group,
    limit,
    make_plan,
    make_run,
    make_test,
    measure,
)

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [each for each in attrs if each[0] != "style"]
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_verdict_comes_first(snapshot: SnapshotAssertion) -> None:
    plan, run = bookshop_run()
    text = summary_md(plan, run, judge_run(plan, run))
    assert text.startswith(
        "# ❌ bookshop on local: fail\n\nload failed; smoke passed; soak skipped."
    )
    assert text == snapshot


def test_foreign_text_is_no_markup() -> None:
    test = make_test(limit("p95", 0.3, requirement=HOSTILE), say=HOSTILE, advice=(HOSTILE,))
    url = f"http://a/{HOSTILE}\n\n![i](http://evil/i) @team"
    where = Environment(name=HOSTILE, url=url, hosts=())
    plan = make_plan(test, name="x" + HOSTILE, environment=where, fingerprint=HOSTILE)
    errors = [error_group("login", ErrorClass.SERVER, HOSTILE, body=HOSTILE)]
    result = measure(test, {"login": [0.5] * 200}, errors=errors, status="partial", reason=HOSTILE)
    run = make_run(plan, result, problem=HOSTILE)
    shown = GITHUB.render(summary_md(plan, run, judge_run(plan, run)))
    assert "@team" not in re.sub(r"<code>.*?</code>", "", shown)
    tags = Tags(shown)
    assert tags.seen <= {
        "h1", "h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code",
        "details", "summary", "sub", "strong", "br",
    }  # fmt: skip
    assert not tags.open


def test_every_row_of_a_table_has_the_same_cells() -> None:
    plan, run = bookshop_run()
    rendered = GITHUB.render(summary_md(plan, run, judge_run(plan, run)))
    for table in re.findall(r"<table>.*?</table>", rendered, flags=re.DOTALL):
        rows = re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)
        assert len({len(re.findall(r"<t[hd]", row)) for row in rows}) == 1


@pytest.mark.parametrize("kinds", [2000, 60_000])
def test_a_summary_fits_into_what_github_takes(kinds: int) -> None:
    test = make_test(limit("p95", 0.3))
    errors = [
        error_group("login", ErrorClass.SERVER, f"{each} " + "x" * 400) for each in range(kinds)
    ]
    plan = make_plan(test)
    run = make_run(plan, measure(test, {"login": [0.1] * 200}, errors=errors))
    text = summary_md(plan, run, judge_run(plan, run))
    assert len(text.encode()) <= LARGEST
    assert "more, in `requests.csv` and `junit.xml`" in text
    assert text.rstrip().endswith("</sub>")
