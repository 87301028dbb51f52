"""From findings to one verdict for each test and one exit code for the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

from perfspec.errors import Exit, UsageError
from perfspec.judge.analyses.analyse import analyse
from perfspec.judge.analyses.capacity import capacity
from perfspec.judge.analyses.failure import first_errors
from perfspec.judge.bounds import beyond
from perfspec.judge.budgets import budgets_said, of_budgets
from perfspec.judge.diagnosis import diagnose
from perfspec.judge.model import Finding, Outcome, TestVerdict, Verdict
from perfspec.judge.select import joined, measured, samples, seconds
from perfspec.judge.slo import Judge
from perfspec.judge.unfinished import with_unfinished
from perfspec.judge.validity import TOTAL, Validity, check, unready
from perfspec.judge.wording import amount, bound
from perfspec.measure.tries import as_run
from perfspec.plan.load import Span, duration_s, judged
from perfspec.units import counted, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfspec.judge.model import Comparison
    from perfspec.measure.model import AbortHit, RunResult, TestResult
    from perfspec.plan.model import Plan, Test

Mapped = Literal["pass", "fail"]
SLACK_S, SLACK_SHARE = 1.5, 0.1  # the last tick may come a little before the end
GRAVITY = {outcome: rank for rank, outcome in enumerate(Outcome)}
EXITS = {
    Outcome.SKIPPED: Exit.NO_VERDICT,
    Outcome.PASS: Exit.OK,
    Outcome.WARN: Exit.OK,
    Outcome.INCONCLUSIVE: Exit.NO_VERDICT,
    Outcome.FAIL: Exit.FAIL,
    Outcome.ERROR: Exit.BROKEN,
}
SAID = {
    Outcome.SKIPPED: "skipped",
    Outcome.PASS: "passed",
    Outcome.WARN: "passed with warnings",
    Outcome.INCONCLUSIVE: "could not be decided",
    Outcome.FAIL: "failed",
    Outcome.ERROR: "broke",
}
WORSE = frozenset({"regression", "unconfirmed", "real"})
MAPPED = {"pass": Exit.OK, "fail": Exit.FAIL}
WORDS = {
    Outcome.ERROR: "not readable",
    Outcome.FAIL: "broken",
    Outcome.INCONCLUSIVE: "not decided",
    Outcome.WARN: "with a warning",
}


def judge_run(
    plan: Plan,
    result: RunResult,
    *,
    inconclusive: Mapped | None = None,
    comparisons: Mapping[str, Comparison] = {},
) -> Verdict:
    """The verdict of all tests together: the worst of them, skipped ones not counted.

    ``comparisons`` are what the baseline says of tests with budgets, by their names.

    ``inconclusive`` says what the exit code makes of "no verdict" (``--inconclusive``); the outcome
    stays. Raises UsageError for a result that was measured with another plan.
    """
    if result.plan_fingerprint != plan.fingerprint:
        msg = (
            "the result was measured with another plan: what is measured has changed since, not"
            " only how it is judged; run again"
        )
        raise UsageError(msg)
    found = {each.name: each for each in result.tests}
    tests = tuple(
        _judge_or_miss(each, found.get(each.name), result, comparisons.get(each.name))
        for each in plan.tests
    )
    outcome = worst(each.outcome for each in tests)
    if result.interrupted:  # what passed before is not the whole
        outcome = worst((outcome, Outcome.INCONCLUSIVE))
    if result.problem is not None:
        outcome = Outcome.ERROR
    code = EXITS[outcome]
    if code is Exit.NO_VERDICT and inconclusive:
        code = MAPPED[inconclusive]
    if result.interrupted:
        code = Exit.INTERRUPTED
    return Verdict(
        tool=result.tool,
        run_id=result.run_id,
        outcome=outcome,
        exit_code=int(code),
        summary=_summary(tests, result),
        tests=tests,
    )


def judge_test(test: Test, result: TestResult, comparison: Comparison | None = None) -> TestVerdict:
    """One test: first whether it can be judged at all, then every limit and every budget of it."""
    if result.status == "skipped":
        reason = result.reason or "The test was skipped."
        return TestVerdict(
            name=test.name, outcome=Outcome.SKIPPED, reasons=(reason,), place=test.place
        )
    test = as_run(test, result.tries)
    wanted = _judged_spans(test)
    spans = measured(result, wanted)
    validity = check(test, result, spans)
    findings = _findings(test, result, validity)
    lacking = None if result.status == "stopped" else unready(test, result, spans)
    comparison = _decided(comparison, result, validity.invalid or lacking)
    missing = None if result.status == "stopped" else _missing(wanted, spans) or lacking
    anything = _measured(result, spans, findings, comparison)
    whole = missing is None and anything
    outcome = _outcome(result, validity, findings, comparison, whole=whole)
    reasons = (
        validity.invalid,
        _status(test, result) or missing,
        _said_by(findings, comparison, result, validity, anything=anything),
        budgets_said(comparison) if comparison is not None and not validity.invalid else None,
    )
    passed = outcome is Outcome.PASS
    evident = result.whole and _evident(findings, comparison)
    blamed = outcome is Outcome.FAIL or result.target_ended or evident
    return TestVerdict(
        name=test.name,
        outcome=outcome,
        reasons=() if passed else tuple(each for each in reasons if each),
        invalid=validity.invalid,
        findings=findings,
        comparison=comparison,
        judged=spans,
        warm_up_s=test.warm_up_s,
        capacity=capacity(test, result),
        first_errors=first_errors(result),
        diagnoses=diagnose(test, result, findings),
        say=test.say if blamed else None,
        advice=test.advice if blamed else (),
        place=test.place,
    )


def _evident(findings: Iterable[Finding], comparison: Comparison | None) -> bool:
    """Whether something is beyond a limit or worse than before: too few samples blame nobody."""
    crossed = (
        each.outcome is Outcome.WARN
        and each.observed is not None
        and beyond(each.metric, each.observed, each.limit)
        for each in findings
    )
    changes = () if comparison is None else comparison.changes
    worse = (each.outcome is Outcome.WARN and each.state in WORSE for each in changes)
    return any(crossed) or any(worse)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The gravest; ``skipped`` if there is none or none that counts."""
    return max(outcomes, key=GRAVITY.__getitem__, default=Outcome.SKIPPED)


