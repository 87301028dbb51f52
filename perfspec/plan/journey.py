"""What a virtual user does, from its first step to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perfspec.plan.base import JsonValue, Place, Value
from perfspec.plan.channel import Answer, channel_of
from perfspec.plan.request import Capture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Options(Value, frozen=True, kw_only=True):
    """How a step is taken: ``only_if``, then ``chance`` once, then ``times`` drawn once.

    ``think_s`` None means the persona's; ``set`` are variables given before the step.
    """

    only_if: str | None = None
    chance: float = 1.0
    times: tuple[int, int] = (1, 1)
    think_s: tuple[float, float] | None = None
    set: dict[str, JsonValue] = {}
    if_fails: Literal["stop", "continue"] = "stop"


class RequestStep(Value, frozen=True, kw_only=True, tag="request"):
    endpoint: str
    options: Options = Options()
    place: Place


class GroupStep(Value, frozen=True, kw_only=True, tag="group"):
    """Measured as one: the sum of its requests, without think time."""

    name: str
    steps: tuple[Step, ...]
    options: Options = Options()
    place: Place


class MixStep(Value, frozen=True, kw_only=True, tag="mix"):
    """Takes one of the endpoints, by weight."""

    choices: tuple[tuple[str, float], ...]
    options: Options = Options()
    place: Place


class ThinkStep(Value, frozen=True, kw_only=True, tag="think"):
    think_s: tuple[float, float]
    place: Place


class SetStep(Value, frozen=True, kw_only=True, tag="set"):
    values: dict[str, JsonValue]
    place: Place


class PythonStep(Value, frozen=True, kw_only=True, tag="call"):
    """Runs ``module:function`` beside the spec with the session; its errors are class ``check``."""

    function: str
    options: Options = Options()
    place: Place


class ConnectStep(Value, frozen=True, kw_only=True, tag="connect"):
    """Opens a channel; what a journey opens is closed with it."""

    channel: str
    options: Options = Options()
    place: Place


class MessageStep(Value, frozen=True, kw_only=True, tag="message"):
    """Sends one message (CHANNEL.MESSAGE), and waits for its acknowledgement if it has one."""

    message: str
    options: Options = Options()
    place: Place

    @property
    def channel(self) -> str:
        return channel_of(self.message)


class ReceiveStep(Value, frozen=True, kw_only=True, tag="receive"):
    """Waits for a message that is like ``until``; those before it are passed over."""

    channel: str
    until: Answer = Answer()
    timeout_s: float
    captures: tuple[Capture, ...] = ()
    options: Options = Options()
    place: Place


class Pcm(Value, frozen=True, kw_only=True):
    """Raw audio: samples a second, bits of each, made up by seed or those of the file ``path``."""

    rate: int
    bits: int
    channels: int = 1
    path: str | None = None

    @property
    def bytes_per_s(self) -> int:
        return self.rate * self.channels * self.bits // 8


class StreamStep(Value, frozen=True, kw_only=True, tag="stream"):
    """A message every ``every_s`` for ``for_s``, on a clock that never slips."""

    message: str
    every_s: float
    for_s: float
    pcm: Pcm | None = None
    options: Options = Options()
    place: Place

    @property
    def channel(self) -> str:
        return channel_of(self.message)


class CloseStep(Value, frozen=True, kw_only=True, tag="close"):
    """Closes a channel."""

    channel: str
    options: Options = Options()
    place: Place


Step = (
    RequestStep
    | GroupStep
    | MixStep
    | ThinkStep
    | SetStep
    | PythonStep
    | ConnectStep
    | MessageStep
    | ReceiveStep
    | StreamStep
    | CloseStep
)
ChannelStep = ConnectStep | MessageStep | ReceiveStep | StreamStep | CloseStep
"""Steps that need an open connection, or make one."""


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Steps and, after each group, the steps in it."""
    for each in steps:
        yield each
        if isinstance(each, GroupStep):
            yield from every_step(each.steps)


class OAuth2(Value, frozen=True, kw_only=True):
    """A client that gets one token for all users (client credentials)."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str | None = None


class Auth(Value, frozen=True, kw_only=True):
    """Credentials: templates of headers, left out while null, sent to the own host only.

    ``headers`` holds for scheme ``bearer`` ``Authorization`` with the bare token, for ``basic``
    ``user`` and ``password``, for ``header`` whole headers by name, for ``oauth2`` nothing.

    ``renew_with`` endpoints run when the age of the credential reaches ``expires_in`` (a
    duration in seconds, an expression, or None: the ``exp`` of the JWT) less ``renew_before_s``,
    and after a 401.
    """

    scheme: Literal["bearer", "basic", "header", "oauth2"]
    headers: dict[str, str]
    oauth2: OAuth2 | None = None
    renew_before_s: float | None = None
    renew_with: tuple[str, ...] = ()
    expires_in: float | str | None = None


class Persona(Value, frozen=True, kw_only=True):
    """A kind of virtual user; ``users`` is a fixed number, taken before weights share the rest."""

    name: str
    weight: float
    users: int | None = None
    data: str | None = None
    auth: Auth | None = None
    think_s: tuple[float, float] = (0.0, 0.0)
    on_start: tuple[Step, ...] = ()
    journey: tuple[Step, ...]
    on_stop: tuple[Step, ...] = ()

    @property
    def life(self) -> Iterator[Step]:
        """All steps, from the first to the last."""
        return every_step((*self.on_start, *self.journey, *self.on_stop))
