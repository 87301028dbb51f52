"""The site of a history: its files, what it says happened, and what a hostile store may not do."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from perfspec.baseline.record import Acceptance
from perfspec.judge.points import point_of
from perfspec.judge.steps import steps
from perfspec.report.html.events import events
from perfspec.report.html.history import History, history_pages
from perfspec.report.html.trend import trend
from tests.records import BEGIN, MACHINE, NAMES, record

OTHER = msgspec.structs.replace(MACHINE, cpu="EPYC")
SLOWER = tuple(
    point_of(record(each, slower={NAMES[1]: 1.4} if each >= 15 else None)) for each in range(30)
)


def accepted(day: float, test: str | None = "load") -> Acceptance:
    time = (BEGIN + timedelta(days=day)).isoformat()
    return Acceptance(time=time, test=test, by="jo", reason="TLS for all")


def test_there_is_a_page_for_each_test_and_an_index() -> None:
    spike = point_of(record(0, test="spike", environment="staging"))
    pages = history_pages(History("shop", (*SLOWER, spike), commit_url="https://x.test/commit/"))
    assert set(pages) == {"index.html", "load-local.html", "spike-staging.html"}
    assert 'href="load-local.html"' in pages["index.html"]
    assert "Performance of shop over time" in pages["index.html"]
    commit = f"https://x.test/commit/{15:040x}"
    assert f'<a href="{commit}"><code>0000000</code></a>' in pages["load-local.html"]
    assert "30 runs" in pages["load-local.html"]


def test_few_runs_tell_of_no_step() -> None:
    few = history_pages(History("", SLOWER[:1]))["load-local.html"]
    assert "1 run, 2026-11-01" in few
    assert "a step takes at least 8 runs" in few
    assert "level of p95" not in few
    assert "a step takes" not in history_pages(History("", SLOWER[:8]))["load-local.html"]


def test_an_empty_store_says_so() -> None:
    [(name, text)] = history_pages(History("", (), left_out=("a.json: it is damaged",))).items()
    assert name == "index.html"
    assert "No run is recorded yet" in text
    assert "left out: a.json: it is damaged" in text


def test_a_hostile_store_chooses_no_file() -> None:
    points = (
        point_of(record(0, test="../../etc/passwd")),
        point_of(record(1, test="../../ETC/passwd")),
        point_of(record(2, test="index", environment="")),
        point_of(record(3, test="<script>alert(1)</script>", commit="<img src=x>")),
    )
    pages = history_pages(History("", points))
    assert len(pages) == 5
    assert all("/" not in name and not name.startswith(".") for name in pages)
    assert all("<script>alert" not in text and "<img" not in text for text in pages.values())


def test_events_are_steps_acceptances_and_other_plans() -> None:
    points = [*SLOWER, point_of(record(30, fingerprint="0" * 16, machine=OTHER))]
    happened = events(
        points, steps(points), [accepted(16.5), accepted(3, "spike"), accepted(4, None)]
    )
    assert [(each.kind, each.at, each.subject) for each in happened] == [
        ("plan", 30, ""),
        ("accepted", 17, ""),
        ("slower", 15, NAMES[1]),
        ("accepted", 5, ""),
    ]
    slower = happened[2]
    assert slower.mark.startswith("p95 +")
    assert slower.commits == (f"{14:040x}", f"{15:040x}")
    assert " ms to " in slower.text
    assert happened[1].text == "TLS for all (jo)"


def test_a_step_on_another_machine_says_so() -> None:
    points = [*SLOWER[:15], *(msgspec.structs.replace(each, machine=OTHER) for each in SLOWER[15:])]
    [event] = events(points, steps(points), [])
    assert event.text.endswith("; the machine changed too")


def test_charts_have_a_value_for_each_run_and_the_events_of_their_endpoint() -> None:
    points, found = list(SLOWER), steps(SLOWER)
    drawn = trend(points, found, events(points, found, [accepted(3)]), ["A"] * 20 + ["B"] * 10)
    assert drawn.away == ((0, 20),)
    total, *others = drawn.subjects
    assert total.name == "all requests"
    assert {each.name for each in others} == set(NAMES)
    assert {
        len(line.values) for each in drawn.subjects for chart in each.charts for line in chart.lines
    } == {30}
    assert [each.label.split(" p95")[0] for each in total.marks] == [NAMES[1], "accepted"]
    own = {each.name: [mark.kind for mark in each.marks] for each in others}
    assert own[NAMES[1]] == ["slower", "accepted"]
    assert own[NAMES[0]] == ["accepted"]
