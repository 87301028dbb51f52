"""Personas of the spec as a test runs them: tags, ``every_step`` and shares applied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, assert_never

from perfspec.plan.compile.requests import compile_answer, compile_captures
from perfspec.plan.journey import (
    Auth,
    CloseStep,
    ConnectStep,
    GroupStep,
    MessageStep,
    MixStep,
    OAuth2,
    Options,
    Pcm,
    Persona,
    PythonStep,
    ReceiveStep,
    RequestStep,
    SetStep,
    Step,
    StreamStep,
    ThinkStep,
)
from perfspec.spec import persona as spec
from perfspec.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.plan.base import Place
    from perfspec.plan.journey import ChannelStep
    from perfspec.spec.auth import Auth as WrittenAuth
    from perfspec.units import Range

    Keep = Callable[[str], bool]
    _OverChannel = spec.ConnectStep | spec.ReceiveStep | spec.StreamStep | spec.CloseStep
    At = Callable[..., Place]

RECEIVE_TIMEOUT_S = 30.0


class StepCompiler:
    """Compiles steps; ``keep`` says which endpoints stay, ``every_step`` takes chance away."""

    def __init__(self, keep: Keep, *, every_step: bool, time_scale: float = 1.0) -> None:
        self.keep = keep
        self.every_step = every_step
        self.time_scale = time_scale

    def steps(self, written: Sequence[spec.Step], at: At) -> tuple[Step, ...]:
        """Steps in order; those that a filter leaves empty are gone."""
        found: list[Step] = []
        for index, step in enumerate(written):
            found += self._step(step, lambda *path, index=index: at(index, *path))
        return tuple(found)

    def _step(self, step: spec.Step, at: At) -> list[Step]:
        match step:
            case str():
                return self._request(step, Options(), at())
            case spec.GroupStep():
                inner = self.steps(step.steps, lambda *path: at("steps", *path))
                if not any(endpoints_of(inner)):
                    return []
                options = self._options(step)
                return [GroupStep(name=step.group, steps=inner, options=options, place=at())]
            case spec.MixStep():
                return self._mix(step, at())
            case spec.CallStep():
                return [PythonStep(function=step.call, options=self._options(step), place=at())]
            case spec.ConnectStep() | spec.ReceiveStep() | spec.StreamStep() | spec.CloseStep():
                return self._over_channel(step, at())
            case spec.ThinkStep() | spec.SetStep():
                return [_alone(step, at())]
            case _:
                ((name, written),) = step.items()
                return self._request(name, self._options(written), at(name))

    def _request(self, name: str, options: Options, place: Place) -> list[Step]:
        return [self._call(name, options, place)] if self.keep(name) else []

    def _call(self, name: str, options: Options, place: Place) -> Step:
        if "." in name:
            return MessageStep(message=name, options=options, place=place)
        return RequestStep(endpoint=name, options=options, place=place)

    def _over_channel(self, step: _OverChannel, place: Place) -> list[Step]:
        options = self._options(step)
        found: ChannelStep
        match step:
            case spec.ConnectStep():
                found = ConnectStep(channel=step.connect, options=options, place=place)
            case spec.CloseStep():
                found = CloseStep(channel=step.close, options=options, place=place)
            case spec.ReceiveStep():
                found = ReceiveStep(
                    channel=step.receive,
                    until=compile_answer(step.until),
                    timeout_s=RECEIVE_TIMEOUT_S if step.timeout is None else step.timeout,
                    captures=compile_captures(step.capture),
                    options=options,
                    place=place,
                )
            case spec.StreamStep():
                found = StreamStep(
                    message=step.stream,
                    every_s=step.every,
                    for_s=step.for_ * self.time_scale,
                    pcm=None if step.pcm is None else Pcm(**step.pcm.model_dump()),
                    options=options,
                    place=place,
                )
            case _:
                assert_never(step)
        called = found.message if isinstance(found, StreamStep) else found.channel
        return [found] if self.keep(called) else []

    def _mix(self, step: spec.MixStep, place: Place) -> list[Step]:
        options = self._options(step)
        choices = tuple((name, weight) for name, weight in step.mix.items() if self.keep(name))
        if self.every_step:
            return [self._call(name, options, place) for name, _ in choices]
        return [MixStep(choices=choices, options=options, place=place)] if choices else []

    def _options(self, written: spec.StepOptions) -> Options:
        times = (1, 1) if written.times is None else written.times
        chance = 1.0 if written.chance is None or self.every_step else written.chance
        return Options(
            only_if=written.only_if,
            chance=chance,
            times=(int(times[0]), int(times[1])),
            think_s=None if written.think is None else _pair(written.think),
            set=dict(written.set or {}),
            if_fails=written.if_fails or "stop",
        )


def _alone(step: spec.ThinkStep | spec.SetStep, place: Place) -> Step:
    if isinstance(step, spec.ThinkStep):
        return ThinkStep(think_s=_pair(step.think), place=place)
    return SetStep(values=dict(step.set), place=place)


def compile_persona(
    name: str, written: spec.Persona, weight: float, steps: StepCompiler, at: At
) -> Persona:
    """One persona; ``on_start``, ``on_stop`` and ``renew_with`` are not filtered by tags."""
    whole = StepCompiler(lambda _: True, every_step=steps.every_step, time_scale=steps.time_scale)
    return Persona(
        name=name,
        weight=weight,
        users=written.users,
        data=written.data,
        auth=None if written.auth is None else _auth(written.auth),
        think_s=(0.0, 0.0) if written.think is None else _pair(written.think),
        on_start=whole.steps(written.on_start or [], lambda *path: at("on_start", *path)),
        journey=steps.steps(written.journey or [], lambda *path: at("journey", *path)),
        on_stop=whole.steps(written.on_stop or [], lambda *path: at("on_stop", *path)),
    )


def endpoints_of(steps: Sequence[Step]) -> list[str]:
    """Endpoints that the steps may call, in order, each once."""
    found: dict[str, None] = {}
    for step in steps:
        match step:
            case RequestStep():
                found[step.endpoint] = None
            case MessageStep() | StreamStep():
                found[step.message] = None
            case ConnectStep():
                found[step.channel] = None
            case GroupStep():
                found |= dict.fromkeys(endpoints_of(step.steps))
            case MixStep():
                found |= dict.fromkeys(name for name, _ in step.choices)
            case ThinkStep() | SetStep() | PythonStep() | ReceiveStep() | CloseStep():
                pass
    return list(found)


def calls_python(persona: Persona) -> bool:
    """Whether some step is a function beside the spec."""
    return any(_has_python(each) for each in (persona.on_start, persona.journey, persona.on_stop))


def _has_python(steps: Sequence[Step]) -> bool:
    return any(
        isinstance(each, PythonStep) or (isinstance(each, GroupStep) and _has_python(each.steps))
        for each in steps
    )


def called_by(persona: Persona) -> list[str]:
    """Every endpoint that a persona may call, signing in and renewing included."""
    renewal = persona.auth.renew_with if persona.auth else ()
    steps = (*persona.on_start, *persona.journey, *persona.on_stop)
    return list(dict.fromkeys([*endpoints_of(steps), *renewal]))


def _auth(written: WrittenAuth) -> Auth:
    expires: float | str | None = written.expires_in
    if isinstance(expires, str) and re.fullmatch(r"[\d.]+(ms|s|m|h|d).*", expires):
        expires = parse_duration(expires)
    scheme, headers = _credentials(written)
    return Auth(
        scheme=scheme,
        headers=headers,
        oauth2=None if written.oauth2 is None else OAuth2(**written.oauth2.model_dump()),
        renew_before_s=written.renew_before,
        renew_with=tuple(written.renew_with or ()),
        expires_in=expires,
    )


def _pair(bounds: Range) -> tuple[float, float]:
    return bounds.low, bounds.high


def _credentials(
    written: WrittenAuth,
) -> tuple[Literal["bearer", "basic", "header", "oauth2"], dict[str, str]]:
    if written.oauth2 is not None:
        return "oauth2", {}
    if written.bearer is not None:
        return "bearer", {"Authorization": written.bearer}
    if written.basic is not None:
        user, password = written.basic.user, written.basic.password
        return "basic", {"user": str(user), "password": str(password)}
    return "header", {name: str(value) for name, value in (written.header or {}).items()}
