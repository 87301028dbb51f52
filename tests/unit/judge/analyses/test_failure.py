"""How a target failed: what broke first, where, and what monitors saw then."""

from __future__ import annotations

import io
from html import unescape
from typing import TYPE_CHECKING

from rich.console import Console

from perfspec import jsonio
from perfspec.judge.verdict import judge_run, judge_test
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import AbortHit, ErrorGroup, Key
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import AbortLimit
from perfspec.plan.load import Stage
from perfspec.plan.metrics import metric_of
from perfspec.report.answers import failure_text
from perfspec.report.html.report import report_html
from perfspec.report.markdown import summary_md
from perfspec.report.terminal import FinalReport
from tests.results import limit, make_plan, make_run, make_test, place
from tests.series import spread, timeline

if TYPE_CHECKING:
    from perfspec.judge.model import Failure
    from perfspec.measure.model import TestResult
    from perfspec.plan.limits import Scale

STOP = AbortLimit(metric=metric_of("p95"), limit=0.5, place=place(70), origin="stop_when.p95")
TEST = make_test(
    limit("capacity", 10.0),
    stages=tuple(Stage(users=each, hold_s=20) for each in (10, 20, 40)),
    stop_when=(STOP,),
)
BREAKS_S = 40.0  # from here on there are 40 users, and everything takes ten times as long


def series(name: str, before: float, after: float | None, unit: Scale = "ratio") -> SampledSeries:
    values = [before if at < BREAKS_S else after for at in range(60)]
    return SampledSeries(name=name, unit=unit, at_s=[float(at) for at in range(60)], values=values)


def broken(*read: SampledSeries) -> TestResult:
    """Timeouts of ``order`` come first, resets of ``login`` later."""
    result = timeline(
        TEST,
        lambda at: spread(20, 1.0 if at >= BREAKS_S else 0.1),
        lambda at: {ErrorClass.TIMEOUT: 2} if at >= BREAKS_S else {},
    )
    result.monitors = [Monitored(name="api", every_s=1.0, series=list(read))]
    result.errors = [
        first("login", ErrorClass.RESET, 52.0),
        first("order", ErrorClass.TIMEOUT, 41.0),
    ]
    return result


def first(name: str, error: ErrorClass, at_s: float) -> ErrorGroup:
    key = Key(kind="request", name=name, persona="reader")
    return ErrorGroup(key=key, error=error, message="", count=20, first_s=at_s, first_users=9)


def failure_of(*read: SampledSeries) -> Failure:
    answer = judge_test(TEST, broken(*read)).capacity
    assert answer is not None
    assert answer.failure is not None
    return answer.failure


def test_monitored_shares_near_their_end_are_told_the_fullest_first() -> None:
    found = failure_of(
        series("memory", 0.5, 0.85),
        series("cpu", 0.3, 0.97),
        series("swap", 0.99, 0.1),  # it was full before, and is no more
        series("disk", 0.1, None),
        series("threads", 5.0, 500.0, "count"),
    )
    assert [(each.series, round(each.share, 2)) for each in found.busiest] == [
        ("api.cpu", 0.97),
        ("api.memory", 0.85),
    ]
    assert failure_text(found).endswith(
        "10% timeout on login, slowest login (p95 1.78 s, 10 x that at 10 users),"
        " api.cpu 97%, api.memory 85%"
    )


def test_every_report_says_how_it_failed_and_what_failed_first() -> None:
    plan = make_plan(TEST)
    run = make_run(plan, broken(series("cpu", 0.3, 0.97)))
    verdict = judge_run(plan, run)
    console = Console(file=io.StringIO(), width=500)
    console.print(FinalReport(plan, run, verdict))
    assert isinstance(console.file, io.StringIO)
    texts = {
        "terminal": console.file.getvalue(),
        "markdown": summary_md(plan, run, verdict).replace("\\", ""),
        "page": unescape(report_html(plan, run, verdict)),
    }
    for text in texts.values():
        words = " ".join(text.split())
        assert "It failed at 40 users: p95 1.78 s > 500 ms, 10% timeout on login" in words
        assert "api.cpu 97%" in words
        assert (
            "First errors: timeout on order after 41s at 40 users;"
            " reset on login after 52s at 40 users." in words
        )
    (test,) = jsonio.decode(jsonio.encode(verdict), type(verdict)).tests
    assert [(each.error, each.endpoint, each.at_s, each.users) for each in test.first_errors] == [
        ("timeout", "order", 41.0, 40),
        ("reset", "login", 52.0, 40),
    ]
    assert test.capacity is not None
    assert test.capacity.failure is not None
    assert test.capacity.failure.busiest[0].series == "api.cpu"


def test_what_only_the_running_test_saw_is_told() -> None:
    """Its ten seconds were other ones than those of the windows, in which nothing is beyond."""
    result = timeline(TEST, lambda _: spread(20, 0.1))
    hit = AbortHit(
        origin="stop_when.p95", metric="p95", limit=0.5, observed=0.6, requests=200, at_s=45.0
    )
    result.status, result.stopped = "stopped", hit
    found = judge_test(TEST, result).capacity
    assert found is not None
    assert found.failure is not None
    assert failure_text(found.failure).startswith("40 users: p95 600 ms > 500 ms")
