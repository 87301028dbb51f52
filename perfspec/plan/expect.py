"""What a plan foresees: requests of each endpoint, samples of each limit, data, bytes, time.

A closed model's rate depends on the target. The forecast assumes that every request takes
``ASSUMED_LATENCY_S``, and says so where it is shown. Arrivals depend on nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

from perfspec.plan.base import Value
from perfspec.plan.journey import (
    CloseStep,
    ConnectStep,
    GroupStep,
    MessageStep,
    MixStep,
    PythonStep,
    ReceiveStep,
    RequestStep,
    SetStep,
    StreamStep,
    ThinkStep,
)
from perfspec.plan.load import judged, peak_level, phases
from perfspec.plan.shares import persona_shares, split_users
from perfspec.plan.sizes import mean_body_size

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from perfspec.plan.journey import ChannelStep, Persona, Step
    from perfspec.plan.limits import During, Objective, Subject
    from perfspec.plan.load import Phase, Span
    from perfspec.plan.model import Plan, Test

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
            case ConnectStep() | MessageStep() | ReceiveStep() | StreamStep() | CloseStep():
                think += _over_channel(step, times, requests)
            case _:
                assert_never(step)
    return think


def _over_channel(step: ChannelStep, times: float, requests: dict[str, float]) -> float:
    """Add what goes over a connection; returns seconds that are no waiting for answers.

    Messages of a stream do not wait for one another.
    """
    n = times * _factor(step)
    think = 0.0 if step.options.think_s is None else n * _mean(step.options.think_s)
    match step:
        case StreamStep():
            each = math.ceil(step.for_s / step.every_s)
            requests[step.message] = requests.get(step.message, 0.0) + n * each
            think += n * (step.for_s - ASSUMED_LATENCY_S * each)
        case MessageStep():
            requests[step.message] = requests.get(step.message, 0.0) + n
        case ConnectStep():
            requests[step.channel] = requests.get(step.channel, 0.0) + n
        case ReceiveStep():
            name = f"{step.channel}.receive"
            requests[name] = requests.get(name, 0.0) + n
        case CloseStep():
            pass
    return think


def _factor(step: RequestStep | MixStep | GroupStep | ChannelStep) -> float:
    return step.options.chance * _mean(step.options.times)


def _mean(bounds: Sequence[float]) -> float:
    return (bounds[0] + bounds[1]) / 2


class Forecast:
    """What one test will do; every persona's journey is looked at once."""

    def __init__(self, test: Test) -> None:
        self._test = test
        self._calls = {each.name: one_journey(each) for each in test.personas}
        self._journeys: dict[During, dict[str, float]] = {}

    def requests(self) -> dict[str, float]:
        """Requests of each endpoint in the whole test, signing in and retries not counted."""
        journeys = self.journeys("whole")
        found: dict[str, float] = {}
        for name, calls in self._calls.items():
            for endpoint, n in calls.requests.items():
                found[endpoint] = found.get(endpoint, 0.0) + n * journeys[name]
        return found

    def samples(self, objective: Objective, untimed: Collection[str]) -> float | None:
        """Samples that the objective will see; None for files by class and for polls.

        A limit on times sees none of messages that are ``untimed``: nobody acknowledges them.
        """
        unseen = untimed if objective.metric.about_times else ()
        return self.samples_of(objective.subject, objective.during, unseen)

    def samples_of(
        self, subject: Subject, during: During, unseen: Collection[str] = ()
    ) -> float | None:
        """The same for a subject in some seconds."""
        if subject.file_class or subject.kind in {"poll", "monitor"}:
            return None
        journeys = self.journeys(during)
        total = sum(
            _matching(subject, calls, unseen) * journeys[name]
            for name, calls in self._calls.items()
            if subject.persona in {None, name}
        )
        if during == "whole" and subject.kind == "request":
            total += self._signing_in(subject)
        return total

    def journeys(self, during: During) -> dict[str, float]:
        """How many journeys of each persona begin in the judged seconds."""
        if during not in self._journeys:
            spans = judged(self._test.stages, during, self._test.warm_up_s)
            count = self._arriving if self._test.open_model else self._going_round
            self._journeys[during] = count(spans)
        return self._journeys[during]

    def users_needed(self) -> float:
        """Users who are busy at once at the highest arrival rate, on average (Little's law)."""
        shares = persona_shares(self._test.personas)
        mean_s = sum(share * self._calls[name].seconds for name, share in shares.items())
        return peak_level(self._test.stages) * mean_s

    def _arriving(self, spans: Sequence[Span]) -> dict[str, float]:
        total = level_seconds(self._test, spans)
        return {name: share * total for name, share in persona_shares(self._test.personas).items()}

    def _going_round(self, spans: Sequence[Span]) -> dict[str, float]:
        seconds = user_seconds(self._test, spans)
        return {
            name: seconds[name] / calls.seconds if calls.seconds > 0 else 0.0
            for name, calls in self._calls.items()
        }

    def _users_started(self) -> dict[str, float]:
        test = self._test
        if test.open_model is None:
            return users_started(test)
        needed = min(max(self.users_needed(), 1.0), test.open_model.max_users)
        return {name: share * needed for name, share in persona_shares(test.personas).items()}

    def _signing_in(self, subject: Subject) -> float:
        """Requests of ``on_start``, once for each user that starts; renewals are not foreseen."""
        started = self._users_started()
        found = 0.0
        for persona in self._test.personas:
            if subject.persona in {None, persona.name}:
                requests: dict[str, float] = {}
                _walk(persona.on_start, (0.0, 0.0), 1.0, requests, {})
                found += requests.get(subject.name, 0.0) * started[persona.name]
        return found


