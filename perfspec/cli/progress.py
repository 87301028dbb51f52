"""Words for a running test: where it is, its load, its errors, its limits so far."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfspec.judge.model import Outcome
from perfspec.judge.verdict import judge_test
from perfspec.judge.wording import level_text
from perfspec.measure.model import Window
from perfspec.measure.summary import seconds_of, summarise
from perfspec.measure.tries import as_run
from perfspec.plan.load import duration_s, phases
from perfspec.units import counted, format_count, format_duration, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Finding
    from perfspec.measure.collect import Collector
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Plan, Test

JUDGE_EVERY_S, JUDGE_EVERY = 5.0, 0.005  # the share of a long test: its windows take a while
WORDS = {
    Outcome.PASS: "kept",
    Outcome.WARN: "warning",
    Outcome.FAIL: "broken",
    Outcome.INCONCLUSIVE: "open",
}


class State:
    """The running test in numbers and words; limits are judged anew every few seconds.

    Those on monitors only at its end: until then their samples are on the way.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.test: Test | None = None
        self.position = ""
        self.findings: tuple[Finding, ...] = ()
        self.requests = 0
        self.errors: Counter[str] = Counter()
        self._judged_at = 0.0

    def begin(self, test: Test, number: int, count: int) -> None:
        self.test = test
        self.position = f"test {number} of {count}"
        self.findings = ()
        self.requests = 0
        self.errors = Counter()
        self._judged_at = 0.0

    def look(self, test: Test, collector: Collector) -> None:
        """Take note of a tick; to be called for each, since only what is new is counted."""
        for series in collector.recent[-1].series:
            if series.key.kind == "request":
                for window in series.windows:
                    self.requests += window.count
                    self.errors.update({each.value: n for each, n in window.errors.items()})
        pause = max(JUDGE_EVERY_S, JUDGE_EVERY * collector.edges[-1])
        if collector.at_s - self._judged_at >= pause:
            self._judged_at = collector.at_s
            findings = judge_test(test, collector.result("partial")).findings
            self.findings = tuple(each for each in findings if each.metric.kind != "sampled")


def time_text(test: Test, collector: Collector) -> str:
    """Stage and time: ``hold of 50 users, 42s of 1m15s, 33s left``."""
    at, whole = collector.at_s, duration_s(test.stages)
    spans = phases(as_run(test, collector.tries).stages)
    now = [each for each in spans if each.start_s < at <= each.end_s]
    stage = "ending"
    if now:
        word = "ramp to" if now[0].kind == "ramp" else "hold of"
        stage = f"{word} {level_text(test, now[0].level_to)}"
    left = format_duration(max(0, round(whole - at)))
    return f"{stage}, {format_duration(round(at))} of {format_duration(whole)}, {left} left"


def load_parts(collector: Collector) -> Iterator[str]:
    """Users, requests a second and p95, over the last ten seconds; where they arrive, journeys."""
    tick = collector.recent[-1]
    waiting = f" ({tick.users - tick.ready} signing in)" if tick.ready != tick.users else ""
    covered = seconds_of(collector.recent)
    if collector.test.open_model is None:
        yield f"{tick.users} of {counted(tick.planned, 'user')}{waiting}"
    else:
        ended = collector.recent_journeys()
        yield f"{format_count((ended.completed + ended.failed) / covered)} journeys/s"
        yield f"{tick.users} of at most {counted(tick.planned, 'user')}{waiting}"
        if ended.dropped:
            yield f"{counted(ended.dropped, 'journey')} dropped"
    recent = summarise(collector.recent_total(), covered)
    yield f"{format_count(recent.rate or 0)} requests/s"
    p95 = recent.quantiles.get("p95")
    yield f"p95 {'-' if p95 is None else format_latency(p95)}"


def errors_text(state: State) -> str:
    """Failures of the whole test by class: ``errors: server 12, timeout 3 (0.4%)``."""
    counts = state.errors
    if not counts:
        return "no errors"
    parts = [f"{each} {format_count(n)}" for each, n in counts.most_common()]
    return f"errors: {', '.join(parts)} ({format_share(counts.total() / state.requests)})"


def limits_text(findings: tuple[Finding, ...]) -> str:
    """How the limits stand: ``limits so far: 3 kept, 1 broken, 1 open``."""
    counts = Counter(each.outcome for each in findings)
    parts = [f"{counts[each]} {word}" for each, word in WORDS.items() if counts[each]]
    return f"limits so far: {', '.join(parts) or 'none judged yet'}"


def ended_text(result: TestResult) -> str:
    """How a test ended, and what it sent."""
    reason = f": {result.reason}" if result.reason else ""
    if result.status == "skipped":
        return f"skipped{reason}"
    total = Window(index=-1)
    for series in result.series:
        if series.key.kind == "request":
            for window in series.windows:
                total.merge(window)
    found = summarise(total, result.measured_s)
    status = "done" if result.status == "complete" else result.status
    return (
        f"{status} after {format_duration(result.measured_s)}, {counted(found.count, 'request')},"
        f" {format_count(found.failed)} failed{reason}"
    )
