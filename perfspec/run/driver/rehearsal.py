"""``--try``: one journey of each persona, one after another, with every request shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from perfspec import jsonio
from perfspec.errors import PerfspecError
from perfspec.measure.trace import Exchange, Tried, TryEnded
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
from perfspec.plan.model import Plan
from perfspec.run.driver.actor import Actor, Leave
from perfspec.run.driver.engine import Engine
from perfspec.run.driver.pipe import Pipe
from perfspec.run.driver.tracer import Tracer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perfspec.measure.trace import Fault
    from perfspec.plan.journey import Persona, Step
    from perfspec.plan.model import Test
    from perfspec.plan.request import Endpoint

MOST_CHUNKS = 3  # of a stream: more of them would show nothing new


class Rehearsal:
    """One test, tried: everybody goes once through the journey, nobody thinks."""

    def __init__(self, plan: Plan, test: Test) -> None:
        self._pipe = Pipe()
        self._current: Actor | None = None
        self._requests = 0
        self._tracer = Tracer(self._tell)
        endpoints = tuple(_awaited(each) for each in plan.endpoints)
        personas = tuple(_plain(each) for each in test.personas)
        self._engine = Engine(
            msgspec.structs.replace(plan, endpoints=endpoints),
            msgspec.structs.replace(test, personas=personas),
            self._tracer,
        )

    def run(self) -> str | None:
        """Try every persona; returns the sentence that says what broke on our side, if anything."""
        engine = self._engine
        problem: str | None = "the load generator broke, see its log"
        try:
            engine.prepare()
            self._pipe.listen(self._stop, self._stop)
            engine.begin()
            for persona in engine.test.personas:
                if not engine.crew.stopping.is_set():
                    self._try(persona.name)
            problem = engine.problem
        except PerfspecError as error:
            problem = str(error)
        finally:
            self._pipe.tell(TryEnded(problem=problem))
        return problem

    def _try(self, persona: str) -> None:
        tracer, user = self._tracer, self._engine.user(persona)
        tracer.persona, tracer.phase, self._requests = persona, "on_start", 0
        self._current = user.actor
        passed = False
        try:
            passed = user.start()
            if passed:
                tracer.phase = "journey"
                passed = user.journey()
                tracer.phase = "on_stop"
                passed = user.end() and passed
        except Leave:
            passed = False
        finally:
            user.let_go()
        self._pipe.tell(Tried(persona=persona, passed=passed, requests=self._requests))

    def _stop(self) -> None:
        self._engine.crew.stopping.set()
        if self._current is not None:
            self._current.leave()

    def _tell(self, shown: Exchange | Fault) -> None:
        self._requests += isinstance(shown, Exchange)
        self._pipe.tell(shown)


def rehearse(path: Path, test: str) -> str | None:
    """Try one test of a plan; returns what broke on our side. Raises UsageError."""
    plan = jsonio.read_json(path, Plan)
    return Rehearsal(plan, plan.test(test)).run()


def _plain(persona: Persona) -> Persona:
    return msgspec.structs.replace(
        persona,
        think_s=(0.0, 0.0),
        on_start=_plain_steps(persona.on_start),
        journey=_plain_steps(persona.journey),
        on_stop=_plain_steps(persona.on_stop),
    )


def _plain_steps(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(_plain_step(each) for each in steps if not isinstance(each, ThinkStep))


def _plain_step(step: Step) -> Step:
    match step:
        case GroupStep():
            inner = _plain_steps(step.steps)
            return msgspec.structs.replace(step, steps=inner, options=_certain(step.options))
        case RequestStep() | MixStep() | PythonStep():
            return msgspec.structs.replace(step, options=_certain(step.options))
        case ConnectStep() | MessageStep() | ReceiveStep() | CloseStep():
            return msgspec.structs.replace(step, options=_certain(step.options))
        case StreamStep():
            for_s = min(step.for_s, MOST_CHUNKS * step.every_s)
            return msgspec.structs.replace(step, for_s=for_s, options=_certain(step.options))
        case SetStep() | ThinkStep():
            return step
        case _:
            assert_never(step)


def _certain(options: Options) -> Options:
    """Taken for sure, once at least, without think time."""
    low, high = options.times
    times = max(low, 1), max(high, 1)
    return msgspec.structs.replace(options, chance=1.0, times=times, think_s=None)


def _awaited(endpoint: Endpoint) -> Endpoint:
    """A poll that runs beside the user is waited for, else its requests would not be seen."""
    if endpoint.poll is None:
        return endpoint
    return msgspec.structs.replace(endpoint, poll=msgspec.structs.replace(endpoint.poll, wait=True))
