"""What a spec says that cannot be meant: clashing names, limits without sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.checks.names import NAMESPACES
from perfspec.spec.checks.walk import limits, written_steps
from perfspec.spec.limits import LatencyLevels, RateLevels, ShareLevels, UsersLevels
from perfspec.spec.persona import STEP_WORDS, SetStep, StepOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.checks.context import Context
    from perfspec.spec.limits import Slo
    from perfspec.spec.tree import Path

_WORDS: Final = frozenset({"true", "false", "null", "nil", "undefined"})
_WORDS_OF_EXPRESSIONS: Final = _WORDS | {"and", "or", "not", "in", "if", "else", "is"}
_AT_LEAST: Final = frozenset({"success_rate", "availability", "throughput", "journeys", "capacity"})


ANALYSES: Final = frozenset({"recovery_time", "degradation", "growth", "capacity"})
ENDS: Final = frozenset({"abort", "stop_when"})


def check_meaning(context: Context) -> None:
    """Names, limits, personas and tests that contradict the language or themselves."""
    _step_words(context)
    _clashes(context)
    for path, slo in limits(context.spec):
        _levels(context, slo, path)
        _whole_tests(context, slo, path)
    _journeys(context)
    _windows(context)


def _step_words(context: Context) -> None:
    for name in context.spec.endpoints:
        if name in STEP_WORDS:
            message = f"{name!r} is a word of steps, so no endpoint can have this name"
            place = context.key(("endpoints", name))
            context.findings.error(place, "PS323", message, f"write {name}_request")


def _clashes(context: Context) -> None:
    for name in context.spec.data:
        if name in NAMESPACES:
            message = f"{name!r} is always there in templates, so no data can have this name"
            context.findings.error(context.key(("data", name)), "PS323", message)
    for path, name in _variables(context):
        if name in NAMESPACES or name in context.names.known["data source"]:
            what = "data" if name in context.names.known["data source"] else "a part of every scope"
            message = f"variable {name!r} would hide {what}"
        elif name in _WORDS_OF_EXPRESSIONS:
            message = f"{name!r} is a word of expressions, so no variable can have this name"
        else:
            continue
        context.findings.error(context.key(path), "PS323", message, f"write {name}_value")


def _variables(context: Context) -> Iterator[tuple[Path, str]]:
    for name, endpoint in context.spec.endpoints.items():
        path = ("endpoints", name)
        yield from (((*path, "capture", each), each) for each in endpoint.capture or ())
        if endpoint.poll is not None:
            captures = endpoint.poll.capture or ()
            yield from (((*path, "poll", "capture", each), each) for each in captures)
    for at, step in written_steps(context.spec):
        values = step.set if isinstance(step, SetStep | StepOptions) else None
        yield from (((*at, "set", each), each) for each in values or ())
        if isinstance(step, dict):
            for name, options in step.items():
                yield from (((*at, name, "set", each), each) for each in options.set or ())


def _levels(context: Context, slo: Slo, path: Path) -> None:
    for metric in slo.model_fields_set:
        value = getattr(slo, metric)
        written = value.items() if isinstance(value, dict) else [(metric, value)]
        for name, limit in written:
            at = (*path, metric, name) if isinstance(value, dict) else (*path, name)
            levels = isinstance(limit, LatencyLevels | ShareLevels | RateLevels | UsersLevels)
            if not levels or not context.complete(*at):
                continue
            if path[-1] in ENDS and limit.warn is not None:
                message = f"{path[-1]} ends the test, so it has no level that warns"
                hint = "write the one value that ends it"
                context.findings.error(context.key((*at, "warn")), "PS327", message, hint)
            elif limit.warn is not None and limit.fail is not None:
                _order(context, metric, limit.warn, limit.fail, at)


def _whole_tests(context: Context, slo: Slo, path: Path) -> None:
    """Analyses of a whole test are no limits on a part of it, and end none."""
    if path[0] not in {"endpoints", "personas"} and path[-1] not in ENDS:
        return
    for metric in slo.model_fields_set & ANALYSES:
        message = f"{metric} is found out over a whole test"
        where = "as a limit of the test" if path[-1] in ENDS else "in a test or an objective"
        context.findings.error(
            context.key((*path, metric)), "PS361", message, f"write it {where}: slo"
        )


def _order(context: Context, metric: str, warn: float, fail: float, path: Path) -> None:
    if (warn > fail) if metric in _AT_LEAST else (warn < fail):
        return
    side = "above" if metric in _AT_LEAST else "below"
    kind = "at least" if metric in _AT_LEAST else "at most"
    message = f"warn would never be reached before fail: {metric} is an {kind} limit"
    if kind == "at least":
        message = message.replace("an at least", "a lower")
    else:
        message = message.replace("an at most", "an upper")
    context.findings.error(
        context.key((*path, "warn")), "PS328", message, f"write warn {side} fail"
    )


def _journeys(context: Context) -> None:
    for name, persona in context.spec.personas.items():
        written = persona.model_fields_set
        if {"journey", "mix"} <= written:
            place = context.key(("personas", name, "mix"))
            message = "journey and mix exclude each other"
            context.findings.error(place, "PS324", message, "a mix can be a step of the journey")
        base = context.spec.personas.get(persona.like or "")
        known = context.read(name) and (base is None or base.like is None)
        if context.personas[name].journey is None and known:
            message = f"persona {name!r} has neither journey nor mix"
            place = context.key(("personas", name))
            context.findings.error(place, "PS324", message, "write journey: [ENDPOINT]")


def _windows(context: Context) -> None:
    for name, environment in context.spec.environments.items():
        guard = environment.protected
        if guard is not None and guard.window is not None:
            path = ("environments", name, "protected", "window")
            _zone(context, guard.window.rpartition(" ")[2], path)


def _zone(context: Context, zone: str, path: Path) -> None:
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415  (for guarded ones only)

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        known = available_timezones()
        if known:  # a machine without a database of zones knows none
            message = f"there is no time zone {zone!r}"
            hint = context.findings.near(zone, known) or "such as UTC or Europe/Berlin"
            context.findings.error(context.value(path), "PS332", message, hint)
