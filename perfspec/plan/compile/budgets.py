"""Budgets of the spec as budgets of a test: each endpoint by itself, the nearest words count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from perfspec.plan.budget import BaselineRule, Budget, Waiver
from perfspec.plan.compile.groups import groups_of
from perfspec.plan.compile.journeys import calls_python, endpoints_of
from perfspec.plan.compile.limits import place_of
from perfspec.plan.compile.selection import chooses
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import metric_of
from perfspec.spec.checks.walk import unacknowledged, written_steps
from perfspec.spec.persona import GroupStep

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from perfspec.plan.compile.selection import Selection
    from perfspec.spec import budget as spec
    from perfspec.spec.document import Document
    from perfspec.spec.model import Spec

Path = tuple[str | int, ...]
USUAL_ERRORS: Final = 0.001  # what may come on top where no budget on errors is written
USUALLY_NEEDED: Final = 500
NEEDED: Final = {"p99": 5_000, "p99_9": 50_000, "error_rate": 5, "throughput": 1}


class _Written(NamedTuple):
    path: Path
    warn: float | None
    fail: float | None
    floor: float | None
    min_samples: int | None


def compile_budgets(document: Document, selection: Selection) -> tuple[Budget, ...]:
    """Budgets of every endpoint and group of a test, of its throughput, and those of objectives.

    What is called once for each user (sign-in) has few requests in holds: a budget on it would warn
    always, so it must name the endpoint to be about it.
    """
    found = [*_budgets(document, selection), *_groups(document, selection)]
    counted = {each.subject for each in found if each.metric.name == "error_rate"}
    return (*found, *_selected(document, selection, counted))


def compile_baseline(written: Spec) -> BaselineRule | None:
    """Where the past is; None for a spec that neither compares nor records."""
    if written.baseline is None:
        budgets: list[spec.Budget | None] = [written.budget]
        budgets += [each.budget for each in written.tests.values()]
        for endpoint in written.endpoints.values():
            budgets += [endpoint.budget, endpoint.poll.budget if endpoint.poll else None]
        budgets += [each.budget for each in written.objectives.values()]
        steps = (step for _, step in written_steps(written))
        budgets += [each.budget for each in steps if isinstance(each, GroupStep)]
        return BaselineRule() if any(budgets) else None
    given = written.baseline
    fewest, most = (int(each) for each in given.runs or (5, 30))
    return BaselineRule(
        store=given.store,
        compare_with=given.compare_with,
        fewest=fewest,
        most=most,
        missing=given.missing,
        confirm=given.confirm,
    )


def compile_waivers(document: Document) -> tuple[Waiver, ...]:
    """In file order."""
    return tuple(
        Waiver(
            endpoint=each.endpoint,
            metric=each.metric,
            until=each.until,
            reason=each.reason,
            owner=each.owner,
            place=place_of(document, ("waivers", index)),
        )
        for index, each in enumerate(document.spec.waivers)
    )


def _is_looped(selection: Selection, subject: Subject) -> bool:
    """Whether journeys call it, not only users as they start, renew or leave; functions may."""
    return any(
        subject.persona in {None, each.name}
        and (calls_python(each) or subject.name in endpoints_of(each.journey))
        for each in selection.personas
    )


def _budgets(document: Document, selection: Selection) -> Iterator[Budget]:
    """A message that nobody acknowledges has no time to be compared."""
    test = selection.test
    common = _written(document.spec.budget, ("budget",))
    common |= _written(document.spec.tests[test].budget, ("tests", test, "budget"))
    throughput = common.pop("throughput", None)
    untimed = unacknowledged(document.spec)
    for name in selection.called:
        subject = Subject(kind="request", name=name)
        usual = common if _is_looped(selection, subject) else {}
        endpoint = document.spec.endpoints.get(name)
        if endpoint is None:  # a message, whose budgets are those of all
            yield from _of(document, subject, usual, timed=name not in untimed)
            continue
        own = usual | _written(endpoint.budget, ("endpoints", name, "budget"))
        yield from _of(document, subject, own)
        if endpoint.poll is not None and endpoint.poll.budget is not None:
            done = _written(endpoint.poll.budget, ("endpoints", name, "poll", "budget"))
            yield from _of(document, Subject(kind="done", name=f"{name}.done"), done)
    if throughput is not None:
        yield _budget(document, Subject(kind="total"), "throughput", throughput)


def _groups(document: Document, selection: Selection) -> Iterator[Budget]:
    for persona, _, group, path in groups_of(document.spec, selection.personas):
        subject = Subject(kind="group", name=group.group, persona=persona)
        yield from _of(document, subject, _written(group.budget, (*path, "budget")))


def _selected(
    document: Document, selection: Selection, counted: Container[Subject]
) -> Iterator[Budget]:
    """Objectives only add: failures that are compared already (``counted``) are not once more.

    What they choose by name or tag they must be about: the check of the plan refuses times that
    nobody can know.
    """
    untimed = unacknowledged(document.spec)
    for name, objective in document.spec.objectives.items():
        written = _written(objective.budget, ("objectives", name, "budget"))
        if not written or not selection.in_scope(objective.where):
            continue
        chosen = chooses(objective.where)
        for subject in selection.endpoints(objective.where):
            if not (chosen or _is_looped(selection, subject)):
                continue
            timed = chosen or subject.name not in untimed
            errors = subject not in counted
            for each in _of(document, subject, written, usual_errors=errors, timed=timed):
                yield msgspec.structs.replace(
                    each, id=f"{name}.{each.id}", requirement=objective.requirement
                )


def _of(
    document: Document,
    subject: Subject,
    written: Mapping[str, _Written],
    *,
    usual_errors: bool = True,
    timed: bool = True,
) -> Iterator[Budget]:
    for metric, each in written.items():
        if timed or not metric_of(metric).about_times:
            yield _budget(document, subject, metric, each)
    if written and "error_rate" not in written and usual_errors:
        first = next(iter(written.values()))
        usual = _Written(first.path[:-1], None, USUAL_ERRORS, None, None)
        yield _budget(document, subject, "error_rate", usual)


def _budget(document: Document, subject: Subject, metric: str, written: _Written) -> Budget:
    usual = NEEDED.get(metric, USUALLY_NEEDED)
    who = "/".join(filter(None, (subject.name or "total", subject.file_class, subject.persona)))
    return Budget(
        id=f"{who}.{metric} budget",
        subject=subject,
        metric=metric_of(metric),
        fail=written.fail,
        warn=written.warn,
        floor_s=written.floor,
        min_samples=written.min_samples or usual,
        place=place_of(document, written.path),
        origin=".".join(map(str, written.path)),
    )


def _written(budget: spec.Budget | None, path: Path) -> dict[str, _Written]:
    found: dict[str, _Written] = {}
    for metric in type(budget).model_fields if budget is not None else ():
        value = getattr(budget, metric)
        if isinstance(value, float):
            found[metric] = _Written((*path, metric), None, value, None, None)
        elif value is not None:
            floor, needed = getattr(value, "floor", None), getattr(value, "min_samples", None)
            found[metric] = _Written((*path, metric), value.warn, value.fail, floor, needed)
    return found
