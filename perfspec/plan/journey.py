"""What a virtual user does, from its first step to its last."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import JsonValue, Place, Value


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


Step = RequestStep | GroupStep | MixStep | ThinkStep | SetStep | PythonStep


class Auth(Value, frozen=True, kw_only=True):
    """Credentials: templates of headers, left out while null, sent to the own host only.

    ``headers`` holds for scheme ``bearer`` ``Authorization`` with the bare token, for ``basic``
    ``user`` and ``password``, for ``header`` whole headers by name.

    ``renew_with`` endpoints run when the age of the credential reaches ``expires_in`` (a
    duration in seconds, an expression, or None: the ``exp`` of the JWT) less ``renew_before_s``,
    and after a 401.
    """

    scheme: Literal["bearer", "basic", "header"]
    headers: dict[str, str]
    renew_before_s: float = 0.0
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
