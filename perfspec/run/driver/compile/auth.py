"""Credentials of a persona: the headers they make, when they are old, how they are renewed."""

from __future__ import annotations

from base64 import b64encode
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from perfspec.expr import ExpressionError, Template, parse_expression, parse_template
from perfspec.expr.template import Hole
from perfspec.expr.values import as_number
from perfspec.run.driver.actor import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.expr import Closure, Scope
    from perfspec.plan.journey import Auth
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench, Step

Render: TypeAlias = "Callable[[Scope], str | None]"  # None: some value in it is null


class SignIn(Protocol):
    """How users sign in: with what they captured themselves, or with a token of all."""

    @property
    def names(self) -> frozenset[str]: ...

    @property
    def renewable(self) -> bool: ...

    def lines(self, scope: Scope) -> tuple[str, ...]: ...

    def captured(self, me: Actor) -> None: ...

    def renew(self, me: Actor) -> bool: ...


class Credentials:
    """What one persona signs in with. ``names`` are the variables that it reads.

    ``renewable`` tells whether ``renew`` can do anything; its steps are given by ``renew_by``.
    """

    def __init__(self, bench: Bench, auth: Auth) -> None:
        self._bench = bench
        self._auth = auth
        self._headers = _headers(bench, auth)
        self._life = _lifetime(bench, auth.expires_in)
        self._claim = parse_expression('token | jwt_claim("exp")').compile(bench.tools)
        self._steps: Sequence[Step] = ()
        self._captured: frozenset[str] = frozenset()
        parsed = [parse_template(each) for each in auth.headers.values()]
        self.names = frozenset[str]().union(*(each.names for each in parsed))
        self.renewable = bool(auth.renew_with)

    def renew_by(self, steps: Sequence[Step], captured: frozenset[str]) -> None:
        """Say what renews; ``captured`` are the variables that these steps set."""
        self._steps = steps
        self._captured = captured

    def lines(self, scope: Scope) -> tuple[str, ...]:
        """Header lines, those left out that hold a null. Raises ExpressionError."""
        values = [(name, render(scope)) for name, render in self._headers]
        return tuple([f"{name}: {value}" for name, value in values if value is not None])

    def captured(self, me: Actor) -> None:
        """Note when what was just captured must be renewed. Raises ExpressionError."""
        if not self.renewable:
            return
        seconds = self._seconds_left(me.scope)
        me.renew_at = perf_counter() + seconds - (self._auth.renew_before_s or 0.0)
        lasts = me.scope is me.base or me.renewing  # what else a journey captures ends with it
        if lasts and any(name in me.base for name in self.names):
            me.life_renew_at = me.renew_at

    def renew(self, me: Actor) -> bool:
        """Run the steps that renew; their time is no part of a journey or group.

        What was not captured anew has no age any more: else every request would renew it again.
        """
        if me.renewing:
            return False
        spent_us, due, me.renewing, me.renew_at = me.spent_us, me.renew_at, True, NEVER
        try:
            if not all(step(me) for step in self._steps):
                me.renew_at = due
                return False
        finally:
            me.spent_us, me.renewing = spent_us, False
        for name in self._captured & me.base.keys():
            me.base[name] = me.scope.get(name)
        return True

    def _seconds_left(self, scope: Scope) -> float:
        stated = None if self._life is None else self._life(scope)
        if stated is not None:
            return as_number(stated)
        lines = self.lines(scope)
        expires = self._expiry(lines[0].rpartition(" ")[2]) if lines else None
        if expires is None:
            return NEVER
        return expires - self._bench.tools.now().timestamp()

    def _expiry(self, token: str) -> float | None:
        """The ``exp`` of a JWT; None for any other kind of token, which has no age to look at."""
        try:
            claim: Any = self._claim({"token": token})
            return None if claim is None else as_number(claim)
        except ExpressionError:
            return None


def _lifetime(bench: Bench, stated: float | str | None) -> Closure | None:
    if isinstance(stated, str):
        return bench.expression(stated)
    return None if stated is None else lambda _scope: stated


def _headers(bench: Bench, auth: Auth) -> list[tuple[str, Render]]:
    if auth.scheme == "basic":
        user, password = (_render(bench, auth.headers[key]) for key in ("user", "password"))
        return [("Authorization", _basic(user, password))]
    prefix = "Bearer " if auth.scheme == "bearer" else ""
    return [(name, _render(bench, prefix + text)) for name, text in auth.headers.items()]


def _basic(user: Render, password: Render) -> Render:
    def render(scope: Scope) -> str | None:
        name, secret = user(scope), password(scope)
        if name is None or secret is None:
            return None
        return "Basic " + b64encode(f"{name}:{secret}".encode()).decode()

    return render


def _render(bench: Bench, text: str) -> Render:
    template = parse_template(text)
    bench.names.update(template.names)
    render = template.compile_text(bench.tools, bench.variables)
    holes = [
        Template(text=text, parts=(part,)).compile(bench.tools, bench.variables)
        for part in template.parts
        if isinstance(part, Hole)
    ]
    return lambda scope: None if any(hole(scope) is None for hole in holes) else render(scope)
