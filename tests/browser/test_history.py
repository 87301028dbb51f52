"""The pages of `perfspec history` in a real browser: long histories, cursor, links, both schemes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from perfspec.judge.points import point_of
from perfspec.report.html.history import History, history_pages
from perfspec.units import format_latency
from tests.browser.test_report import AXE, DRAWN, figure, legend, names
from tests.records import MACHINE, NAMES, record

if TYPE_CHECKING:
    from perfspec.judge.points import Point
    from tests.browser.conftest import Open

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
OTHER = msgspec.structs.replace(MACHINE, cpu="EPYC")


@cache
def points() -> tuple[Point, ...]:
    return tuple(
        point_of(
            record(
                number,
                slower={NAMES[1]: 1.4} if number >= 20 else None,
                failed={NAMES[0]: 5} if number == 3 else None,
                machine=OTHER if number in {4, 5} else MACHINE,
            )
        )
        for number in range(40)
    )


@cache
def pages() -> dict[str, str]:
    return history_pages(History("shop", points(), commit_url="https://x.test/commit/"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "load-local.html"])
def test_nothing_serious_keeps_anybody_out(
    name: str, scheme: Literal["light", "dark"], opened: Open, axe: str
) -> None:
    page = opened(pages()[name], scheme=scheme).page
    assert [each for each in page.evaluate(DRAWN) if each["missing"]] == []
    page.evaluate(axe)
    assert page.evaluate(AXE) == []


def test_the_cursor_reads_the_run(opened: Open) -> None:
    page = opened(pages()["load-local.html"]).page
    plot = figure(page, "Latency").get_by_role("group")
    plot.press("End")
    last = points()[-1]
    shown = legend(figure(page, "Latency"))
    assert shown["run"] == f"{last.time[:10]} 00:00, 0000000, machine A"
    total = next(iter(last.numbers.values()))
    assert shown["p95"] == format_latency(total.latency["p95"])
    assert legend(figure(page, "Throughput"))["run"] == shown["run"]
    plot.press("Home")
    for _ in range(4):
        plot.press("ArrowRight")
    assert legend(figure(page, "Latency"))["run"].endswith("machine B")


def test_an_event_leads_to_the_charts_of_its_endpoint(opened: Open) -> None:
    page = opened(pages()["load-local.html"]).page
    changed = page.get_by_label("What changed").locator("tbody tr")
    assert changed.count() == 1
    assert "slower" in changed.inner_text()
    changed.get_by_role("button", name=NAMES[1]).click()
    assert page.locator("select").input_value() == NAMES[1]
    said = figure(page, "Latency").locator("figcaption").inner_text()
    assert "level of p95 from 65" in said


def test_runs_are_listed_and_found(opened: Open) -> None:
    page = opened(pages()["load-local.html"]).page
    page.get_by_text("All runs: 40").click()
    table = page.locator("table.runs")
    assert table.locator("tbody tr").count() == 40
    page.get_by_label("Filter runs").fill("2026-11-08")
    assert table.locator("tbody tr").filter(visible=True).count() == 1
    page.get_by_role("button", name="p95").first.click()
    assert names(page.locator("table.endpoints"))[:2] == ["all requests", NAMES[7]]


def test_a_phone_scrolls_in_one_direction(opened: Open) -> None:
    for text in pages().values():
        page = opened(text, width=360).page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
