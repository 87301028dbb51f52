"""What a plan foresees: requests of each endpoint, samples of each limit, data, bytes, time.

A closed model's rate depends on the target. The forecast assumes that every request takes
``ASSUMED_LATENCY_S``, and says so where it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from perfspec.plan.base import Value
from perfspec.plan.journey import (
    GroupStep,
    MixStep,
    PythonStep,
    RequestStep,
    SetStep,
    ThinkStep,
)
from perfspec.plan.load import judged, phases
from perfspec.plan.shares import split_users
from perfspec.plan.sizes import mean_body_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfspec.plan.journey import Persona, Step
    from perfspec.plan.limits import During, Objective, Subject
    from perfspec.plan.load import Span
    from perfspec.plan.model import Plan, Test
    from perfspec.plan.request import Endpoint

ASSUMED_LATENCY_S = 0.1


class Calls(Value, frozen=True, kw_only=True):
    """Means of one pass of a journey: calls by endpoint, groups by name, and its seconds."""

    requests: dict[str, float]
    groups: dict[str, float]
    seconds: float


def one_journey(persona: Persona) -> Calls:
    """What one pass of the persona's journey does, steps that depend on a condition included."""
    requests: dict[str, float] = {}
    groups: dict[str, float] = {}
    think = _walk(persona.journey, persona.think_s, 1.0, requests, groups)
    seconds = think + ASSUMED_LATENCY_S * sum(requests.values())
    return Calls(requests=requests, groups=groups, seconds=seconds)


def _walk(
    steps: Sequence[Step],
    think_s: tuple[float, float],
    times: float,
    requests: dict[str, float],
    groups: dict[str, float],
) -> float:
    """Add the calls of ``steps``, taken ``times`` on average; returns seconds of think time."""
    think = 0.0
    for step in steps:
        match step:
            case ThinkStep():
                think += times * _mean(step.think_s)
            case SetStep():
                pass
            case RequestStep():
                n = times * _factor(step)
                requests[step.endpoint] = requests.get(step.endpoint, 0.0) + n
                think += n * _mean(step.options.think_s or think_s)
            case MixStep():
                n = times * _factor(step)
                total = sum(weight for _, weight in step.choices)
                for name, weight in step.choices:
                    requests[name] = requests.get(name, 0.0) + n * weight / total
                think += n * _mean(step.options.think_s or think_s)
            case GroupStep():
                n = times * _factor(step)
                groups[step.name] = groups.get(step.name, 0.0) + n
                inner = step.options.think_s or think_s
                think += _walk(step.steps, inner, n, requests, groups)
            case PythonStep():
                pass
            case _:
                assert_never(step)
    return think


def _factor(step: RequestStep | MixStep | GroupStep) -> float:
    return step.options.chance * _mean(step.options.times)


def _mean(bounds: Sequence[float]) -> float:
    return (bounds[0] + bounds[1]) / 2


class Forecast:
    """What one test will do; every persona's journey is looked at once."""

    def __init__(self, test: Test) -> None:
        self._test = test
        self._calls = {each.name: one_journey(each) for each in test.personas}
        self._seconds: dict[During, dict[str, float]] = {}

    def requests(self) -> dict[str, float]:
        """Requests of each endpoint in the whole test, signing in and retries not counted."""
        seconds = self._user_seconds("whole")
        found: dict[str, float] = {}
        for name, calls in self._calls.items():
            for endpoint, n in calls.requests.items():
                journeys = seconds[name] / calls.seconds if calls.seconds > 0 else 0.0
                found[endpoint] = found.get(endpoint, 0.0) + n * journeys
        return found

    def samples(self, objective: Objective) -> float | None:
        """Samples that the objective will see; None for files by class and for polls."""
        subject = objective.subject
        if subject.file_class or subject.kind == "poll":
            return None
        seconds = self._user_seconds(objective.during)
        total = sum(
            _matching(subject, calls) * seconds[name] / calls.seconds
            for name, calls in self._calls.items()
            if subject.persona in {None, name} and calls.seconds > 0
        )
        if objective.during == "whole" and subject.kind == "request":
            total += self._signing_in(subject)
        return total

    def _user_seconds(self, during: During) -> dict[str, float]:
        """How many seconds the users of each persona spend in the judged seconds together."""
        if during not in self._seconds:
            test = self._test
            spans = judged(test.stages, during, test.warm_up_s)
            self._seconds[during] = user_seconds(test, spans)
        return self._seconds[during]

    def _signing_in(self, subject: Subject) -> float:
        """Requests of ``on_start``, once for each user that starts; renewals are not foreseen."""
        started = users_started(self._test)
        found = 0.0
        for persona in self._test.personas:
            if subject.persona in {None, persona.name}:
                requests: dict[str, float] = {}
                _walk(persona.on_start, (0.0, 0.0), 1.0, requests, {})
                found += requests.get(subject.name, 0.0) * started[persona.name]
        return found


def user_seconds(test: Test, spans: Sequence[Span]) -> dict[str, float]:
    """How many seconds the users of each persona spend in ``spans`` together."""
    found = {each.name: 0.0 for each in test.personas}
    for phase in phases(test.stages):
        overlap = sum(
            max(0.0, min(phase.end_s, span.end_s) - max(phase.start_s, span.start_s))
            for span in spans
        )
        if overlap > 0:
            ends = [split_users(test.personas, n) for n in (phase.users_from, phase.users_to)]
            for name in found:
                found[name] += overlap * (ends[0][name] + ends[1][name]) / 2
    return found


def users_started(test: Test) -> dict[str, int]:
    """How many users of each persona start in the whole test, jitter aside."""
    found = {each.name: 0 for each in test.personas}
    before = dict(found)
    for stage in test.stages:
        now = split_users(test.personas, stage.users)
        for name in found:
            found[name] += max(0, now[name] - before[name])
        before = now
    return found


def _matching(subject: Subject, calls: Calls) -> float:
    match subject.kind:
        case "total":
            return sum(calls.requests.values())
        case "request" | "poll":
            return calls.requests.get(subject.name, 0.0)
        case "done":
            return calls.requests.get(subject.name.removesuffix(".done"), 0.0)
        case "group":
            return calls.groups.get(subject.name, 0.0)
        case _:
            assert_never(subject.kind)


def bytes_sent(plan: Plan, requests: Mapping[str, float]) -> float:
    """Bytes of bodies that ``requests`` (by endpoint) send; templates count as they are written."""
    by_name: dict[str, Endpoint] = {each.name: each for each in plan.endpoints}
    return sum(n * mean_body_size(by_name[name], plan.files) for name, n in requests.items())
