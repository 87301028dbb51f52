"""Steps of a journey: options, groups, mixes, think time, variables, Python functions."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from time import perf_counter
from typing import TYPE_CHECKING, assert_never

from perfspec.errors import RunError
from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass
from perfspec.plan.channel import channel_of
from perfspec.plan.journey import (
    CloseStep,
    ConnectStep,
    GroupStep,
    MessageStep,
    MixStep,
    Options,
    PythonStep,
    ReceiveStep,
    RequestStep,
    SetStep,
    StreamStep,
    ThinkStep,
)
from perfspec.run.driver.compile.call import compile_call
from perfspec.run.driver.compile.channel import compile_close, compile_connect, compile_find
from perfspec.run.driver.compile.message import Courier, compile_message
from perfspec.run.driver.compile.receive import compile_receive
from perfspec.run.driver.compile.request import Manner, compile_request
from perfspec.run.driver.compile.stream import compile_stream
from perfspec.run.driver.transports.origins import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfspec.expr import Scope
    from perfspec.plan.base import JsonValue
    from perfspec.plan.journey import ChannelStep
    from perfspec.plan.journey import Step as PlanStep
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.recorder import SeriesBuffer

Think = tuple[float, float]


class StepCompiler:
    """Compiles steps of one persona. ``think_s`` is None where users do not think of themselves."""

    def __init__(self, bench: Bench, credentials: SignIn | None, think_s: Think | None) -> None:
        self._bench = bench
        self._credentials = credentials
        self._think_s = think_s

    def sequence(self, steps: Sequence[PlanStep]) -> Step:
        """All steps in order, up to the first that fails."""
        compiled = [self._step(each) for each in steps]

        def run(me: Actor) -> bool:
            for step in compiled:  # noqa: SIM110  (all() with a generator takes twice as long)
                if not step(me):
                    return False
            return True

        return compiled[0] if len(compiled) == 1 else run

    def request(
        self, name: str, think_s: Think | None = None, *, keep_response: bool = False
    ) -> Step:
        """One call of an endpoint; with ``keep_response`` its answer stays with the actor."""
        endpoint = self._bench.plan.endpoint(name)
        manner = Manner(think_s, keep_response=keep_response)
        try:
            return compile_request(self._bench, endpoint, self._credentials, manner)
        except (ExpressionError, RefusedError) as error:
            msg = f"{endpoint.place}: endpoint {name!r}: {error}"
            raise RunError(msg) from None

    def _step(self, step: PlanStep) -> Step:
        match step:
            case RequestStep():
                once = self.request(step.endpoint, self._think(step.options))
                return self._with_options(step.options, once, step.endpoint)
            case GroupStep():
                once = self._group(step)
                return self._with_options(step.options, once, step.name)
            case MixStep():
                name = " or ".join(each for each, _ in step.choices)
                return self._with_options(step.options, self._mix(step), name)
            case ThinkStep():
                return self._pause(step.think_s)
            case SetStep():
                fault = self._bench.series("request", "set")
                return _setting(self._bench, fault, self._assignment(step.values))
            case PythonStep():
                once = compile_call(self._bench, step.function, self, self._think(step.options))
                return self._with_options(step.options, once, step.function)
            case ConnectStep() | MessageStep() | ReceiveStep() | StreamStep() | CloseStep():
                return self._over_channel(step)
            case _:
                assert_never(step)

    def _over_channel(self, step: ChannelStep) -> Step:
        """A step over an open connection, after which the user thinks only if the step says so."""
        try:
            once, name = self._channel_step(step)
        except ExpressionError as error:
            msg = f"{step.place}: {error}"
            raise RunError(msg) from None
        if step.options.think_s is not None:
            once = _both(once, self._pause(step.options.think_s))
        return self._with_options(step.options, once, name)

    def _channel_step(self, step: ChannelStep) -> tuple[Step, str]:
        bench, credentials = self._bench, self._credentials
        channel = bench.plan.channel(step.channel)
        connect = compile_connect(bench, channel, credentials)
        match step:
            case ConnectStep():
                return connect, channel.name
            case CloseStep():
                return compile_close(channel), channel.name
            case MessageStep():
                return self._message(step.message), step.message
            case StreamStep():
                courier = Courier(bench, channel.message(step.message), credentials)
                find = compile_find(bench, channel.name, courier.series, connect)
                return compile_stream(bench, step, courier, find), step.message
            case ReceiveStep():
                series = bench.series("request", f"{channel.name}.receive")
                find = compile_find(bench, channel.name, series, connect)
                receive = compile_receive(bench, step, credentials, series, find)
                return receive, f"{channel.name}.receive"
            case _:
                assert_never(step)

    def _message(self, name: str) -> Step:
        bench = self._bench
        channel = bench.plan.channel(channel_of(name))
        courier = Courier(bench, channel.message(name), self._credentials)
        connect = compile_connect(bench, channel, self._credentials)
        find = compile_find(bench, channel.name, courier.series, connect)
        return compile_message(bench, courier, find)

    def _think(self, options: Options) -> Think | None:
        return self._think_s if options.think_s is None else options.think_s

    def _group(self, step: GroupStep) -> Step:
        think_s = self._think(step.options)
        steps = StepCompiler(self._bench, self._credentials, think_s).sequence(step.steps)
        return _measured(self._bench, step.name, steps)

    def _mix(self, step: MixStep) -> Step:
        think_s = self._think(step.options)
        steps = [self.request(name, think_s) for name, _ in step.choices]
        weights = list(accumulate(weight for _, weight in step.choices))
        total, last = weights[-1], len(steps) - 1

        def mix(me: Actor) -> bool:
            return steps[bisect(weights, me.rng.random() * total, 0, last)](me)

        return mix

    def _pause(self, think_s: Think) -> Step:
        low, high = think_s

        def pause(me: Actor) -> bool:
            me.think(me.rng.uniform(low, high))
            return True

        return pause

    def _with_options(self, options: Options, once: Step, name: str) -> Step:
        """``only_if``, ``chance`` once, ``times`` drawn once, then each pass with its ``set``."""
        bench = self._bench
        fault = bench.series("request", name)
        step = once
        if options.set:
            step = _both(_setting(bench, fault, self._assignment(options.set)), step)
        if options.if_fails == "continue":
            step = _whatever_happens(step)
        if options.times != (1, 1):
            step = _repeated(step, *options.times)
        if options.chance < 1:
            step = _sometimes(step, options.chance)
        if options.only_if is not None:
            condition = bench.expression(options.only_if)
            step = _conditional(bench, fault, condition, step)
        return step

    def _assignment(self, values: Mapping[str, JsonValue]) -> Callable[[Scope], dict[str, object]]:
        renders = [(name, self._bench.value(value).render) for name, value in values.items()]
        return lambda scope: {name: render(scope) for name, render in renders}


def _both(first: Step, second: Step) -> Step:
    return lambda me: first(me) and second(me)


def _whatever_happens(step: Step) -> Step:
    def attempt(me: Actor) -> bool:
        step(me)
        return True

    return attempt


def _repeated(step: Step, low: int, high: int) -> Step:
    def repeat(me: Actor) -> bool:
        return all(step(me) for _ in range(me.rng.randint(low, high)))

    return repeat


def _sometimes(step: Step, chance: float) -> Step:
    return lambda me: me.rng.random() >= chance or step(me)


def _conditional(
    bench: Bench, fault: SeriesBuffer, condition: Callable[[Scope], object], step: Step
) -> Step:
    def attempt(me: Actor) -> bool:
        bench.rng.source = me.rng
        try:
            wanted = condition(me.scope)
        except ExpressionError as error:
            return bench.fault(me, fault, f"only_if: {error}")
        return step(me) if wanted else True

    return attempt


def _setting(
    bench: Bench, fault: SeriesBuffer, values: Callable[[Scope], dict[str, object]]
) -> Step:
    def assign(me: Actor) -> bool:
        bench.rng.source = me.rng
        try:
            me.scope |= values(me.scope)
        except ExpressionError as error:
            return bench.fault(me, fault, f"set: {error}")
        return True

    return assign


def _measured(bench: Bench, name: str, steps: Step) -> Step:
    """A group: one sample for each pass, unless every step of it was left out."""
    series = bench.series("group", name)

    def group(me: Actor) -> bool:
        outside_us, me.spent_us = me.spent_us, 0
        started = perf_counter()
        passed = steps(me)
        spent_us, me.spent_us = me.spent_us, me.spent_us + outside_us
        if spent_us:
            series.record((started, spent_us, spent_us, 0, 0, 0, 0))
            if not passed:
                error, message = me.wrong or (ErrorClass.CHECK, "")
                bench.recorder.failed(series, started, error, message)
        return passed

    return group