def _judge_or_miss(
    test: Test, result: TestResult | None, run: RunResult, comparison: Comparison | None
) -> TestVerdict:
    if result is not None:
        return judge_test(test, result, comparison)
    ended = run.interrupted or run.problem is not None
    return TestVerdict(
        name=test.name,
        outcome=Outcome.SKIPPED if ended else Outcome.ERROR,
        reasons=("The run ended before this test." if ended else "There is no result of it.",),
        place=test.place,
    )


def _judged_spans(test: Test) -> tuple[Span, ...]:
    """The seconds that limits look at, those of ``hold`` where there is no limit.

    Limits on what happens only at a user's start look at the whole test; they do not count here
    beside others, or the ramps would look judged.
    """
    every = {each.during for each in test.objectives}
    every = every - {"whole"} or every or {"hold"}
    for widest in ("whole", "all"):
        if widest in every:
            every = {widest}
    spans = [span for each in sorted(every) for span in judged(test.stages, each, test.warm_up_s)]
    return joined(spans)


def _findings(test: Test, result: TestResult, validity: Validity) -> tuple[Finding, ...]:
    """Every limit; none of them is decided by the numbers of a test that broke or is invalid."""
    judge = Judge(test, result, validity.delay_s)
    found = [
        analyse(test, result, each)
        if each.metric.analysis
        else with_unfinished(test, result, each, judge.judge(each))
        for each in test.objectives
    ]
    reason = validity.invalid
    if result.status == "broken":
        reason = reason or "the test broke, so its numbers decide nothing"
    if reason is None:
        return tuple(found)
    undecided = {"outcome": Outcome.INCONCLUSIVE, "reason": reason, "thin": False}
    return tuple(msgspec.structs.replace(each, **undecided) for each in found)


