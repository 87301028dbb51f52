"""Going through a spec: every step, every limit, each with its path in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.spec.checks.names import STEP_LISTS
from perfspec.spec.persona import (
    CallStep,
    CloseStep,
    ConnectStep,
    GroupStep,
    MixStep,
    ReceiveStep,
    StreamStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.spec.channel import Message
    from perfspec.spec.limits import Slo
    from perfspec.spec.model import Spec
    from perfspec.spec.persona import Persona, Step
    from perfspec.spec.tree import Path


def written_steps(spec: Spec) -> Iterator[tuple[Path, Step]]:
    """Every step where it is written, those of groups after the group."""
    for name, persona in spec.personas.items():
        for key in STEP_LISTS:
            yield from nested_steps(getattr(persona, key) or [], ("personas", name, key))


def nested_steps(steps: Sequence[Step], path: Path) -> Iterator[tuple[Path, Step]]:
    """Steps and, after each group, the steps in it."""
    for index, step in enumerate(steps):
        yield (*path, index), step
        if isinstance(step, GroupStep):
            yield from nested_steps(step.steps, (*path, index, "steps"))


def messages_of(spec: Spec) -> Iterator[tuple[Path, str, Message]]:
    """Every message with its path and its full name."""
    for name, endpoint in spec.endpoints.items():
        for key, message in (endpoint.messages or {}).items():
            yield ("endpoints", name, "messages", key), f"{name}.{key}", message


def unacknowledged(spec: Spec) -> frozenset[str]:
    """Messages of which nobody can say how long they take."""
    return frozenset(name for _, name, message in messages_of(spec) if message.ack is None)


def path_of(called: str) -> Path:
    """Where an endpoint or a message is written."""
    endpoint, dot, message = called.partition(".")
    return ("endpoints", endpoint, "messages", message) if dot else ("endpoints", endpoint)


def called_endpoints(step: Step, path: Path) -> Iterator[tuple[Path, str]]:
    """Names of endpoints in a step, without those of the steps inside it."""
    match step:
        case str():
            yield path, step
        case ConnectStep(connect=name):
            yield (*path, "connect"), name
        case ReceiveStep(receive=name):
            yield (*path, "receive"), name
        case StreamStep(stream=name):
            yield (*path, "stream"), name
        case CloseStep(close=name):
            yield (*path, "close"), name
        case MixStep():
            yield from (((*path, "mix", name), name) for name in step.mix)
        case dict():
            yield from (((*path, name), name) for name in step)
        case _:
            return


def calls_of(name: str, persona: Persona) -> Iterator[tuple[Path, str]]:
    """Every endpoint that a persona names as it is written: steps, mix and renewal."""
    path = ("personas", name)
    for key in STEP_LISTS:
        for at, step in nested_steps(getattr(persona, key) or [], (*path, key)):
            yield from called_endpoints(step, at)
    yield from (((*path, "mix", each), each) for each in persona.mix or ())
    renewal = persona.auth.renew_with if persona.auth is not None else None
    yield from (
        ((*path, "auth", "renew_with", index), each) for index, each in enumerate(renewal or ())
    )


def calls_python(persona: Persona) -> bool:
    """Whether some step is a function beside the spec, which may do anything."""
    lists = (getattr(persona, key) or [] for key in STEP_LISTS)
    return any(isinstance(step, CallStep) for each in lists for _, step in nested_steps(each, ()))


def limits(spec: Spec) -> Iterator[tuple[Path, Slo]]:
    """Every ``slo``, ``abort`` and ``stop_when`` with its path."""
    found: list[tuple[Path, Slo | None]] = [(("slo",), spec.slo)]
    for name, environment in spec.environments.items():
        found.append((("environments", name, "slo"), environment.slo))
        guard = environment.protected
        found.append((("environments", name, "protected", "abort"), guard.abort if guard else None))
    for name, endpoint in spec.endpoints.items():
        found.append((("endpoints", name, "slo"), endpoint.slo))
        poll = endpoint.poll
        found.append((("endpoints", name, "poll", "slo"), poll.slo if poll else None))
    found += [((*path, "slo"), message.slo) for path, _, message in messages_of(spec)]
    for path, step in written_steps(spec):
        if isinstance(step, GroupStep):
            found.append(((*path, "slo"), step.slo))
    for name, objective in spec.objectives.items():
        found.append((("objectives", name, "slo"), objective.slo))
    for name, test in spec.tests.items():
        keys = ("slo", "abort", "stop_when")
        found += [(("tests", name, key), getattr(test, key)) for key in keys]
    yield from ((path, slo) for path, slo in found if slo is not None)
