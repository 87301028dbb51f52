"""A plan for readers: what will run, drawn and counted, before anything is sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.judge.wording import amount, level_text
from perfspec.plan.budget import BaselineRule
from perfspec.plan.expect import ASSUMED_LATENCY_S, Forecast, bytes_sent
from perfspec.plan.load import duration_s, judged, level_at, phases
from perfspec.plan.model import RowsGenerated
from perfspec.plan.shares import persona_shares, split_users
from perfspec.report.changes import allowed
from perfspec.report.cost import planned_cost
from perfspec.report.escape import visible
from perfspec.units import (
    counted,
    format_count,
    format_duration,
    format_latency,
    format_share,
    format_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfspec.plan.budget import Budget
    from perfspec.plan.limits import AbortLimit, Metric, Objective
    from perfspec.plan.load import Span
    from perfspec.plan.model import Plan, Test

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = " ..--==##"
MARGIN = 12
_NARROWEST = 40  # below, a terminal breaks the lines
LONG_S = 600  # from here on seconds alone are hard to read
_DURING = {"hold": "", "ramp": " (in ramps)", "all": " (ramps too)", "whole": " (whole test)"}


def render_plan(plan: Plan, width: int = 80, *, unicode: bool = True) -> str:
    """The whole plan as text of about ``width`` columns; ``unicode`` False for old terminals."""
    width = max(width, _NARROWEST)
    lines = [*_head(plan), *_tests(plan, width, _BLOCKS if unicode else _ASCII), ""]
    text = "\n".join(map(visible, lines))
    return text if unicode else text.replace("±", "+-")


def _head(plan: Plan) -> Iterator[str]:
    yield f"{plan.name}: {plan.sequence}, environment {plan.environment.name}"
    yield f"  target    {plan.environment.url}"
    others = plan.environment.hosts[1:]
    if others:
        yield f"            also {', '.join(others)}"
    for service in plan.environment.services:
        ready = f", ready at {service.ready.method} {service.ready.url}" if service.ready else ""
        yield f"  service   {service.name}: {service.run}{ready}"
    if plan.hooks_before is not None:
        yield f"  before    {plan.hooks_before.run}"
    if plan.hooks_after is not None:
        yield f"  after     {plan.hooks_after.run}"
    for source in plan.data:
        rows = (
            f"{counted(source.source.rows, 'row')}, generated"
            if isinstance(source.source, RowsGenerated)
            else source.source.path
        )
        yield f"  data      {source.name}: {rows}, {source.pick}"
    for files in plan.files:
        yield f"  files     {files.name}: {', '.join(each.name for each in files.classes)}"
    for monitor in plan.monitors:
        where = f": {monitor.absent}" if monitor.absent else ""
        every = format_duration(monitor.every_s)
        yield f"  monitor   {monitor.name}, {len(monitor.series)} series every {every}{where}"
    seconds = sum(duration_s(test.stages) for test in plan.tests)
    tests = counted(len(plan.tests), "test")
    yield f"  in all    {tests}, {format_duration(seconds)} of load, fingerprint {plan.fingerprint}"
    for index, line in enumerate(planned_cost(plan)):
        yield f"  {'' if index else 'cost':<10}{line.removeprefix('Cost: ')}"


def _tests(plan: Plan, width: int, blocks: str) -> Iterator[str]:
    for test in plan.tests:
        yield ""
        yield from _load(test, width, blocks)
        yield from _requests(plan, test, width)
        yield from _limits(test, width)
        yield from _budgets(plan, test, width)


def _load(test: Test, width: int, blocks: str) -> Iterator[str]:
    seconds = duration_s(test.stages)
    peak = counted(test.peak_users, "user")
    scaled = f", {format_share(test.time_scale)} of its time" if test.time_scale < 1 else ""
    most = "" if test.search is None else "at most "
    yield f"{test.name}: {most}{format_duration(seconds)}, at most {peak}{scaled}"
    yield f"  |{curve(test, min(width, 100) - 4, blocks)}|"
    yield from _listed("stages", _stages(test), width)
    yield from _who(test, width)
    spans = judged(test.stages, "hold", test.warm_up_s)
    shown = " and ".join(_span(each) for each in spans[:4])
    more = f" and {len(spans) - 4} more" if len(spans) > 4 else ""
    yield f"  judged    {shown or 'nothing'}{more}"
    if test.needs:
        yield f"  needs     {', '.join(test.needs)}"
    if test.on_fail == "stop":
        yield "  on fail   the rest is skipped"
    for limit in test.abort:
        yield f"  aborts    {_end_text(limit)}"
    for limit in test.stop_when:
        yield f"  stops     {_end_text(limit)}"


def _who(test: Test, width: int) -> Iterator[str]:
    """Whole users, or the share of the journeys and how many users they are expected to need."""
    if test.open_model is None:
        counts = split_users(test.personas, test.peak_users)
        yield from _listed("users", (f"{name} {n}" for name, n in counts.items()), width)
        return
    shares = persona_shares(test.personas)
    texts = (f"{name} {format_share(round(share, 4))}" for name, share in shares.items())
    yield from _listed("journeys", texts, width)
    needed = format_count(round(Forecast(test).users_needed(), 1))
    yield f"  users     ~{needed} busy at once, at most {test.open_model.max_users}"
    finish = format_duration(test.open_model.finish_within_s)
    yield f"  finish    journeys under way at the end have {finish} more"


def _listed(title: str, items: Iterable[str], width: int) -> Iterator[str]:
    """``title`` and the items; a line that would be too long goes on below, between two items."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 3 + MARGIN <= width:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    for index, line in enumerate(lines):
        start = f"  {title}" if index == 0 else ""
        yield f"{start:<{MARGIN}}{line}{',' if index < len(lines) - 1 else ''}"


