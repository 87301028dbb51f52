"""The rows of every report, in words with units: what terminal and markdown show alike.

Nothing is judged here: outcomes, limits and reasons are the verdict's, numbers the result's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.judge.model import Outcome
from perfspec.judge.select import health_in, journeys_in, samples, seconds
from perfspec.judge.wording import amount, bound
from perfspec.measure.histogram import Histogram
from perfspec.measure.summary import summarise
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span
from perfspec.units import counted, format_count, format_duration, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfspec.judge.model import Finding, TestVerdict
    from perfspec.measure.model import ErrorGroup, Key, TestResult
    from perfspec.measure.summary import Summary
    from perfspec.plan.model import Plan, Test

NOTHING = "-"
TOTAL, JOURNEYS = Subject(kind="total"), Subject(kind="journeys")
SERVICE = ("p50", "p95", "p99")
KINDS = ("request", "poll", "done", "group")
GRAVEST_FIRST = tuple(reversed(Outcome))


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One series in the judged seconds; a number without samples is a dash."""

    name: str
    requests: str
    errors: str
    rate: str
    p50: str
    p95: str
    p99: str
    max: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One limit. ``place`` is ``file:line`` of the spec; ``interval`` is empty for a fact."""

    outcome: Outcome
    subject: str
    metric: str
    value: str
    interval: str
    limit: str
    samples: str
    reason: str
    place: str
    origin: str
    requirement: str


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Failures that read alike; ``first`` says when and at how many users they began.

    ``body`` is how one of the answers began, or empty.
    """

    endpoint: str
    error: str
    count: str
    message: str
    body: str
    first: str


def endpoint_rows(plan: Plan, result: TestResult, judged: Sequence[Span]) -> list[EndpointRow]:
    """All requests together, then each series in the order of the plan."""
    return [
        _endpoint_row(str(each) + (", whole test" if whole else ""), found)
        for each, found, whole in endpoint_numbers(plan, result, judged)
    ]


def endpoint_numbers(
    plan: Plan, result: TestResult, judged: Sequence[Span]
) -> Iterator[tuple[Subject, Summary, bool]]:
    """Each series in the judged seconds, or over the whole test (True).

    That is where something happened only outside the judged seconds (signing in).
    """
    whole = (Span(start_s=0, end_s=result.measured_s),)
    for each in subjects(plan, result):
        found = summarise(samples(result, each, judged), seconds(judged))
        if found.count or not judged:
            yield each, found, False
            continue
        everything = summarise(samples(result, each, whole), seconds(whole))
        yield (each, everything, True) if everything.count else (each, found, False)


def subjects(plan: Plan, result: TestResult) -> tuple[Subject, ...]:
    """Everything that has numbers: the total, endpoints and their polls, groups, file classes."""
    order = {each.name: index for index, each in enumerate(plan.endpoints)}

    def position(key: Key) -> tuple[int, int, str, str]:
        owner = key.name.removesuffix(".poll").removesuffix(".done")
        where = order.get(owner, len(order)) if key.kind != "group" else len(order)
        return where, KINDS.index(key.kind), key.name, key.file_class or ""

    found = [TOTAL]
    for key in sorted((each.key for each in result.series), key=position):
        found.append(Subject(kind=key.kind, name=key.name))
        if key.file_class is not None:
            found.append(Subject(kind=key.kind, name=key.name, file_class=key.file_class))
    return tuple(dict.fromkeys(found))


def finding_rows(findings: Iterable[Finding]) -> list[FindingRow]:
    """The gravest first, else in the order of the verdict."""
    rows = [finding_row(each) for each in findings]
    return sorted(rows, key=lambda each: GRAVEST_FIRST.index(each.outcome))


def finding_row(finding: Finding) -> FindingRow:
    """One limit in words."""
    observed = finding.observed
    return FindingRow(
        outcome=finding.outcome,
        subject=str(finding.subject),
        metric=finding.metric.name,
        value=NOTHING if observed is None else amount(finding.metric, observed),
        interval=_interval(finding),
        limit=_limit(finding),
        samples=counted(finding.samples, "sample"),
        reason=finding.reason,
        place=f"{finding.place.file}:{finding.place.line}",
        origin=finding.origin,
        requirement=finding.requirement or "",
    )


def error_rows(groups: Iterable[ErrorGroup]) -> list[ErrorRow]:
    """The commonest first, as the result has them; texts are as they came: escape them."""
    return [
        ErrorRow(
            endpoint=each.key.name,
            error=each.error,
            count=format_count(each.count),
            message=each.message,
            body=each.body or "",
            first=f"{format_duration(each.first_s)}, {counted(each.first_users, 'user')}",
        )
        for each in groups
    ]


