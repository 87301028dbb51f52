"""report.html in a real browser: it draws, answers, sorts, stays alone and can be read by everybody."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import pytest

from perfspec.judge.select import samples
from perfspec.judge.verdict import judge_run
from perfspec.measure.summary import summarise
from perfspec.plan.load import Span
from perfspec.report.html.report import report_html
from perfspec.units import format_count, format_latency
from tests.duets import duet_run
from tests.results import HOSTILE, TOTAL, bookshop_run, limit, make_plan, make_run, make_test
from tests.results import measure as measured
from tests.shapes import (
    failing_run,
    ladder_run,
    passing_run,
    six_hours_run,
    slower_than_before,
    spiky_run,
    undecided_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan
    from tests.browser.conftest import Open

    Run = Callable[[], tuple[Plan, RunResult]]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
TYPICAL: dict[str, Run] = {
    "pass": passing_run,
    "fail": failing_run,
    "inconclusive": undecided_run,
    "capacity": ladder_run,
    "several": bookshop_run,
    "spike": spiky_run,
    "duet": lambda: duet_run()[:2],
}
# the lines of each chart whose colour no pixel has, save those that a later line lies upon
DRAWN = """() => sections.flatMap((section) => section.charts.map((chart) => {
  const { left, top, width, height } = chart.bbox;
  const pixels = chart.ctx.getImageData(left, top, width, height).data;
  const seen = new Set();
  for (let at = 0; at < pixels.length; at += 4) seen.add(pixels.slice(at, at + 3).join());
  const title = chart.root.closest("figure").querySelector("figcaption").firstChild.data;
  const wanted = chart.series.slice(1).map((each) => {
    const numbers = (each.stroke(chart).match(/[\\d.]+/g) ?? []).map(Number);
    return numbers.slice(0, 3).join();
  });
  const below = (at) => chart.data.slice(at + 2).some((each) => each.join() === chart.data[at + 1].join());
  return { title, missing: wanted.filter((each, at) => !seen.has(each) && !below(at)) };
}))"""
AXE = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" | ")}`)"""


@cache
def page_of(run: Run) -> str:
    plan, result = run()
    comparisons = {"load": slower_than_before()} if run is failing_run else duet_run()[2]
    return report_html(plan, result, judge_run(plan, result, comparisons=comparisons))


@pytest.mark.parametrize("name", TYPICAL)
def test_every_chart_draws(name: str, opened: Open) -> None:
    page = opened(page_of(TYPICAL[name])).page
    drawn: list[dict[str, Any]] = page.evaluate(DRAWN)
    titles = {each["title"] for each in drawn}
    assert {"Latency", "Throughput", "Users", "Histogram of the judged latencies"} <= titles
    assert len(drawn) >= 8
    assert [each for each in drawn if each["missing"]] == []


def test_the_cursor_reads_what_was_measured(opened: Open) -> None:
    plan, run = failing_run()
    page = opened(report_html(plan, run, judge_run(plan, run))).page
    plot = figure(page, "Latency").locator(".u-over")
    plot.scroll_into_view_if_needed()
    plot.hover(position={"x": 500, "y": 40})
    at = page.evaluate("() => sections[0].charts[0].cursor.idx")
    start, end = page.evaluate("at => sections[0].test.edges.slice(at, at + 2)", at)
    window = summarise(samples(run.tests[0], TOTAL, [Span(start_s=start, end_s=end)]), end - start)
    shown = legend(figure(page, "Latency"))
    assert shown["p95"] == format_latency(window.quantiles["p95"])
    assert shown["p50"] == format_latency(window.quantiles["p50"])
    assert window.rate is not None
    throughput = legend(figure(page, "Throughput"))  # the other charts follow the cursor
    assert throughput["requests"] == f"{format_count(window.rate)}/s"
    assert throughput["time"] == shown["time"]


def test_a_chosen_endpoint_is_drawn(opened: Open) -> None:
    plan, run = failing_run()
    page = opened(report_html(plan, run, judge_run(plan, run))).page
    page.get_by_role("button", name="get_book").click()
    assert page.locator("select").input_value() == "get_book"
    said = figure(page, "Latency").locator("figcaption").inner_text()
    page.locator("select").select_option("order")
    assert figure(page, "Latency").locator("figcaption").inner_text() != said


def test_keys_move_the_cursor(opened: Open) -> None:
    page = opened(page_of(failing_run)).page
    plot = figure(page, "Latency").get_by_role("group")
    plot.press("End")
    last = legend(figure(page, "Users"))
    plot.press("Home")
    first = legend(figure(page, "Users"))
    plot.press("ArrowRight")
    assert first["time"] == "0s to 1s"
    assert last["time"] == "2m44s to 2m45s"
    assert legend(figure(page, "Users"))["time"] == "1s to 2s"


def test_charts_zoom_together_and_back(opened: Open) -> None:
    page = opened(page_of(failing_run)).page
    ranges = "() => sections[0].charts.slice(0, 4).map(({ scales: { x } }) => [x.min, x.max])"
    whole = page.evaluate(ranges)
    plot = figure(page, "Latency").locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 30, steps=4)
    page.mouse.up()
    zoomed = page.evaluate(ranges)
    assert all(low > 0 and high < 165 for low, high in zoomed)
    assert zoomed == [zoomed[0]] * len(zoomed)
    page.get_by_role("button", name="Whole test").click()
    page.wait_for_function(f"JSON.stringify(({ranges})()) === '{whole}'.replaceAll(' ', '')")
    assert page.get_by_role("button", name="Whole test").is_hidden()