def _decided(
    comparison: Comparison | None, result: TestResult, reason: str | None
) -> Comparison | None:
    """Only a whole and valid run is compared with others; ``reason`` says why it is none."""
    if not result.whole:
        reason = reason or "the test was not measured to its end"
    if comparison is None or reason is None:
        return comparison
    changes = tuple(
        msgspec.structs.replace(
            each, outcome=Outcome.INCONCLUSIVE, state="undecided", reason=reason
        )
        for each in comparison.changes
    )
    return msgspec.structs.replace(comparison, changes=changes, suspect=False, busy=False)


def _missing(wanted: Sequence[Span], spans: Sequence[Span]) -> str | None:
    whole, part = seconds(wanted), seconds(spans)
    if whole - part <= min(SLACK_S, SLACK_SHARE * whole):
        return None
    text = format_duration(whole)
    return f"Only {format_duration(part)} of {text} that are to be judged were measured."


def _outcome(
    result: TestResult,
    validity: Validity,
    findings: Sequence[Finding],
    comparison: Comparison | None,
    *,
    whole: bool,
) -> Outcome:
    if result.status == "broken" or validity.broken:
        return Outcome.ERROR
    if result.status == "aborted":
        return Outcome.FAIL
    outcome = worst((*(each.outcome for each in findings), *of_budgets(comparison)))
    if validity.invalid or not whole:
        return worst((outcome, Outcome.INCONCLUSIVE))
    return outcome


def _measured(
    result: TestResult,
    spans: Sequence[Span],
    findings: Sequence[Finding],
    comparison: Comparison | None,
) -> bool:
    """Budgets may have nothing to compare with (``missing``), but something to compare."""
    if any(each.samples for each in findings):
        return True
    asked = comparison is not None and bool(comparison.changes)
    return asked and samples(result, TOTAL, spans).count > 0


def _said_by(
    findings: Sequence[Finding],
    comparison: Comparison | None,
    result: TestResult,
    validity: Validity,
    *,
    anything: bool,
) -> str | None:
    if not findings and comparison is None:
        return "The test states no limit, so there is nothing to judge."
    if not anything:
        return "Nothing was measured in the judged seconds."
    if validity.invalid or result.status == "broken":
        return None
    counts = Counter(each.outcome for each in findings)
    parts = [f"{counts[each]} {word}" for each, word in WORDS.items() if counts[each]]
    every = counted(len(findings), "limit")
    return f"Of {every} {', '.join(parts)}." if parts else None


def _status(test: Test, result: TestResult) -> str | None:
    if result.whole:
        return None
    if result.abort is not None:
        return _aborted(test, result.abort)
    planned = format_duration(duration_s(test.stages))
    what = {"partial": "was stopped", "broken": "broke", "aborted": "was ended"}[result.status]
    why = f": {result.reason.rstrip('.')}" if result.reason else ""
    return f"The test {what} after {format_duration(result.measured_s)} of {planned}{why}."


def _aborted(test: Test, hit: AbortHit) -> str:
    """The plan knows the metric's unit, unless it was changed since the run."""
    limit = next((each for each in test.abort if each.origin == hit.origin), None)
    when = f"The test was ended after {format_duration(hit.at_s)}"
    if limit is None:
        return f"{when} by a limit on {hit.metric} that {hit.origin} stated then."
    metric, counted = limit.metric, "readings" if limit.series else "requests"
    counted = "journeys" if metric.about_journeys else counted
    return (
        f"{when}: {limit.what} was {amount(metric, hit.observed)} over 10 s ({hit.requests}"
        f" {counted}), and {hit.origin} allows {bound(metric, hit.limit)}."
    )


def _summary(tests: Sequence[TestVerdict], result: RunResult) -> str:
    """One sentence on the run, then one on its tests, the gravest first."""
    parts = []
    if result.problem is not None:
        parts.append(f"The run broke: {result.problem.rstrip('.')}.")
    if result.interrupted:
        parts.append("Interrupted: what was measured is judged as partial.")
    groups = []
    for outcome in sorted(Outcome, key=GRAVITY.__getitem__, reverse=True):
        names = [each.name for each in tests if each.outcome is outcome]
        if names:
            groups.append(f"{', '.join(names)} {SAID[outcome]}")
    parts.append(f"{'; '.join(groups)}." if groups else "No test ran.")
    return " ".join(parts)
