"""A persona compiled: what its users do, and which data they need for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from perfspec.errors import RunError
from perfspec.expr import ExpressionError
from perfspec.run.driver.compile.auth import Credentials, SignIn
from perfspec.run.driver.compile.oauth2 import SharedToken
from perfspec.run.driver.compile.steps import StepCompiler

if TYPE_CHECKING:
    from perfspec.plan.journey import Auth
    from perfspec.run.driver.compile.bench import Bench, Step


class Script(NamedTuple):
    """``constants`` are the variables that are there before anything is captured.

    ``rows_for_life`` and ``rows_for_journey`` are data sources, ``own_source`` that of ``user``.
    ``starts`` and ``stops`` tell whether ``on_start`` and ``on_stop`` do anything; ``think_s`` is
    for a journey that fails before it has sent anything.
    """

    name: str
    starts: bool
    stops: bool
    on_start: Step
    journey: Step
    on_stop: Step
    think_s: tuple[float, float]
    constants: dict[str, Any]
    own_source: str | None
    rows_for_life: tuple[str, ...]
    rows_for_journey: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """All data sources that a user draws from."""
        return self.rows_for_life + self.rows_for_journey


def compile_persona(bench: Bench) -> Script:
    """Raises RunError for what can never be built or run, with the place in the spec."""
    persona = bench.persona
    try:
        credentials = None if persona.auth is None else _credentials(bench, persona.auth)
        quiet = StepCompiler(bench, credentials, think_s=None)
        if isinstance(credentials, Credentials) and persona.auth is not None:
            _teach_renewal(bench, credentials, persona.auth.renew_with)
        on_start, on_stop = quiet.sequence(persona.on_start), quiet.sequence(persona.on_stop)
        journey = StepCompiler(bench, credentials, persona.think_s).sequence(persona.journey)
    except ExpressionError as error:
        msg = f"persona {persona.name!r} cannot be run: {error}"
        raise RunError(msg) from None
    needed = [each for each in bench.plan.data if each.name in {*bench.names, persona.data}]
    environment = bench.plan.environment
    return Script(
        name=persona.name,
        starts=bool(persona.on_start),
        stops=bool(persona.on_stop),
        on_start=on_start,
        journey=journey,
        on_stop=on_stop,
        think_s=persona.think_s,
        constants={"environment": {"name": environment.name, "url": environment.url}},
        own_source=persona.data,
        rows_for_life=tuple(each.name for each in needed if each.each == "user"),
        rows_for_journey=tuple(each.name for each in needed if each.each == "journey"),
    )


def _credentials(bench: Bench, auth: Auth) -> SignIn:
    if auth.oauth2 is None:
        return Credentials(bench, auth)
    if auth.oauth2 not in bench.tokens:
        bench.tokens[auth.oauth2] = SharedToken(bench, auth.oauth2, auth.renew_before_s)
    return bench.tokens[auth.oauth2]


def _teach_renewal(bench: Bench, credentials: Credentials, names: tuple[str, ...]) -> None:
    compiler = StepCompiler(bench, credentials, think_s=None)
    steps = [compiler.request(name) for name in names]
    captured = frozenset(
        capture.name for name in names for capture in bench.plan.endpoint(name).captures
    )
    credentials.renew_by(steps, captured)