def _span(span: Span) -> str:
    if span.end_s < LONG_S:
        return f"{span.start_s:g}-{span.end_s:g} s"
    return f"{format_duration(span.start_s)} to {format_duration(span.end_s)}"


def curve(test: Test, width: int, blocks: str = _BLOCKS) -> str:
    """The load over time in ``width`` characters, the highest level as the tallest block."""
    spans = phases(test.stages)
    total = duration_s(test.stages)
    levels = [level_at(spans, (column + 0.5) * total / width) for column in range(width)]
    top = max(levels) or 1.0
    last = len(blocks) - 1
    return "".join(blocks[math.ceil(level * last / top - 1e-9)] for level in levels)


def _stages(test: Test) -> Iterator[str]:
    if test.search is not None:
        stage = test.stages[0]
        yield f"a search from {test.search.low} to {counted(test.search.high, 'user')}"
        yield f"{counted(len(test.stages), 'level')} at most"
        yield f"each in {format_duration(stage.ramp_s)} for {format_duration(stage.hold_s)}"
        yield f"the first with {stage.users}"
        return
    for stage in test.stages:
        ramp = f" in {format_duration(stage.ramp_s)}" if stage.ramp_s else ""
        hold = f" for {format_duration(stage.hold_s)}" if stage.hold_s else ""
        by = f" ±{format_share(stage.jitter.by)}" if stage.jitter else ""
        chance = ", by chance" if stage.spacing == "poisson" else ""
        yield f"{level_text(test, stage.level)}{chance}{by}{ramp}{hold}"


def _requests(plan: Plan, test: Test, width: int) -> Iterator[str]:
    seconds = duration_s(test.stages)
    by_endpoint = Forecast(test).requests()
    total = sum(by_endpoint.values())
    sent = bytes_sent(plan, by_endpoint)
    assumed = format_latency(ASSUMED_LATENCY_S)
    most = "" if test.search is None else "at most "
    yield f"  expected  {most}{_about(total, 'request')}, {format_size(sent)} of bodies"
    assumption = "" if test.open_model else f"if each takes {assumed}; "
    yield f"            ({assumption}sign-in and retries not counted)"
    names = max((len(name) for name in by_endpoint), default=0)
    for name, n in by_endpoint.items():
        rate = f"{format_count(n / seconds)}/s"
        yield f"    {name:<{min(names, width - 30)}}  {_about(n):>10}  {rate:>10}"


def _limits(test: Test, width: int) -> Iterator[str]:
    rows = [_row(each) for each in test.objectives]
    yield f"  limits    {len(rows)}"
    yield from _aligned(rows, width)


def _budgets(plan: Plan, test: Test, width: int) -> Iterator[str]:
    """What is compared, and with what; nothing where there is no budget."""
    if not test.budgets:
        return
    rule = plan.baseline or BaselineRule()
    past = f"with up to {counted(rule.most, 'run')} of {rule.compare_with} in {rule.store}"
    other = "in a duet with another commit (--base)"
    yield f"  budgets   {len(test.budgets)}, compared {other if test.compare == 'duet' else past}"
    rows = [
        (str(each.subject), _budget_text(test, each), "", str(each.place)) for each in test.budgets
    ]
    yield from _aligned(rows, width)


def _budget_text(test: Test, budget: Budget) -> str:
    """``throughput -5%``, and that nothing compares it where that is so."""
    unseen = test.compare == "duet" and budget.metric.kind == "throughput"
    never = " (not compared in a duet)" if unseen else ""
    return f"{budget.metric.name} {allowed(budget)}{never}"


def _aligned(rows: Sequence[tuple[str, str, str, str]], width: int) -> Iterator[str]:
    lengths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for who, limit, samples, place in rows:
        line = f"    {who:<{lengths[0]}}  {limit:<{lengths[1]}}  {samples:>{lengths[2]}}"
        if len(line) + 2 + len(place) <= width:
            yield f"{line}  {place}"
        else:
            yield line.rstrip()
            yield f"      {place}"


def _row(each: Objective) -> tuple[str, str, str, str]:
    samples = "" if each.expected is None else _about(each.expected, "sample")
    parts = []
    if each.warn is not None:
        parts.append(f"warn {_limit_text(each.metric, each.warn)}")
    if each.fail is not None:
        text = _limit_text(each.metric, each.fail)
        parts.append(text if each.warn is None else f"fail {text}")
    limit = ", ".join(parts)
    if each.within_s is not None:
        limit += f" within {format_duration(each.within_s)}"
    if each.cap == "warn":
        limit += " (warns only)"
    limit += _DURING[each.during]
    return str(each.subject), limit, samples, str(each.place)


def _end_text(limit: AbortLimit) -> str:
    series = f"{limit.series} " if limit.series else ""
    return f"{series}{_limit_text(limit.metric, limit.limit)} over 10 s ({limit.place})"


def _limit_text(metric: Metric, limit: float) -> str:
    return f"{metric.name} {'>=' if metric.at_least else '<='} {amount(metric, limit)}"


def _about(number: float, noun: str = "") -> str:
    rounded = round(number) if number >= 10 else round(number, 1)
    return f"~{counted(rounded, noun) if noun else format_count(rounded)}"


def forecasts(tests: Sequence[Test]) -> dict[str, dict[str, float]]:
    """Expected requests of each endpoint by test: what ``plan --json`` adds to the plan."""
    return {
        test.name: {name: round(n, 1) for name, n in Forecast(test).requests().items()}
        for test in tests
    }
