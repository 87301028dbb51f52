"""Limits of the spec as objectives of a test: each with its subject and its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from perfspec.plan.base import Place
from perfspec.plan.channel import channel_of
from perfspec.plan.compile.groups import groups_of
from perfspec.plan.compile.journeys import called_by, calls_python, endpoints_of
from perfspec.plan.compile.monitors import MonitorLimitCompiler
from perfspec.plan.compile.selection import Selection
from perfspec.plan.limits import AbortLimit, During, Objective, Subject
from perfspec.plan.metrics import metric_of
from perfspec.spec.checks.walk import calls_of, path_of
from perfspec.spec.limits import (
    LatencyLevels,
    RateLevels,
    ShareLevels,
    Slo,
    UsersLevels,
)
from perfspec.spec.request import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.plan.journey import Persona
    from perfspec.spec import load, model
    from perfspec.spec.document import Document

Path = tuple[str | int, ...]
_DEFAULT_MIN_SAMPLES = 10


class _Limit(NamedTuple):
    path: Path
    warn: float | None
    fail: float | None
    min_samples: int


def written_limits(slo: Slo | None, path: Path) -> dict[str, _Limit]:
    """Limits by metric name (``p95``, ``errors.timeout``), with their path in the spec."""
    found: dict[str, _Limit] = {}
    if slo is None:
        return found
    for field in type(slo).model_fields:
        value = getattr(slo, field)
        if value is None or field == "monitors":
            continue
        if isinstance(value, dict):
            for name, limit in value.items():
                found[f"{field}.{name}"] = _limit((*path, field, name), limit)
        else:
            found[field] = _limit((*path, field), value)
    return found


def _limit(
    path: Path, value: float | LatencyLevels | ShareLevels | RateLevels | UsersLevels
) -> _Limit:
    if isinstance(value, float | int):
        return _Limit(path, None, value, _DEFAULT_MIN_SAMPLES)
    if isinstance(value, UsersLevels):
        return _Limit(path, value.warn, value.fail, _DEFAULT_MIN_SAMPLES)
    return _Limit(path, value.warn, value.fail, value.min_samples)


class LimitCompiler:
    """Collects the objectives of one test; the order is that of LANGUAGE's *Which limits*."""

    def __init__(
        self, document: Document, environment: str, name: str, personas: Sequence[Persona]
    ) -> None:
        self.document = document
        self.spec: model.Spec = document.spec
        self.environment = environment
        self.name = name
        self.test: load.Test = document.spec.tests[name]
        self.personas = personas
        python = self._left_to_python()
        called = (each for persona in personas for each in called_by(persona))
        self.called = list(dict.fromkeys([*called, *python]))
        self.selection = Selection(document.spec, environment, name, personas, self.called)
        looped = (name for each in personas for name in endpoints_of(each.journey))
        self.looped = frozenset([*looped, *python])
        """The others (sign-in) have few samples in the judged seconds."""
        self._monitors = MonitorLimitCompiler(self.spec, environment, name, self._place)

    def _left_to_python(self) -> list[str]:
        """Endpoints that no step of the spec calls, in a test whose functions may call them.

        Their limits are judged, too: a function that does not call them leaves them undecided.
        """
        if not any(calls_python(each) for each in self.personas):
            return []
        personas = self.spec.personas.items()
        stepped = {each for name, written in personas for _, each in calls_of(name, written)}
        requests = (name for name, each in self.spec.endpoints.items() if each.request)
        return [name for name in requests if name not in stepped]

    def objectives(self) -> tuple[Objective, ...]:
        """Everything that this test is judged by."""
        usual = self.test.stop_when is None  # else it looks for the load that breaks these
        return (
            *self._total(),
            *(self._endpoints() if usual else ()),
            *(self._groups() if usual else ()),
            *self._monitors.objectives(lambda each: self.selection.in_scope(each.where)),
            *self._selected(),
        )

    def aborts(self) -> tuple[AbortLimit, ...]:
        """What ends this test, the environment's protection included."""
        own = self._ends(("tests", self.name, "abort"), self.test.abort)
        protected = self.spec.environments[self.environment].protected
        path = ("environments", self.environment, "protected", "abort")
        return (*own, *self._ends(path, protected.abort if protected else None))

    def stops(self) -> tuple[AbortLimit, ...]:
        """What this test looks for."""
        return self._ends(("tests", self.name, "stop_when"), self.test.stop_when)

    def _ends(self, path: Path, slo: Slo | None) -> tuple[AbortLimit, ...]:
        requests = tuple(
            AbortLimit(
                metric=metric_of(name),
                limit=limit.fail,
                place=self._place(limit.path),
                origin=_dotted(limit.path),
            )
            for name, limit in written_limits(slo, path).items()
            if limit.fail is not None
        )
        return (*requests, *self._monitors.ends(slo, path))

    def _total(self) -> Iterator[Objective]:
        environment = self.spec.environments[self.environment]
        limits = written_limits(self.test.slo, ("tests", self.name, "slo"))
        if self.test.stop_when is None:
            limits = (
                written_limits(self.spec.slo, ("slo",))
                | written_limits(environment.slo, ("environments", self.environment, "slo"))
                | limits
            )
        for metric, limit in limits.items():
            yield self._objective(Subject(kind="total"), metric, limit)

    def _endpoints(self) -> Iterator[Objective]:
        cap = self.test.endpoint_limits
        if cap == "off":
            return
        for name in self.called:
            path, endpoint = path_of(name), self.spec.endpoints[channel_of(name)]
            written = endpoint if len(path) == 2 else (endpoint.messages or {})[str(path[-1])]
            places: list[tuple[Literal["request", "done"], Slo | None, Path]] = [
                ("request", written.slo, (*path, "slo"))
            ]
            if isinstance(written, Endpoint) and written.poll is not None:
                places.append(("done", written.poll.slo, (*path, "poll", "slo")))
            for kind, slo, path in places:
                named = Subject(kind="request", name=name)
                subject = Subject(kind="done", name=f"{name}.done") if kind == "done" else named
                for metric, limit in written_limits(slo, path).items():
                    yield self._objective(
                        subject, metric, limit, cap=cap, during=self._during(named)
                    )

    def _groups(self) -> Iterator[Objective]:
        cap = self.test.endpoint_limits
        if cap == "off":
            return
        for persona, part, group, path in groups_of(self.spec, self.personas):
            during: During | None = None if part == "journey" else "whole"
            subject = Subject(kind="group", name=group.group, persona=persona)
            for metric, limit in written_limits(group.slo, (*path, "slo")).items():
                yield self._objective(subject, metric, limit, cap=cap, during=during)

    def _selected(self) -> Iterator[Objective]:
        for name, objective in self.spec.objectives.items():
            if not self.selection.in_scope(objective.where):
                continue
            limits = written_limits(objective.slo, ("objectives", name, "slo"))
            for subject in self.selection.subjects(objective.where):
                for metric, limit in limits.items():
                    yield self._objective(
                        subject,
                        metric,
                        limit,
                        prefix=f"{name}.",
                        during=objective.during or self._during(subject),
                        requirement=objective.requirement,
                    )

    def _during(self, subject: Subject) -> During | None:
        return "whole" if subject.name and subject.name not in self.looped else None

    def _objective(
        self,
        subject: Subject,
        metric: str,
        limit: _Limit,
        *,
        prefix: str = "",
        cap: Literal["fail", "warn"] = "fail",
        during: During | None = None,
        requirement: str | None = None,
    ) -> Objective:
        subject = _about(subject, metric)
        parts = [subject.name or subject.kind, subject.file_class, subject.persona]
        who = "/".join(part for part in parts if part)
        return Objective(
            id=f"{prefix}{who}.{metric_of(metric).name}",
            subject=subject,
            metric=metric_of(metric),
            fail=limit.fail,
            warn=limit.warn,
            min_samples=limit.min_samples,
            during=during or self.test.during,
            cap=cap,
            place=self._place(limit.path),
            requirement=requirement,
            origin=_dotted(limit.path),
        )

    def _place(self, path: Path) -> Place:
        return place_of(self.document, path)


def place_of(document: Document, path: Path) -> Place:
    """The line of a key of the spec."""
    line, column = document.place(*path)
    return Place(file=document.file, line=line, column=column)


def _about(subject: Subject, metric: str) -> Subject:
    """Limits on journeys and on the growth of series are written where those on requests are."""
    if metric.startswith("growth."):
        return Subject(kind="monitor", name=metric.removeprefix("growth."))
    if subject.kind == "total" and metric_of(metric).about_journeys:
        return msgspec.structs.replace(subject, kind="journeys")
    return subject


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
