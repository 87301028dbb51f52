"""Monitors of the chosen environment, and the limits on their series as objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from perfspec.expr import fill_variables
from perfspec.plan.limits import AbortLimit, Metric, Objective, Scale, Subject
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
    from perfspec.spec.objective import Objective as WrittenObjective

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


class _Limit(NamedTuple):
    """A limit on one series (``MONITOR.SERIES``, or with a statistic) as it is written."""

    series: str
    path: Path
    level: Level | MonitorLevels


class MonitorLimitCompiler:
    """Limits on series in one test and environment; the upper and the lower bound of each."""

    def __init__(self, spec: model.Spec, environment: str, test: str, place_of: PlaceOf) -> None:
        self.spec = spec
        self.environment = environment
        self.test = test
        self.place_of = place_of
        self.monitors = monitors_of(spec, environment)

    def objectives(self, in_scope: Callable[[WrittenObjective], bool]) -> Iterator[Objective]:
        """Those of the root, environment and test, then those of ``objectives`` in scope.

        A test with ``stop_when`` looks for the load that breaks the usual limits: only its own
        count.
        """
        environment, test = self.spec.environments[self.environment], self.spec.tests[self.test]
        limits = _written(test.slo, ("tests", self.test, "slo"))
        if test.stop_when is None:
            limits = (
                _written(self.spec.slo, ("slo",))
                | _written(environment.slo, ("environments", self.environment, "slo"))
                | limits
            )
        for limit in limits.values():
            yield from self._bounds(limit, during=test.during)
        for name, written in self.spec.objectives.items():
            if in_scope(written):
                for limit in _written(written.slo, ("objectives", name, "slo")).values():
                    yield from self._bounds(
                        limit,
                        during=written.during or test.during,
                        prefix=f"{name}.",
                        requirement=written.requirement,
                    )

    def ends(self, slo: Slo | None, path: Path) -> Iterator[AbortLimit]:
        """Those of ``abort`` or ``stop_when`` at ``path``."""
        for limit in _written(slo, path).values():
            for least, _, level in _sides(limit.level):
                if level is not None:
                    monitor, series, _ = _parts(limit.series)
                    yield AbortLimit(
                        metric=self._metric(limit.series, least=least, in_time=False),
                        limit=level.value,
                        place=self.place_of(limit.path),
                        origin=".".join(str(part) for part in limit.path),
                        series=f"{monitor}.{series}",
                    )

    def _bounds(
        self,
        limit: _Limit,
        *,
        during: During,
        prefix: str = "",
        requirement: str | None = None,
    ) -> Iterator[Objective]:
        level = limit.level
        within = None if isinstance(level, Level) else level.within
        for least, warn, fail in _sides(level):
            metric = self._metric(limit.series, least=least, in_time=least and within is not None)
            side = "" if not least else ".min" if within is None else ".within"
            monitor, series, _ = _parts(limit.series)
            written = self.monitors.get(monitor)
            yield Objective(
                id=f"{prefix}{monitor}.{series}.{metric.name}{side}",
                subject=Subject(kind="monitor", name=f"{monitor}.{series}"),
                metric=metric,
                warn=None if warn is None else warn.value,
                fail=None if fail is None else fail.value,
                min_samples=1,
                during=during,
                place=self.place_of(limit.path),
                requirement=requirement,
                origin=".".join(str(part) for part in limit.path),
                within_s=within if least else None,
                if_absent="inconclusive" if written is None else written[0].if_absent,
            )

    def _metric(self, name: str, *, least: bool, in_time: bool) -> Metric:
        """The statistic that is judged; what must be reached in time is reached once."""
        unit, (_, _, statistic) = self._unit(name), _parts(name)
        usual = "mean" if UNITS[unit][0] in _MEAN else "min" if least else "max"
        scale, _ = _SCALES[unit]
        chosen = "max" if in_time else statistic or usual
        return Metric(name=chosen, kind="sampled", at_least=least, scale=scale)

    def _unit(self, name: str) -> Unit:
        """That of this environment's monitor, or where it has none of another's: lint knows one."""
        monitor, series, _ = _parts(name)
        places = [self.environment, *self.spec.environments]
        found = (monitors_of(self.spec, each).get(monitor) for each in places)
        return next(each[0].units[series] for each in found if each and series in each[0].units)


def _written(slo: Slo | None, path: Path) -> dict[str, _Limit]:
    written = (slo.monitors if slo is not None else None) or {}
    return {name: _Limit(name, (*path, "monitors", name), limit) for name, limit in written.items()}


def _sides(
    level: Level | MonitorLevels,
) -> Iterator[tuple[bool, Level | None, Level | None]]:
    """Whether it is at least, the level that warns and the one that fails."""
    if isinstance(level, Level):
        yield False, None, level
        return
    if level.warn is not None or level.fail is not None:
        yield False, level.warn, level.fail
    if level.min is not None:
        yield True, None, level.min


def _parts(name: str) -> tuple[str, str, str]:
    monitor, series, *statistic = name.split(".")
    return monitor, series, statistic[0] if statistic else ""