def test_tables_sort(opened: Open) -> None:
    page = opened(page_of(failing_run)).page
    table = page.locator("table.endpoints")
    table.get_by_role("button", name="p95").click()
    slowest_first = names(table)
    table.get_by_role("button", name="p95").click()
    assert slowest_first == ["all requests", "order", "login", "list_books", "get_book"]
    assert names(table) == ["all requests", *reversed(slowest_first[1:])]
    table.locator("thead").get_by_role("button", name="endpoint").click()
    assert names(table)[1:] == sorted(slowest_first[1:])
    assert table.locator("[aria-sort=ascending]").inner_text().startswith("endpoint")


def test_tables_filter(opened: Open) -> None:
    page = opened(page_of(failing_run)).page
    page.get_by_label("Filter endpoints of load").fill("BOOK")
    table = page.locator("table.endpoints")
    assert names(table) == ["list_books", "get_book"]
    page.get_by_label("Filter endpoints of load").fill("")
    assert len(names(table)) == 5


def test_what_was_found_out_beside_the_limits_is_told(opened: Open) -> None:
    failed = opened(page_of(failing_run)).page
    budgets = failed.get_by_label("Budgets of load").locator("tbody tr")
    assert "beyond the budget" in budgets.first.inner_text()
    assert budgets.count() == 3
    assert "changed by +21%, budget +10%" in failed.get_by_label("Why").inner_text()
    assert failed.get_by_label("Monitors of load").locator("tbody tr").count() == 2
    assert legend(figure(failed, "Monitor pool"))["connections"] == "–"  # noqa: RUF001  (what the page shows)
    duet = opened(page_of(TYPICAL["duet"])).page
    assert duet.get_by_role("heading", name="Head against base").is_visible()
    assert duet.locator("svg.past").count() == 18
    assert "p95 of the base" in legend(figure(duet, "Latency"))
    capacity = opened(page_of(ladder_run)).page
    levels = capacity.get_by_label("Levels of capacity").locator("tbody tr")
    assert [each.inner_text().split()[0] for each in levels.all()] == [
        "20", "40", "60", "80", "100", "120", "140",
    ]  # fmt: skip
    assert levels.last.inner_text().endswith("broken")
    assert capacity.get_by_text("Capacity: 120 users; broken at 140.").is_visible()
    ladder = figure(capacity, "Latency by level")
    ladder.get_by_role("group").press("End")
    assert legend(ladder) == {"users": "140", "p95": "2.08 s", "broken": "2.08 s"}
    ladder.get_by_role("group").press("ArrowLeft")
    assert legend(ladder)["broken"] == "–"  # noqa: RUF001  (what the page shows)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", TYPICAL)
def test_nothing_serious_keeps_anybody_out(
    name: str, scheme: Literal["light", "dark"], opened: Open, axe: str
) -> None:
    page = opened(page_of(TYPICAL[name]), scheme=scheme).page
    page.evaluate(axe)
    assert page.evaluate(AXE) == []


def test_a_phone_scrolls_in_one_direction(opened: Open) -> None:
    page = opened(page_of(bookshop_run), width=360).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("Math.max(...sections[0].charts.map((each) => each.width))") <= 360


def test_the_other_scheme_has_other_colours(opened: Open) -> None:
    page = opened(page_of(failing_run)).page
    pixels = "() => sections[0].charts[0].ctx.canvas.toDataURL()"
    light = page.evaluate(pixels)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => ({pixels})() !== light", arg=light)


def test_a_printed_page_is_light_and_has_no_controls(opened: Open) -> None:
    page = opened(page_of(failing_run), scheme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.locator(".filter").first.is_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("colour('ink')") == "rgb(27, 33, 41)"
    assert page.evaluate("sections[0].charts[0].width") == 640
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.style.colorScheme") == ""


def test_foreign_text_stays_text(opened: Open) -> None:
    hostile = "</script><script>window.caught = 1</script><img src=x onerror='window.caught = 2'>"
    test = make_test(limit("p95", 0.1, on=hostile), say=hostile, advice=(HOSTILE,))
    plan = make_plan(test, name=hostile)
    result = measured(test, {hostile: [0.2] * 300}, status="partial", reason=hostile)
    run = make_run(plan, result, problem=HOSTILE)
    page = opened(report_html(plan, run, judge_run(plan, run))).page
    assert page.evaluate("window.caught") is None
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 0
    assert hostile in page.locator("h1").inner_text()
    assert names(page.locator("table.endpoints"))[1] == hostile
    assert page.locator("select option").nth(1).inner_text() == hostile


def test_the_policy_lets_no_other_script_run(browser: Browser, tmp_path: Path) -> None:
    text = page_of(failing_run)
    path = tmp_path / "page.html"
    path.write_text(text.replace("</body>", "<script>window.caught = 1</script></body>"), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("window.caught") is None
    assert page.evaluate("sections.length") == 1
    refused = page.evaluate(
        "fetch('https://example.com').then(() => 'reached', (error) => error.name)"
    )
    assert refused == "TypeError"
    page.close()


def test_six_hours_of_twenty_endpoints_are_a_small_page(opened: Open) -> None:
    text = page_of(six_hours_run)
    assert len(text.encode()) < 500_000
    page = opened(text).page
    assert page.locator("select option").count() == 21
    assert page.evaluate("sections[0].test.edges.length") > 200


def figure(page: Page, title: str) -> Locator:
    caption = page.locator("figcaption").filter(has_text=title)
    return page.locator("figure").filter(has=caption).first


def legend(of: Locator) -> dict[str, str]:
    rows = of.locator(".u-series")
    return {
        row.locator(".u-label").inner_text(): row.locator(".u-value").inner_text()
        for row in rows.all()
    }


def names(table: Locator) -> list[str]:
    return [each.inner_text() for each in table.locator("tbody th").all() if each.is_visible()]
