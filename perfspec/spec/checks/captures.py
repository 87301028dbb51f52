"""Variables that are used before any step can have captured them, in the order of a user's life."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from perfspec.spec.checks.names import STEP_LISTS
from perfspec.spec.checks.variables import check_columns
from perfspec.spec.checks.walk import calls_of, calls_python
from perfspec.spec.effective import is_kept, owner_of
from perfspec.spec.limits import as_names
from perfspec.spec.persona import (
    ConnectStep,
    GroupStep,
    MixStep,
    ReceiveStep,
    SetStep,
    StepOptions,
    StreamStep,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perfspec.spec.checks.context import Context
    from perfspec.spec.checks.texts import Texts, Use
    from perfspec.spec.load import Test
    from perfspec.spec.persona import Persona, Step
    from perfspec.spec.tree import Path

    Keep = Callable[[str], bool]


class Missing(NamedTuple):
    """What a call needs and cannot have; ``path`` is that of the step, or of the key for auth."""

    path: Path
    subject: str
    variable: str


def check_captures(context: Context, texts: Texts) -> None:
    """Complain where no step before can have captured a variable; never in doubt."""
    told: set[tuple[Path, str, str]] = set()
    for name, persona in context.personas.items():
        if not context.read(name):
            continue
        life = _Life(context, texts, name, persona)
        for each in life.missing(lambda _: True):
            if each not in told:
                told.add(each)
                _complain(context, name, life, each)
        check_columns(context, name, life.uses())
    if not told:
        _check_filters(context, texts)


def _complain(context: Context, persona: str, life: _Life, each: Missing) -> None:
    sources = context.names.capturing(each.variable)
    called = [name for name in sources if name in life.called]
    if called and each.path[2:3] == ("on_stop",):
        hint = f"what the journey captures ends with it: call {called[0]} in on_start"
    elif called:
        hint = f"{called[0]} captures it, but later"
    elif sources:
        hint = f"{' or '.join(sources)} captures it: call that before"
    else:
        hint = "it is set by a step that comes later, or in another persona"
    if each.subject == "auth":
        message = f"no step of persona {persona!r} captures {each.variable!r}"
    else:
        message = (
            f"{each.subject} uses {each.variable!r}, which no step of persona {persona!r} "
            "before it can have captured"
        )
    context.findings.error(context.key(each.path), "PS212", message, hint)


class _Life:
    """One persona from its first step to its last."""

    def __init__(self, context: Context, texts: Texts, name: str, persona: Persona) -> None:
        self.context = context
        self.texts = texts
        self.name = name
        self.persona = persona
        self.renewal = list((persona.auth.renew_with if persona.auth else None) or [])
        self.called = {endpoint for _, endpoint in calls_of(name, persona)}
        self._auth_owner = owner_of(context.spec, name, "auth")

    def uses(self) -> Iterator[Use]:
        """All that the persona's calls and credentials refer to."""
        yield from self.texts.of_auth(self._auth_owner)
        for endpoint in sorted(self.called):
            yield from self.texts.of_request(endpoint)
            yield from self.texts.of_answer(endpoint)

    def missing(self, keep: Keep) -> Iterator[Missing]:
        """What cannot be there, in reading order; ``keep`` says which steps of the journey run."""
        if self.context.names.open and (calls_python(self.persona) or not self.context.whole):
            return
        walk = _Walk(self.context, self.texts, keep)
        whole = _Walk(self.context, self.texts, lambda _: True)
        renewed = whole.captured(self.renewal)
        ready = set(renewed)
        yield from whole.steps(self.persona.on_start or [], self._path("on_start"), ready)
        during = set(ready)
        yield from walk.steps(self.persona.journey or [], self._path("journey"), during)
        yield from whole.steps(self.persona.on_stop or [], self._path("on_stop"), set(ready))
        yield from self._renewal(self._own(whole), whole)
        path = ("personas", self._auth_owner, "auth")
        for use in self.texts.of_auth(self._auth_owner):
            if use.name in self.context.names.variables - during and not use.may_be_null:
                yield Missing(path, "auth", use.name)

    def _own(self, walk: _Walk) -> set[str]:
        """All that the steps themselves capture or set."""
        found: set[str] = set()
        for key in STEP_LISTS:
            deque(walk.steps(getattr(self.persona, key) or [], self._path(key), found), maxlen=0)
        return found

    def _renewal(self, known: set[str], walk: _Walk) -> Iterator[Missing]:
        for index, endpoint in enumerate(self.renewal):
            path = ("personas", self._auth_owner, "auth", "renew_with", index)
            yield from walk.call(endpoint, path, known, frozenset())
            known |= walk.captured([endpoint])

    def _path(self, key: str) -> Path:
        return self.context.steps_path(self.name, key)


