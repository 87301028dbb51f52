"""Mistakes that show only when load and journeys come together: nothing judged, too few samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.errors import Diagnostic
from perfspec.plan.compile.journeys import endpoints_of
from perfspec.plan.expect import ASSUMED_LATENCY_S, Forecast, one_journey
from perfspec.plan.journey import (
    CloseStep,
    GroupStep,
    SetStep,
    StreamStep,
    ThinkStep,
    every_step,
)
from perfspec.plan.load import RECOVERY_WINDOW_S, duration_s, judged, peak_level, peak_of
from perfspec.plan.model import RowsGenerated
from perfspec.plan.shares import most_users, split_users
from perfspec.units import counted, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.plan.base import Place
    from perfspec.plan.budget import Budget
    from perfspec.plan.journey import Step
    from perfspec.plan.limits import Metric, Objective, Subject
    from perfspec.plan.model import OpenModel, Plan, Test


def check_plan(plan: Plan) -> tuple[Diagnostic, ...]:
    """Errors and warnings about the tests of a plan, in reading order."""
    found = {each for test in plan.tests for each in _check(plan, test)}
    return tuple(sorted(found))


def _check(plan: Plan, test: Test) -> Iterator[Diagnostic]:
    if not test.personas:
        yield _error(test.place, "PS301", f"no step is left in test {test.name!r}", _NO_STEP)
        return
    if peak_level(test.stages) == 0 or duration_s(test.stages) == 0:
        yield _error(test.place, "PS302", f"test {test.name!r} has no load", _NO_LOAD)
        return
    yield from _nothing_judged(test)
    yield from _failures_unseen(test)
    yield from _without_end(plan, test)
    yield from _recovery(test)
    yield from _capacity(test)
    yield from _few_samples(test)
    yield from _few_to_compare(test)
    yield from _small_pools(plan, test)
    yield from _still_levels(test)
    if test.open_model is None:
        yield from _users(test)
        yield from _hammering(test)
        yield from _doing_nothing(test)
    else:
        yield from _too_few_users(test, test.open_model)


_NO_STEP = "only, without and --tags leave no request to any persona"
_NO_LOAD = "give a stage a level above 0 and a ramp or hold"


def _nothing_judged(test: Test) -> Iterator[Diagnostic]:
    unjudged = [
        each for each in test.objectives if not judged(test.stages, each.during, test.warm_up_s)
    ]
    if not test.objectives and not test.budgets:
        message = f"no limit judges test {test.name!r}: its verdict would be inconclusive"
        yield _warning(test.place, "PS311", message, "add an slo to it, to an endpoint or the root")
    for each in unjudged:
        during = each.during
        message = f"nothing would be judged: test {test.name!r} has no {during} after the warm-up"
        hint = "add a hold" if during == "hold" else "choose another `during`"
        yield _error(test.place if during == "hold" else each.place, "PS303", message, hint)


def _failures_unseen(test: Test) -> Iterator[Diagnostic]:
    """What is refused at once is the quickest answer of all: times alone see no broken target."""
    limits = [*(each.metric for each in test.objectives), *(each.metric for each in test.budgets)]
    ends = [each.metric for each in (*test.abort, *test.stop_when)]
    if any(each.about_times for each in limits) and not any(map(_counts_failures, limits + ends)):
        message = f"no limit of test {test.name!r} counts failures: what is refused is quick"
        yield _warning(test.place, "PS310", message, "add error_rate: 1% to its slo")


def _counts_failures(metric: Metric) -> bool:
    return metric.kind == "share" and metric.of != "arrivals"


def _without_end(plan: Plan, test: Test) -> Iterator[Diagnostic]:
    messages = (each for channel in plan.channels for each in channel.messages)
    untimed = {each.name for each in messages if each.ack is None}
    limits: list[Objective | Budget] = [*test.objectives, *test.budgets]
    for each in limits:
        if each.metric.about_times and each.subject.name in untimed:
            message = f"{each.subject} has no ack, so nobody can say how long it took"
            yield _error(each.place, "PS335", message, "write ack: …, or choose other endpoints")


def _recovery(test: Test) -> Iterator[Diagnostic]:
    for each in test.objectives:
        if each.metric.kind != "recovery":
            continue
        peak = peak_of(test.stages)
        if peak is None or peak.before is None or peak.after is None:
            missing = "before" if peak is None or peak.before is None else "after"
            message = f"test {test.name!r} holds no lower level {missing} its highest"
            hint = f"add a stage {missing} it, such as - {{ users: 5, ramp: 10s, hold: 2m }}"
            yield _error(each.place, "PS305", message, hint)
            continue
        rest_s = duration_s(test.stages) - peak.highest.end_s
        limit_s = max(each.fail or 0.0, each.warn or 0.0)
        if test.time_scale == 1 and rest_s < limit_s + RECOVERY_WINDOW_S:
            message = (
                f"only {format_duration(rest_s)} follow the highest level of test {test.name!r}:"
                f" too short to see that recovering takes more than {format_duration(limit_s)}"
            )
            yield _warning(each.place, "PS318", message, "hold the last stage longer")


def _capacity(test: Test) -> Iterator[Diagnostic]:
    for each in test.objectives:
        if each.metric.kind != "capacity":
            continue
        highest = peak_level(test.stages)
        most = max(each.fail or 0.0, each.warn or 0.0)
        if not test.stop_when:
            message = f"test {test.name!r} looks for no capacity"
            yield _error(each.place, "PS306", message, "add stop_when: { error_rate: 5% } to it")
        elif each.subject.kind != "total" or each.subject.persona:
            message = f"capacity is that of the whole test {test.name!r}, not of {each.subject}"
            yield _error(each.place, "PS306", message, "choose tests only")
        elif highest < most:
            message = (
                f"test {test.name!r} goes up to {counted(highest, 'user')}: it cannot show {most:g}"
            )
            yield _error(each.place, "PS306", message, "add a higher stage")


def _few_samples(test: Test) -> Iterator[Diagnostic]:
    for each in test.objectives:
        quantile = each.metric.kind == "quantile"
        if each.expected is None or not quantile or each.expected >= each.min_samples:
            continue
        count = counted(round(each.expected, 1), "sample")
        message = (
            f"about {count} of {each.subject} are expected in test {test.name!r}, "
            f"{each.metric.name} needs {each.min_samples}"
        )
        yield _warning(each.place, "PS312", message, "hold longer, or use more users")


def _few_to_compare(test: Test) -> Iterator[Diagnostic]:
    """Of each endpoint the budget that needs most; a duet takes as long as it needs."""
    if test.compare == "duet":
        return
    needed: dict[Subject, Budget] = {}
    for each in test.budgets:
        known = needed.get(each.subject)
        if known is None or each.min_samples > known.min_samples:
            needed[each.subject] = each
    forecast = Forecast(test)
    for subject, budget in needed.items():
        expected = forecast.samples_of(subject, "hold")
        if expected is None or expected >= budget.min_samples:
            continue
        started = forecast.samples_of(subject, "whole") or 0.0
        if started and not expected:
            message = (
                f"{subject} is sent as users start and by no journey, about"
                f" {counted(round(started, 1), 'time')} in test {test.name!r}: comparing its"
                f" {budget.metric.name} needs {budget.min_samples} in its holds"
            )
            hint = "give it an slo, which looks at the whole test, or call it in a journey"
        else:
            message = (
                f"about {counted(round(expected, 1), 'sample')} of {subject} are expected in test"
                f" {test.name!r}, comparing its {budget.metric.name} needs {budget.min_samples}"
            )
            hint = "hold longer, use more users, or give the budget its own min_samples"
        yield _warning(budget.place, "PS312", message, hint)


def _small_pools(plan: Plan, test: Test) -> Iterator[Diagnostic]:
    users = most_users(test)
    for source in plan.data:
        if source.pick != "unique" or not isinstance(source.source, RowsGenerated):
            continue
        own = sum(users[each.name] for each in test.personas if each.data == source.name)
        need = min(own, test.peak_users)
        if need > source.source.rows:
            message = (
                f"data {source.name!r} has {counted(source.source.rows, 'row')}, "
                f"test {test.name!r} needs {need}: one for each user"
            )
            yield _error(test.place, "PS304", message, "generate more rows, or pick: round_robin")


def _users(test: Test) -> Iterator[Diagnostic]:
    peak = test.peak_users
    fixed = sum(each.users or 0 for each in test.personas)
    if fixed > peak:
        asked = counted(fixed, "user")
        message = f"personas ask for {asked}, test {test.name!r} has at most {peak}"
        yield _warning(test.place, "PS313", message, "raise the users of the test")
    idle = [name for name, n in split_users(test.personas, peak).items() if n == 0]
    if idle and fixed <= peak:
        among = counted(peak, "user")
        message = f"no user of {', '.join(idle)} runs in test {test.name!r} with {among}"
        yield _warning(test.place, "PS314", message, "use more users, or a larger share")


def _still_levels(test: Test) -> Iterator[Diagnostic]:
    for stage in test.stages:
        if stage.jitter is not None and stage.hold_s == 0:
            yield _warning(test.place, "PS315", "jitter needs a hold to move in", "add a hold")


def _too_few_users(test: Test, model: OpenModel) -> Iterator[Diagnostic]:
    needed = math.ceil(Forecast(test).users_needed())
    if needed > model.max_users:
        message = (
            f"test {test.name!r} needs about {counted(needed, 'user')} for its arrivals, and"
            f" max_users is {model.max_users}: journeys would be dropped"
        )
        yield _warning(test.place, "PS317", message, f"write max_users: {2 * needed}")


def _hammering(test: Test) -> Iterator[Diagnostic]:
    for persona in test.personas:
        calls = one_journey(persona)
        requests = sum(calls.requests.values())
        think = calls.seconds - ASSUMED_LATENCY_S * requests
        paced = any(isinstance(each, StreamStep) for each in every_step(persona.journey))
        if requests > 0 and think <= 0 and endpoints_of(persona.journey) and not paced:
            message = f"{persona.name!r} never thinks: it sends as fast as the target answers"
            yield _warning(persona.journey[0].place, "PS316", message, "add think: 1s..5s")


def _doing_nothing(test: Test) -> Iterator[Diagnostic]:
    for persona in test.personas:
        if not any(map(_always_takes_time, persona.journey)):
            message = f"a journey of {persona.name!r} may end without a request or a pause"
            hint = "add a step that is never left out, such as - think: 1s"
            yield _warning(persona.journey[0].place, "PS319", message, hint)


def _always_takes_time(step: Step) -> bool:
    """Whether a step sends or waits in every pass; what Python does cannot be told."""
    match step:
        case ThinkStep():
            return step.think_s[1] > 0
        case SetStep() | CloseStep():
            return False
        case _ if step.options.only_if is not None or step.options.chance < 1:
            return False
        case GroupStep():
            return step.options.times[0] > 0 and any(map(_always_takes_time, step.steps))
        case _:
            return step.options.times[0] > 0


def _error(place: Place, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(place.file, place.line, place.column, code, message, hint)


def _warning(place: Place, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(place.file, place.line, place.column, code, message, hint, warning=True)
