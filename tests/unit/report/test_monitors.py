"""What monitors read, in every report."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from perfspec.judge.verdict import judge_run
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.report.markdown import summary_md
from perfspec.report.monitors import monitors_csv
from perfspec.report.terminal import FinalReport
from tests.results import HOSTILE, limit, make_plan, make_run, make_test, measure

TEST = make_test(limit("error_rate", 0.01), hold_s=4.0, warm_up_s=1.0)
PLAN = make_plan(TEST)


def monitored() -> list[Monitored]:
    cpu = SampledSeries(
        name="cpu", unit="ratio", at_s=[0.5, 1.5, 2.5, 3.5], values=[0.9, 0.25, None, 0.35]
    )
    rss = SampledSeries(name="rss", unit="bytes", at_s=[1.5], values=[123_456_789.0])
    api = Monitored(name="api", every_s=1.0, series=[cpu, rss], problems=[HOSTILE])
    gone = Monitored(name="db", every_s=1.0, absent="its address is empty in environment local")
    return [api, gone]


def reported() -> tuple[str, str, str]:
    """Terminal, Markdown and CSV."""
    measured = measure(TEST, {"login": [0.1] * 100})
    measured.monitors = monitored()
    run = make_run(PLAN, measured)
    verdict = judge_run(PLAN, run)
    stream = StringIO()
    Console(file=stream, width=100, color_system=None).print(FinalReport(PLAN, run, verdict))
    return stream.getvalue(), summary_md(PLAN, run, verdict), monitors_csv(run)


def test_the_judged_seconds_in_numbers_and_what_is_missing() -> None:
    terminal, markdown, _ = reported()
    [line] = [line for line in terminal.splitlines() if "api.cpu" in line]
    assert line.split() == ["api.cpu", "30%", "35%", "1", "of", "3"]
    assert "| `api.cpu` | 30% | 35% | 1 of 3 |" in markdown
    assert "| `api.rss` | 123 MB | 123 MB |  |" in markdown


def test_what_could_not_be_read_is_told_and_harmless() -> None:
    terminal, summary, _ = reported()
    assert "<script>" not in summary
    for text in (terminal, summary):
        assert "its address is empty in environment local" in text
        assert "Monitor api" in text
        assert "\x1b[31m" not in text


def test_the_csv_has_every_reading_and_an_empty_cell_for_a_missing_one() -> None:
    assert reported()[2].splitlines() == [
        "test,monitor,series,unit,at_s,value",
        "load,api,cpu,ratio,0.500,0.9",
        "load,api,cpu,ratio,1.500,0.25",
        "load,api,cpu,ratio,2.500,",
        "load,api,cpu,ratio,3.500,0.35",
        "load,api,rss,bytes,1.500,123456789",
    ]