def judged_text(verdict: TestVerdict) -> str:
    """Which seconds the limits looked at: ``10s to 1m``, with their sum where they are apart."""
    if not verdict.judged:
        return "no second"
    if verdict.comparison is not None and verdict.comparison.duet is not None:
        each = format_duration(verdict.judged[0].end_s - verdict.judged[0].start_s)
        return f"the last {each} of each block"
    spans = [
        f"{format_duration(each.start_s)} to {format_duration(each.end_s)}"
        for each in verdict.judged
    ]
    whole = format_duration(seconds(verdict.judged))
    return ", ".join(spans) + (f" ({whole} in all)" if len(spans) > 1 else "")


def generator_text(result: TestResult, verdict: TestVerdict) -> str:
    """How busy the generator was, how late, and what it had to cut off."""
    parts = []
    health = health_in(result, verdict.judged)
    if health:
        busiest = max(each.cpu_max for each in health)
        longest = max(each.hub_delay_us for each in health) / 1e6
        parts.append(f"load generator: at most {format_share(round(busiest, 2))} of a core")
        parts.append(f"longest stall {format_latency(longest)}")
    waits = Histogram.total(each.waits for each in health if each.waits is not None)
    if waits.count:
        waited = format_latency(waits.quantile(0.95) or 0.0)
        parts.append(f"answers waited for it {waited} (p95, taken off)")
    late = samples(result, TOTAL, verdict.judged).lateness
    if late is not None:
        parts.append(f"late by {format_latency(late.quantile(0.99) or 0.0)} (p99)")
    if result.overrun:
        cut_off = counted(result.overrun, "request")
        parts.append(f"{cut_off} cut off at the end, counted nowhere")
    return "; ".join(parts)


def journeys_text(test: Test, result: TestResult, verdict: TestVerdict) -> str:
    """What became of the journeys of the judged seconds; where they arrive, the service time too.

    Latency then counts from when a request should have been sent.
    """
    found = journeys_in(result, JOURNEYS, verdict.judged)
    n = found.completed + found.failed
    share = f" ({format_share(found.failed / n)})" if found.failed else ""
    parts = [
        f"{format_count(found.completed)} completed",
        f"{format_count(found.failed)} failed{share}",
    ]
    if found.cut_off:
        parts.append(f"{format_count(found.cut_off)} cut off at the end, no failures")
    held = max((each.open_connections for each in health_in(result, verdict.judged)), default=0)
    if held:
        parts.append(f"up to {counted(round(held), 'connection')} open")
    if test.open_model is None:
        return f"journeys: {', '.join(parts)}"
    dropped = format_share(found.dropped / found.due) if found.dropped else "0"
    parts.append(f"{dropped} dropped")
    service = summarise(samples(result, TOTAL, verdict.judged), seconds(verdict.judged)).service
    times = ", ".join(f"{name} {format_latency(service[name])}" for name in SERVICE if service)
    return f"journeys: {', '.join(parts)}" + (f"; service time {times}" if times else "")


def headline(plan: Plan) -> str:
    """What was tested where."""
    return f"{plan.name} on {plan.environment.name}"


def advice_lines(verdict: TestVerdict) -> Iterator[str]:
    """What the spec says to who reads a test that did not pass."""
    if verdict.say:
        yield verdict.say
    if verdict.advice:
        yield f"Advice: {'; '.join(verdict.advice)}"


def _endpoint_row(name: str, of: Summary) -> EndpointRow:
    latency = {name: format_latency(value) for name, value in of.quantiles.items()}
    share = f" ({format_share(of.error_rate)})" if of.failed and of.error_rate else ""
    return EndpointRow(
        name=name,
        requests=format_count(of.count),
        errors=f"{format_count(of.failed)}{share}",
        rate=NOTHING if of.rate is None else f"{format_count(of.rate)}/s",
        p50=latency.get("p50", NOTHING),
        p95=latency.get("p95", NOTHING),
        p99=latency.get("p99", NOTHING),
        max=NOTHING if of.max_s is None else format_latency(of.max_s),
    )


def _interval(finding: Finding) -> str:
    low = None if finding.low is None else amount(finding.metric, finding.low)
    high = None if finding.high is None else amount(finding.metric, finding.high)
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else ""


def _limit(finding: Finding) -> str:
    """Both bounds, so that no reader has to guess which one spoke."""
    if finding.fail is None:
        return f"{bound(finding.metric, finding.limit)} (warns only)"
    text = bound(finding.metric, finding.fail)
    if finding.warn is None:
        return text
    return f"{text}, warns beyond {amount(finding.metric, finding.warn)}"
