"""Monitors of the chosen environment, and the limits on their series as objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from perfspec.expr import fill_variables
from perfspec.plan.limits import Metric, Objective, Scale, Subject
from perfspec.plan.monitor import (
    CloudWatchSource,
    HostSource,
    HttpSource,
    Monitor,
    MonitorSeries,
    PostgresSource,
    ProcessSource,
    PrometheusSource,
)
from perfspec.spec.levels import UNITS, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perfspec.plan.base import Place
    from perfspec.plan.limits import During
    from perfspec.plan.monitor import Source
    from perfspec.spec import model
    from perfspec.spec.levels import MonitorLevels, Unit
    from perfspec.spec.limits import Slo
    from perfspec.spec.monitor import Monitor as Written
    from perfspec.spec.monitor import MonitorSeries as WrittenSeries

    Path = tuple[str | int, ...]
    PlaceOf = Callable[[Path], Place]

_SCALES: Final[dict[Unit, tuple[Scale, float]]] = {
    "percent": ("ratio", 0.01), "ratio": ("ratio", 1.0), "ms": ("s", 0.001), "s": ("s", 1.0),
    "bytes": ("bytes", 1.0), "count": ("count", 1.0), "per_s": ("per_s", 1.0),
    "bytes_per_s": ("bytes_per_s", 1.0),
}  # fmt: skip
_MEAN: Final = frozenset({"share", "rate", "transfer"})


def monitors_of(spec: model.Spec, environment: str) -> dict[str, tuple[Written, Path]]:
    """The root's and the environment's, which replaces by name; each with its path in the spec."""
    own = spec.environments[environment].monitors or {}
    root: dict[str, tuple[Written, Path]] = {
        name: (each, ("monitors", name)) for name, each in spec.monitors.items()
    }
    path: Path = ("environments", environment, "monitors")
    return root | {name: (each, (*path, name)) for name, each in own.items()}


def compile_monitors(
    spec: model.Spec,
    environment: str,
    variables: Mapping[str, str],
    secrets: frozenset[str],
    place_of: PlaceOf,
) -> tuple[Monitor, ...]:
    """Everything that is read in one environment; ``${NAME}`` stays where it is secret."""
    known = {name: value for name, value in variables.items() if name not in secrets}
    services = spec.environments[environment].services or {}
    found = []
    for name, (written, path) in monitors_of(spec, environment).items():
        source = _source(written, lambda text: fill_variables(text, known))
        absent = None
        service = source.service if isinstance(source, ProcessSource) else None
        if service is not None and service not in services:
            absent = f"environment {environment} starts no service {service}"
        found.append(
            Monitor(
                name=name,
                source=source,
                every_s=written.every_s,
                series=tuple(_series(written)),
                absent=absent,
                place=place_of(path),
            )
        )
    return tuple(found)


def _source(written: Written, put: Callable[[str], str]) -> Source:
    headers = {key: put(str(value)) for key, value in (written.headers or {}).items()}
    if written.process is not None:
        _, _, service = written.process.partition("services.")
        pid_file = None if service else put(written.process)
        return ProcessSource(service=service or None, pid_file=pid_file)
    if written.postgres is not None:
        return PostgresSource(dsn=put(written.postgres))
    if written.prometheus is not None:
        return PrometheusSource(url=put(written.prometheus).rstrip("/"), headers=headers)
    if written.http is not None:
        return HttpSource(url=put(written.http), headers=headers)
    aws = written.cloudwatch
    if aws is None:
        return HostSource()
    return CloudWatchSource(
        namespace=put(aws.namespace),
        region=put(aws.region),
        dimensions={key: put(value) for key, value in aws.dimensions.items()},
        profile=aws.profile and put(aws.profile),
        endpoint=aws.endpoint and put(aws.endpoint),
    )


def _series(written: Written) -> Iterator[MonitorSeries]:
    for name, unit in written.units.items():
        scale, factor = _SCALES[unit]
        form, read = _reading((written.series or {}).get(name))
        yield MonitorSeries(name=name, unit=scale, factor=factor, form=form, read=read)


def _reading(
    written: WrittenSeries | None,
) -> tuple[Literal["own", "query", "stat", "json"], str]:
    if written is None:
        return "own", ""
    if written.query is not None:
        return "query", written.query
    return ("stat", written.stat) if written.stat is not None else ("json", written.json_ or "")


class MonitorLimit(NamedTuple):
    """A limit on one series as it is written: at most, or with ``at_least`` at least."""

    series: str
    path: Path
    level: Level | MonitorLevels


def written_monitor_limits(slo: Slo | None, path: Path) -> dict[str, MonitorLimit]:
    """By ``MONITOR.SERIES`` or ``MONITOR.SERIES.STATISTIC``."""
    written = (slo.monitors if slo is not None else None) or {}
    return {
        name: MonitorLimit(name, (*path, "monitors", name), limit)
        for name, limit in written.items()
    }


def monitor_objectives(
    limit: MonitorLimit,
    spec: model.Spec,
    environment: str,
    place_of: PlaceOf,
    *,
    during: During,
    prefix: str = "",
    requirement: str | None = None,
) -> Iterator[Objective]:
    """The upper and the lower bound, each for itself, in the unit of the series."""
    name, _, statistic = _parts(limit.series)
    written, _ = monitors_of(spec, environment).get(name, (None, ()))
    unit = _unit(spec, limit.series, environment)
    level = limit.level
    bounds: list[tuple[str, Level | None, Level | None]] = [("max", None, None)]
    if isinstance(level, Level):
        bounds = [("max", None, level)]
    else:
        bounds = [("max", level.warn, level.fail), ("min", None, level.min)]
    for side, warn, fail in bounds:
        if warn is None and fail is None:
            continue
        within = None if isinstance(level, Level) or side == "max" else level.within
        usual = "mean" if UNITS[unit][0] in _MEAN else side
        chosen = "max" if within is not None else statistic or usual
        metric = Metric(name=chosen, kind="sampled", at_least=side == "min", scale=_SCALES[unit][0])
        series = ".".join(limit.series.split(".")[:2])
        yield Objective(
            id=f"{prefix}{series}.{chosen}" + (".min" if side == "min" else ""),
            subject=Subject(kind="monitor", name=series),
            metric=metric,
            warn=None if warn is None else warn.value,
            fail=None if fail is None else fail.value,
            min_samples=1,
            during=during,
            place=place_of(limit.path),
            requirement=requirement,
            origin=".".join(str(part) for part in limit.path),
            within_s=within,
            if_absent="inconclusive" if written is None else written.if_absent,
        )


def _parts(name: str) -> tuple[str, str, str]:
    monitor, series, *statistic = name.split(".")
    return monitor, series, statistic[0] if statistic else ""


def _unit(spec: model.Spec, name: str, environment: str) -> Unit:
    """That of this environment's monitor, or where it has none of another's: lint knows one."""
    monitor, series, _ = _parts(name)
    places = [environment, *spec.environments]
    found = (monitors_of(spec, each).get(monitor) for each in places)
    return next(each[0].units[series] for each in found if each and series in each[0].units)
