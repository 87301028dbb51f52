"""Monitors and the limits on them: names, units, and where they may stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perfspec.spec.checks.meaning import ENDS
from perfspec.spec.checks.walk import limits
from perfspec.spec.levels import UNITS, Level, MonitorLevels
from perfspec.spec.monitor import READ_BY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.checks.context import Context
    from perfspec.spec.levels import Unit
    from perfspec.spec.limits import Slo
    from perfspec.spec.monitor import Monitor
    from perfspec.spec.tree import Path

_SHORTEST_S: Final = 0.1
_PASSWORD: Final = re.compile(r"://[^/\s:@]*:(?!\$\{)[^/\s@]+@|\bpassword\s*=\s*(?!'?\$\{)\S")
_OF_REQUESTS: Final = ("endpoints", "tags", "personas", "classes")


def check_monitors(context: Context) -> None:
    """What monitors watch and read, and every limit on one of their series."""
    known: dict[str, list[Monitor]] = {}
    for path, name, monitor in _written(context):
        known.setdefault(name, []).append(monitor)
        _watched(context, monitor, path)
        _passwords(context, monitor, path)
        _readings(context, monitor, path)
    for path, slo in limits(context.spec):
        if slo.monitors is not None and _may_stand(context, path):
            _limits(context, slo, (*path, "monitors"), known)
        for name in slo.growth or ():
            _known(context, name, (*path, "growth", name), known)


def _written(context: Context) -> Iterator[tuple[Path, str, Monitor]]:
    spec = context.spec
    yield from ((("monitors", name), name, each) for name, each in spec.monitors.items())
    for environment, written in spec.environments.items():
        for name, each in (written.monitors or {}).items():
            yield ("environments", environment, "monitors", name), name, each


def _watched(context: Context, monitor: Monitor, path: Path) -> None:
    if monitor.every is not None and monitor.every < _SHORTEST_S:
        place = context.value((*path, "every"))
        context.findings.error(place, "PS374", "this reads too often", "write 100ms or more")
    service = (monitor.process or "").partition("services.")[2]
    if not service:
        return
    environments = context.spec.environments
    within = [path[1]] if path[0] == "environments" else list(environments)
    services = {each for name in within for each in environments[str(name)].services or ()}
    if service not in services and context.complete("environments"):
        hint = context.findings.near_or_all(service, services)
        message = f"there is no service {service!r}"
        context.findings.error(context.value((*path, "process")), "PS216", message, hint)


def _passwords(context: Context, monitor: Monitor, path: Path) -> None:
    for key in ("postgres", "prometheus", "http"):
        if _PASSWORD.search(getattr(monitor, key) or ""):
            message = "this holds a password for everybody to read"
            hint = "write it as a variable: ${NAME}"
            context.findings.error(context.value((*path, key)), "PS375", message, hint)


def _readings(context: Context, monitor: Monitor, path: Path) -> None:
    """Own series have no entry here."""
    for name, series in (monitor.series or {}).items():
        fitting = READ_BY[monitor.kind]
        written = {each.rstrip("_") for each in series.model_fields_set} - {"unit"}
        if not written & set(fitting):
            (key,) = written
            message = f"{monitor.kind} cannot read by {key}"
            hint = f"write {' or '.join(fitting)}"
            context.findings.error(
                context.key((*path, "series", name, key)), "PS372", message, hint
            )


def _may_stand(context: Context, path: Path) -> bool:
    at = (*path, "monitors")
    if path[0] == "objectives":
        where = context.spec.objectives[str(path[1])].where
        narrow = [key for key in _OF_REQUESTS if where is not None and getattr(where, key)]
        if narrow:
            message = f"this objective is about {' and '.join(narrow)}, and monitors are about none"
            hint = "write an objective of its own, with tests and environments only"
            context.findings.error(context.key(at), "PS373", message, hint)
        return not narrow
    if path[0] in {"endpoints", "personas"}:
        message = "monitors are about a whole test, not about single requests"
        hint = "write it in the slo of the test or of the root"
        context.findings.error(context.key(at), "PS373", message, hint)
        return False
    return True


def _limits(context: Context, slo: Slo, path: Path, known: dict[str, list[Monitor]]) -> None:
    for name, limit in (slo.monitors or {}).items():
        at = (*path, name)
        units = _known(context, name, at, known)
        if units:
            _units(context, limit, units, at)
            _order(context, limit, at)
        if path[-2] in ENDS and not isinstance(limit, Level):
            _ending(context, limit, at)


def _ending(context: Context, limit: MonitorLevels, at: Path) -> None:
    """What ends a test has one value, and counts from its first second on."""
    hint = "write the one value that ends it"
    for key in ("warn", "within"):
        if key in limit.model_fields_set:
            message = f"{at[-3]} ends the test, so it has no {key}"
            context.findings.error(context.key((*at, key)), "PS327", message, hint)


def _known(context: Context, name: str, at: Path, known: dict[str, list[Monitor]]) -> list[Unit]:
    """The units that a series has in the environments; a complaint where there is none."""
    monitor, series, *_ = name.split(".")
    units = [each.units[series] for each in known.get(monitor, ()) if series in each.units]
    if not units and context.complete("monitors") and context.complete("environments"):
        _unknown(context, monitor, series, known, at)
    return units


def _unknown(
    context: Context, monitor: str, series: str, known: dict[str, list[Monitor]], at: Path
) -> None:
    found = context.findings
    if monitor in known:
        names = {each for one in known[monitor] for each in one.units}
        message = f"monitor {monitor!r} has no series {series!r}"
        found.error(context.key(at), "PS215", message, found.near_or_all(series, names))
    else:
        hint = found.near_or_all(monitor, known) if known else "write monitors at the root"
        found.error(context.key(at), "PS215", f"there is no monitor {monitor!r}", hint)


def _units(context: Context, limit: Level | MonitorLevels, units: list[Unit], at: Path) -> None:
    for key, level in _levels(limit).items():
        kinds = {UNITS[unit][0] for unit in units}
        if level.kind is not None and level.kind not in kinds:
            unit = units[0]
            message = f"the unit of {at[-1]} is {unit}"
            place = context.value((*at, key) if key else at)
            context.findings.error(place, "PS371", message, f"write it like {UNITS[unit][2]}")


def _levels(limit: Level | MonitorLevels) -> dict[str, Level]:
    if isinstance(limit, Level):
        return {"": limit}
    written = {"warn": limit.warn, "fail": limit.fail, "min": limit.min}
    return {key: each for key, each in written.items() if each is not None}


def _order(context: Context, limit: Level | MonitorLevels, at: Path) -> None:
    if isinstance(limit, Level):
        return
    for most in (limit.warn, limit.fail):
        if limit.min and most and limit.min.kind == most.kind and limit.min.value > most.value:
            message = f"no value of {at[-1]} is at least min and within its limit"
            context.findings.error(context.key((*at, "min")), "PS109", message, "write min below")
            return
    if limit.warn is None or limit.fail is None:
        return
    if limit.warn.kind == limit.fail.kind and limit.warn.value >= limit.fail.value:
        message = f"warn would never be reached before fail: {at[-1]} is an upper limit"
        hint = "write warn below fail"
        context.findings.error(context.key((*at, "warn")), "PS328", message, hint)
