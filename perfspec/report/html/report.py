"""``report.html``: verdict, why and what to do first; then everything that was measured."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from perfspec.judge.model import Outcome
from perfspec.report.changes import NOTHING
from perfspec.report.cost import measured_cost
from perfspec.report.escape import one_line
from perfspec.report.html.advise import steps
from perfspec.report.html.graphics import GAUGE_WIDTH, SPARK_HEIGHT, SPARK_WIDTH
from perfspec.report.html.page import render
from perfspec.report.html.repeat import repeat_command
from perfspec.report.html.view import test_view, why
from perfspec.report.plan_view import render_plan
from perfspec.report.tables import headline
from perfspec.units import counted, format_duration, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan

SIGNS = {
    Outcome.PASS: "✓",
    Outcome.WARN: "!",
    Outcome.INCONCLUSIVE: "?",
    Outcome.FAIL: "✗",
    Outcome.ERROR: "✗",
    Outcome.SKIPPED: "-",
}
PLAN_COLUMNS = 100


def report_html(plan: Plan, result: RunResult, verdict: Verdict) -> str:
    """The whole file; it needs no other one and no network."""
    results = {each.name: each for each in result.tests}
    ran = sum(each.status != "skipped" for each in result.tests)
    tests = [
        test_view(plan, results.get(each.name), each, tests=max(ran, 1)) for each in verdict.tests
    ]
    return render(
        "report.html.j2",
        data=[each.charts for each in tests if each.charts],
        title=one_line(headline(plan)),
        verdict=verdict,
        summary=one_line(verdict.summary, 2000),
        reasons=[why(each) for each in verdict.tests if each.reasons],
        steps=steps(plan, verdict),
        tests=tests,
        facts=dict(_facts(plan, result, verdict)),
        command=repeat_command(plan, result),
        plan_text=render_plan(plan, PLAN_COLUMNS),
        signs=SIGNS,
        nothing=NOTHING,
        gauge_width=GAUGE_WIDTH,
        spark_size=(SPARK_WIDTH, SPARK_HEIGHT),
    )


def _facts(plan: Plan, result: RunResult, verdict: Verdict) -> Iterator[tuple[str, str]]:
    machine = result.machine
    started, finished = (datetime.fromisoformat(each) for each in (result.started, result.finished))
    cores = counted(machine.cores, "core")
    yield "Run", result.run_id
    yield "Started", f"{started:%Y-%m-%d %H:%M:%S} UTC"
    yield "Took", format_duration((finished - started).total_seconds())
    yield "Target", one_line(plan.environment.url)
    yield "Environment", plan.environment.name
    yield "Spec", f"{one_line(plan.file)}, {plan.sequence}"
    yield "Plan", plan.fingerprint
    yield "Machine", f"{machine.cpu}, {cores}, {format_size(machine.memory)}"
    yield "System", machine.system
    yield "Load processes", str(machine.workers)
    tools = f"Python {machine.python}, Locust {machine.locust}, libcurl {machine.libcurl}"
    yield "Versions", f"perfspec {result.tool}, {tools}"
    cost = " ".join(measured_cost(plan, result))
    if cost:
        yield "Cost", cost.removeprefix("Cost: ")
    yield "Exit code", str(verdict.exit_code)
