"""The hash of what is measured: limits, tags, descriptions and places do not count."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from perfspec.plan.base import Place
from perfspec.plan.channel import Channel
from perfspec.plan.journey import GroupStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.plan.journey import Persona, Step
    from perfspec.plan.load import Stage
    from perfspec.plan.model import DataSource, FileSet, Plan, Test
    from perfspec.plan.request import Endpoint

_NOWHERE = Place(file="", line=0, column=0)


def fingerprint_test(
    test: Test,
    endpoints: Iterable[Endpoint | Channel],
    data: Iterable[DataSource],
    files: Iterable[FileSet],
    environment: str,
    variables: dict[str, str],
) -> str:
    """16 hex digits of one test with the endpoints, data and variables that it uses."""
    parts: dict[str, object] = {
        "environment": environment,
        "time_scale": test.time_scale,
        "warm_up_s": test.warm_up_s,
        "open_model": msgspec.to_builtins(test.open_model),
        "stages": [msgspec.to_builtins(_effective(each)) for each in test.stages],
        "personas": [msgspec.to_builtins(_persona(each)) for each in test.personas],
        "endpoints": [msgspec.to_builtins(_endpoint(each)) for each in endpoints],
        "data": [msgspec.to_builtins(each) for each in data],
        "files": [msgspec.to_builtins(each) for each in files],
        "variables": variables,
    }
    if test.search is not None:
        parts["search"] = msgspec.to_builtins(test.search)
    return _digest(parts)


def fingerprint_plan(plan: Plan) -> str:
    """16 hex digits of all tests in their order, with what happens around them."""
    return _digest(
        {
            "tests": [[test.name, test.fingerprint] for test in plan.tests],
            "hooks": [
                msgspec.to_builtins(plan.hooks_before),
                msgspec.to_builtins(plan.hooks_after),
            ],
            "services": msgspec.to_builtins(plan.environment.services),
            "monitors": [
                msgspec.to_builtins(msgspec.structs.replace(each, place=_NOWHERE))
                for each in plan.monitors
            ],
            "seed": plan.seed,
        }
    )


def _digest(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:16]


def _effective(stage: Stage) -> Stage:
    """A stage without a hold has no jitter."""
    return stage if stage.hold_s else msgspec.structs.replace(stage, jitter=None)


def _endpoint(endpoint: Endpoint | Channel) -> Endpoint | Channel:
    if isinstance(endpoint, Channel):
        return _channel(endpoint)
    return msgspec.structs.replace(endpoint, tags=(), description=None, place=_NOWHERE)


def _channel(channel: Channel) -> Channel:
    messages = tuple(
        msgspec.structs.replace(each, tags=(), description=None, place=_NOWHERE)
        for each in channel.messages
    )
    return msgspec.structs.replace(
        channel, messages=messages, tags=(), description=None, place=_NOWHERE
    )


def _persona(persona: Persona) -> Persona:
    return msgspec.structs.replace(
        persona,
        on_start=_steps(persona.on_start),
        journey=_steps(persona.journey),
        on_stop=_steps(persona.on_stop),
    )


def _steps(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(_step(each) for each in steps)


def _step(step: Step) -> Step:
    match step:
        case GroupStep():
            return msgspec.structs.replace(step, steps=_steps(step.steps), place=_NOWHERE)
        case _:
            return msgspec.structs.replace(step, place=_NOWHERE)
