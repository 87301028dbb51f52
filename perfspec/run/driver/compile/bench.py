"""What compiling the journeys of one persona needs, and how its texts become closures."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from perfspec.expr import parse_expression, parse_template, parse_value
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import Key
from perfspec.run.driver.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.expr import Closure, Scope, Tools
    from perfspec.expr.nested import Special
    from perfspec.plan.journey import OAuth2, Persona
    from perfspec.plan.limits import SeriesKind
    from perfspec.plan.model import Plan
    from perfspec.run.driver.actor import Actor, UserRandom
    from perfspec.run.driver.compile.oauth2 import SharedToken
    from perfspec.run.driver.files import Files
    from perfspec.run.driver.recorder import Recorder, SeriesBuffer
    from perfspec.run.driver.tracer import Tracer
    from perfspec.run.driver.transports.dial import Dialer
    from perfspec.run.driver.transports.exchange import Shape
    from perfspec.run.driver.transports.handles import Prepared
    from perfspec.run.driver.transports.http import Session

Step: TypeAlias = "Callable[[Actor], bool]"  # False: it failed, and what follows is skipped


class Text(NamedTuple):
    """A compiled template; ``constant`` is its final text, None if it has holes."""

    constant: str | None
    render: Callable[[Scope], str]


class Value(NamedTuple):
    """A compiled body or list; ``dynamic`` tells whether anything in it has holes."""

    dynamic: bool
    render: Closure


@dataclass(frozen=True, slots=True)
class Bench:
    """``variables`` are those of ``${NAME}``; ``tracer`` is there only when every step is shown.

    ``prepare`` makes the transport's part of an endpoint, ``session`` a user of no persona,
    ``dialer`` opens connections that stay. ``tokens`` are those that all users share.
    ``report_bug`` takes what broke in a greenlet that nobody waits for. ``names`` collects what the
    templates mention: the data sources that the persona needs. ``paces`` wakes those who send at a
    steady pace.
    """

    plan: Plan
    persona: Persona
    tools: Tools
    rng: UserRandom
    variables: Mapping[str, str]
    recorder: Recorder
    files: Files
    prepare: Callable[[Shape], Prepared]
    session: Callable[[], Session]
    dialer: Dialer
    report_bug: Callable[[BaseException | None], None]
    tokens: dict[OAuth2, SharedToken] = field(default_factory=dict)
    open_model: bool = False
    tracer: Tracer | None = None
    paces: Alarm = field(default_factory=Alarm)
    names: set[str] = field(default_factory=set)

    def text(self, template: str) -> Text:
        """One template, always as text."""
        parsed = parse_template(template)
        self.names.update(parsed.names)
        render = parsed.compile_text(self.tools, self.variables)
        return Text(None if parsed.dynamic else render({}), render)

    def value(self, value: object, special: Special | None = None) -> Value:
        """Nested templates; ``special`` replaces mappings."""
        parsed = parse_value(value)
        self.names.update(parsed.names)
        return Value(parsed.dynamic, parsed.compile(self.tools, self.variables, special))

    def expression(self, text: str) -> Closure:
        """An expression, in braces or without, as a function of the scope."""
        parsed = parse_template(text) if "{{" in text else parse_expression(text)
        self.names.update(parsed.names)
        return parsed.compile(self.tools, self.variables)

    def series(
        self, kind: SeriesKind, name: str, file_class: str | None = None, *, timed: bool = True
    ) -> SeriesBuffer:
        """Where samples of this persona are kept."""
        key = Key(kind=kind, name=name, persona=self.persona.name, file_class=file_class)
        return self.recorder.series(key, timed=timed)

    def fault(self, me: Actor, series: SeriesBuffer, message: str) -> bool:
        """Record a step that failed before it sent anything: class ``check``, no time at all."""
        started = perf_counter()
        series.record((started, 0, 0, 0, 0, 0, 0))
        self.recorder.failed(series, started, ErrorClass.CHECK, message)
        me.wrong = (ErrorClass.CHECK, message)
        if self.tracer is not None:
            self.tracer.fault(series.key.name, message)
        return False