def level_seconds(test: Test, spans: Sequence[Span]) -> float:
    """The level added up over ``spans``: with arrivals, how many there are."""
    return sum(
        _overlap(phase, spans) * (phase.level_from + phase.level_to) / 2
        for phase in phases(test.stages)
    )


def user_seconds(test: Test, spans: Sequence[Span]) -> dict[str, float]:
    """How many seconds the users of each persona spend in ``spans`` together."""
    found = {each.name: 0.0 for each in test.personas}
    for phase in phases(test.stages):
        overlap = _overlap(phase, spans)
        if overlap > 0:
            levels = phase.level_from, phase.level_to
            ends = [split_users(test.personas, round(level)) for level in levels]
            for name in found:
                found[name] += overlap * (ends[0][name] + ends[1][name]) / 2
    return found


def users_started(test: Test) -> dict[str, float]:
    """How many users of each persona start in the whole test, jitter aside."""
    found = {each.name: 0.0 for each in test.personas}
    before = dict.fromkeys(found, 0)
    for stage in test.stages:
        now = split_users(test.personas, round(stage.level))
        for name in found:
            found[name] += max(0, now[name] - before[name])
        before = now
    return found


def _overlap(phase: Phase, spans: Sequence[Span]) -> float:
    return sum(
        max(0.0, min(phase.end_s, span.end_s) - max(phase.start_s, span.start_s)) for span in spans
    )


def _matching(subject: Subject, calls: Calls, unseen: Collection[str]) -> float:
    match subject.kind:
        case "total":
            return sum(n for name, n in calls.requests.items() if name not in unseen)
        case "journeys":
            return 1.0
        case "request" | "poll":
            return calls.requests.get(subject.name, 0.0)
        case "done":
            return calls.requests.get(subject.name.removesuffix(".done"), 0.0)
        case "monitor":
            return 0.0
        case "group":
            return calls.groups.get(subject.name, 0.0)
        case _:
            assert_never(subject.kind)


def bytes_sent(plan: Plan, requests: Mapping[str, float]) -> float:
    """Bytes of bodies that ``requests`` (by endpoint) send; templates count as they are written."""
    sizes = {each.name: mean_body_size(each.body, plan.files) for each in plan.endpoints}
    for channel in plan.channels:
        sizes |= {each.name: mean_body_size(each.body, plan.files) for each in channel.messages}
    chunks = {
        step.message: step.every_s * step.pcm.bytes_per_s
        for test in plan.tests
        for persona in test.personas
        for step in persona.life
        if isinstance(step, StreamStep) and step.pcm is not None
    }
    return sum(n * (sizes.get(name, 0.0) + chunks.get(name, 0.0)) for name, n in requests.items())