class _Walk:
    """Goes through steps; ``known`` grows by what each may capture or set."""

    def __init__(self, context: Context, texts: Texts, keep: Keep) -> None:
        self.names = context.names
        self.texts = texts
        self.keep = keep

    def steps(self, steps: Sequence[Step], path: Path, known: set[str]) -> Iterator[Missing]:
        for index, step in enumerate(steps):
            at = path if path[-1] == "mix" else (*path, index)
            yield from self._step(step, at, known)

    def _step(self, step: Step, path: Path, known: set[str]) -> Iterator[Missing]:
        match step:
            case str():
                yield from self._calls([step], path, known, None)
            case GroupStep():
                yield from self._set(step.set, path, known)
                if _repeated(step):
                    known |= self._all_of(step)
                yield from self.steps(step.steps, (*path, "steps"), known)
            case MixStep():
                at = path if path[-1] == "mix" else (*path, "mix")
                yield from self._calls(list(step.mix), at, known, step)
            case SetStep():
                yield from self._set(step.set, path, known)
            case ConnectStep(connect=name) | StreamStep(stream=name):
                yield from self._calls([name], path, known, step)
            case ReceiveStep():
                yield from self._receive(step, path, known)
            case dict():
                ((name, options),) = step.items()
                yield from self._calls([name], (*path, name), known, options)
            case _:
                return

    def _receive(self, step: ReceiveStep, path: Path, known: set[str]) -> Iterator[Missing]:
        yield from self._set(step.set, path, known)
        for use in self.texts.under((*path, "until")):
            if use.name in self.names.variables - known and not use.may_be_null:
                yield Missing(path, step.receive, use.name)
        known |= set(step.capture or ())

    def _calls(
        self, endpoints: list[str], path: Path, known: set[str], options: StepOptions | None
    ) -> Iterator[Missing]:
        options_path = path[:-1] if path[-1] == "mix" else path
        yield from self._set(options.set if options else None, options_path, known)
        kept = [each for each in endpoints if self.keep(each)]
        captured = self.captured(kept)
        again = captured if options is not None and _repeated(options) else set()
        for each in kept:
            at = (*path, each) if path[-1] == "mix" else path
            yield from self.call(each, at, known, frozenset(again))
        known |= captured

    def captured(self, endpoints: Sequence[str]) -> set[str]:
        """What calls bring; one of an endpoint that there is none of may bring anything."""
        if any(each not in self.names.captures for each in endpoints):
            return set(self.names.variables)
        return set().union(*(self.names.captures[each] for each in endpoints))

    def _set(
        self, values: Mapping[str, object] | None, path: Path, known: set[str]
    ) -> Iterator[Missing]:
        known |= set(values or ())
        for use in self.texts.under((*path, "set")) if values else ():
            if use.name in self.names.variables - known and not use.may_be_null:
                yield Missing(path, "set", use.name)

    def call(
        self, endpoint: str, path: Path, known: set[str], again: frozenset[str]
    ) -> Iterator[Missing]:
        """What one call lacks; ``again`` are captures of an earlier time that it is called."""
        own = self.names.captures.get(endpoint, set())
        before = self.names.variables - known - again
        for use in self.texts.of_request(endpoint):
            paging = use.name in own and self.names.capturing(use.name) == [endpoint]
            if use.name in before and not use.may_be_null and not paging:
                yield Missing(path, endpoint, use.name)
        for use in self.texts.of_answer(endpoint):
            if use.name in before - own and not use.may_be_null:
                yield Missing(path, endpoint, use.name)

    def _all_of(self, group: GroupStep) -> set[str]:
        found: set[str] = set()
        deque(self.steps(group.steps, ("",), found), maxlen=0)  # what is missing is not asked
        return found


def _repeated(options: StepOptions) -> bool:
    return options.times is not None and options.times.high > 1


def _check_filters(context: Context, texts: Texts) -> None:
    """A test that leaves steps out may leave out the one that captures what the others use."""
    for name, test in context.spec.tests.items():
        keep = _filter(context, test)
        for persona in _personas_of(context, test) if keep is not None else ():
            if not context.read(persona):
                continue
            life = _Life(context, texts, persona, context.personas[persona])
            for each in life.missing(keep or (lambda _: True)):
                lost = context.names.capturing(each.variable)
                key = "only" if test.only is not None else "without"
                message = (
                    f"without {' or '.join(lost)}, {each.subject} of persona {persona!r} "
                    f"has no {each.variable!r}"
                )
                hint = "give both the tag, or call it in on_start"
                context.findings.error(context.key(("tests", name, key)), "PS214", message, hint)


def _filter(context: Context, test: Test) -> Keep | None:
    only = [set(as_names(test.only.tags))] if test.only is not None else []
    without = set(as_names(test.without.tags)) if test.without is not None else set()
    if not only and not without:
        return None
    return lambda called: is_kept(context.spec, called, only, without)


def _personas_of(context: Context, test: Test) -> list[str]:
    if test.personas is not None:
        return [each for each in test.personas if each in context.personas]
    every = context.personas.items()
    counted = [name for name, each in every if each.weight is not None or each.users is not None]
    return counted or list(context.personas)
