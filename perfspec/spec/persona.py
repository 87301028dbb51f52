"""Personas: what a kind of virtual user does, and how it signs in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from perfspec.spec.answer import Captures
from perfspec.spec.auth import Auth
from perfspec.spec.base import (
    CalledName,
    Duration,
    DurationRange,
    Name,
    Share,
    Strict,
    Text,
    Times,
    Users,
    Weight,
    by_shape,
    only_one,
)
from perfspec.spec.budget import Budget
from perfspec.spec.channel import Answer
from perfspec.spec.limits import Slo

CHANNEL_WORDS = ("connect", "receive", "stream", "close")
STEP_WORDS = ("group", "mix", "think", "set", "call", *CHANNEL_WORDS)
OPTION_WORDS = ("only_if", "chance", "times", "think", "set", "if_fails")


class StepOptions(Strict):
    """How a step is taken: only_if, then chance, then times."""

    only_if: Text | None = Field(
        None,
        description="The step is taken only if this expression holds. "
        "Example: `only_if: ids | len > 0`",
    )
    chance: Share | None = Field(
        None, description="How often the step is taken. Example: `chance: 20%`"
    )
    times: Times | None = Field(
        None,
        description="How many times in a row, drawn from the range each time. "
        "Example: `times: 1..3`",
    )
    think: DurationRange | None = Field(
        None, description="Think time after it, in place of the persona's. Example: `think: 1s..5s`"
    )
    set: dict[Name, Any] | None = Field(
        None, description="Variables that are set before it. Example: `set: { page: 1 }`"
    )
    if_fails: Literal["stop", "continue"] | None = Field(
        None,
        description="What becomes of the journey when it fails, stop when left out. "
        "Example: `if_fails: continue`",
        json_schema_extra={
            "markdownEnumDescriptions": [
                "The rest of the journey is skipped, and it counts as failed",
                "The journey goes on",
            ]
        },
    )


class GroupStep(StepOptions):
    """Steps that are measured as one."""

    group: Name = Field(description="Steps measured as one, by name. Example: `group: checkout`")
    steps: list[Step] = Field(
        min_length=1, description="Steps of the group, in order. Example: `steps: [cart, pay]`"
    )
    slo: Slo | None = Field(
        None,
        description="Limits of its duration without think time. Example: `slo: { p95: 2s }`",
    )
    budget: Budget | None = Field(
        None,
        description="How much worse than the baseline that duration may be. "
        "Example: `budget: { p95: +10% }`",
    )


class MixStep(StepOptions):
    """One of several endpoints, by weight."""

    mix: dict[CalledName, Weight] = Field(
        min_length=1,
        description="One of several endpoints, drawn by weight. "
        "Example: `mix: { search: 40, browse: 60 }`",
    )


class ThinkStep(Strict):
    """A pause."""

    think: DurationRange = Field(
        description="A pause, beside the persona's own think time. Example: `think: 2s`"
    )


class SetStep(Strict):
    """Variables for the rest of the journey."""

    set: dict[Name, Any] = Field(
        min_length=1,
        description="Variables for the rest of the journey. Example: `set: { page: 1 }`",
    )


class CallStep(StepOptions):
    """Runs a Python function beside the spec."""

    call: Text = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$",
        description="A Python function beside the spec: module:function. "
        "Example: `call: helpers:sign`",
        json_schema_extra={"patternErrorMessage": "Write module:function, such as helpers:sign"},
    )


class ConnectStep(StepOptions):
    """Opens a connection, which ends with the journey at the latest."""

    connect: Name = Field(description="Opens a connection. Example: `connect: session`")


class ReceiveStep(StepOptions):
    """Waits for a message that the server sends of its own accord."""

    receive: Name = Field(
        description="Waits for a message of this connection. Example: `receive: session`"
    )
    until: Answer | None = Field(
        None,
        description="What it looks like; those before it are passed over. "
        "Example: `until: { json: { $.type: ready } }`",
    )
    timeout: Duration | None = Field(
        None, description="How long that may take, 30s when left out. Example: `timeout: 5s`"
    )
    capture: Captures | None = Field(
        None, description="Variables that are taken from it. Example: `capture: { id: $.id }`"
    )


class Pcm(Strict):
    """Audio as a microphone gives it: little-endian samples without a header."""

    rate: Annotated[int, Field(ge=1000, le=384_000)] = Field(
        description="Samples a second. Example: `rate: 16000`"
    )
    bits: Literal[8, 16, 24, 32] = Field(
        16, description="Bits of a sample, 16 when left out. Example: `bits: 16`"
    )
    channels: Annotated[int, Field(ge=1, le=32)] = Field(
        1, description="Samples at a time, 1 when left out. Example: `channels: 2`"
    )
    path: Text | None = Field(
        None,
        description="A WAV or raw file beside the spec; a tone when left out. "
        "Example: `path: speech.wav`",
    )


class StreamStep(StepOptions):
    """Sends a message at a steady pace, on a clock that never slips."""

    stream: CalledName = Field(
        description="The message that is sent. Example: `stream: session.chunk`"
    )
    every: Duration = Field(description="From one message to the next. Example: `every: 32ms`")
    for_: Duration = Field(
        alias="for", description="How long the stream goes on. Example: `for: 5m`"
    )
    pcm: Pcm | None = Field(
        None,
        description="The audio of each message, `pcm` in its templates. "
        "Example: `pcm: { rate: 16000, bits: 16 }`",
    )


class CloseStep(StepOptions):
    """Closes a connection."""

    close: Name = Field(description="Closes a connection. Example: `close: session`")


EndpointStep = Annotated[dict[CalledName, StepOptions], Field(min_length=1, max_length=1)]


def step_kind(value: object) -> str | None:
    """Which word says what a mapping is; a lone endpoint name is its own word."""
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, StepOptions | ThinkStep | SetStep):
        return f"<{type(value).__name__.removesuffix('Step').lower()}>"
    if not isinstance(value, dict):
        return None
    for word in ("group", "mix", "call", *CHANNEL_WORDS):
        if word in value:
            return f"<{word}>"
    for word in ("think", "set"):
        if set(value) == {word}:
            return f"<{word}>"
    return "<endpoint>"


Step = Annotated[
    Annotated[CalledName, Tag("<text>")]
    | Annotated[GroupStep, Tag("<group>")]
    | Annotated[MixStep, Tag("<mix>")]
    | Annotated[CallStep, Tag("<call>")]
    | Annotated[ThinkStep, Tag("<think>")]
    | Annotated[SetStep, Tag("<set>")]
    | Annotated[ConnectStep, Tag("<connect>")]
    | Annotated[ReceiveStep, Tag("<receive>")]
    | Annotated[StreamStep, Tag("<stream>")]
    | Annotated[CloseStep, Tag("<close>")]
    | Annotated[EndpointStep, Tag("<endpoint>")],
    Discriminator(
        step_kind,
        custom_error_type="perfspec",
        custom_error_message="write an endpoint's name, or a mapping with one of "
        + ", ".join(STEP_WORDS),
    ),
]
Steps = list[Step]


class Persona(Strict):
    """A kind of virtual user."""

    description: str | None = Field(None, description="For readers. Example: `description: Buys`")
    like: Name | None = Field(
        None,
        description="Another persona, which says what a user does where this one does not. "
        "Example: `like: student`",
    )
    weight: Weight | None = Field(
        None,
        description="Its share of the users; left out: it runs only where a test names it. "
        "Example: `weight: 80`",
    )
    users: Users | None = Field(
        None, description="A fixed number of users instead of a share. Example: `users: 5`"
    )
    data: Name | None = Field(
        None, description="Where its rows come from; a row is `user`. Example: `data: students`"
    )
    auth: Auth | None = Field(
        None,
        description="Credentials, sent only to the environment's own host. "
        'Example: `auth: { bearer: "{{ token }}" }`',
    )
    think: DurationRange | None = Field(
        None, description="Pause after every request. Example: `think: 1s..5s`"
    )
    on_start: Steps | None = Field(
        None, description="Steps taken once, before the first journey. Example: `on_start: [login]`"
    )
    journey: Annotated[Steps, Field(min_length=1)] | None = Field(
        None, description="Steps taken in order, over and over. Example: `journey: [home, search]`"
    )
    mix: dict[CalledName, Weight] | None = Field(
        None,
        min_length=1,
        description="Short for a journey of one mix. Example: `mix: { search: 40, browse: 60 }`",
    )
    on_stop: Steps | None = Field(
        None, description="Steps taken once, at the end. Example: `on_stop: [logout]`"
    )

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if {"weight", "users"} <= self.model_fields_set:
            only_one(self, ("weight", "users"), "a persona's size")
        return self


Shares = Annotated[
    Annotated[dict[Name, Weight], Field(min_length=1), Tag("<map>")]
    | Annotated[list[Name], Field(min_length=1), Tag("<list>")],
    by_shape("persona weights such as { student: 95, teacher: 5 }, or a list of names"),
]
