"""Budgets of the spec as budgets of a test: each endpoint by itself, the nearest words count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.plan.budget import BaselineRule, Budget, Waiver
from perfspec.plan.compile.limits import place_of
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import QUANTILES, metric_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfspec.spec import budget as spec
    from perfspec.spec.document import Document
    from perfspec.spec.model import Spec

Path = tuple[str | int, ...]
USUAL_ERRORS: Final = 0.001  # what may come on top where no budget on errors is written
USUALLY_NEEDED: Final = 500
NEEDED: Final = {"p99": 5_000, "p99_9": 50_000}


class _Written(NamedTuple):
    path: Path
    warn: float | None
    fail: float | None
    floor: float | None
    min_samples: int | None


def compile_budgets(document: Document, test: str, called: Sequence[str]) -> tuple[Budget, ...]:
    """Budgets of every endpoint that the test calls, and of its throughput."""
    return tuple(_budgets(document, test, called))


def compile_baseline(written: Spec) -> BaselineRule | None:
    """Where the past is; None for a spec that neither compares nor records."""
    if written.baseline is None:
        budgets: list[spec.Budget | None] = [written.budget]
        budgets += [each.budget for each in written.tests.values()]
        for endpoint in written.endpoints.values():
            budgets += [endpoint.budget, endpoint.poll.budget if endpoint.poll else None]
        return BaselineRule() if any(budgets) else None
    given = written.baseline
    fewest, most = (int(each) for each in given.runs or (5, 30))
    return BaselineRule(
        store=given.store,
        compare_with=given.compare_with,
        fewest=fewest,
        most=most,
        missing=given.missing,
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


def _budgets(document: Document, test: str, called: Sequence[str]) -> Iterator[Budget]:
    common = _written(document.spec.budget, ("budget",))
    common |= _written(document.spec.tests[test].budget, ("tests", test, "budget"))
    throughput = common.pop("throughput", None)
    for name in called:
        endpoint = document.spec.endpoints.get(name)
        if endpoint is None:  # a message, whose budgets are those of all
            yield from _of(document, Subject(kind="request", name=name), common)
            continue
        own = common | _written(endpoint.budget, ("endpoints", name, "budget"))
        yield from _of(document, Subject(kind="request", name=name), own)
        if endpoint.poll is not None and endpoint.poll.budget is not None:
            done = _written(endpoint.poll.budget, ("endpoints", name, "poll", "budget"))
            yield from _of(document, Subject(kind="done", name=f"{name}.done"), done)
    if throughput is not None:
        yield _budget(document, Subject(kind="total"), "throughput", throughput)


def _of(document: Document, subject: Subject, written: Mapping[str, _Written]) -> Iterator[Budget]:
    for metric, each in written.items():
        yield _budget(document, subject, metric, each)
    if written and "error_rate" not in written:
        first = next(iter(written.values()))
        usual = _Written(first.path[:-1], None, USUAL_ERRORS, None, None)
        yield _budget(document, subject, "error_rate", usual)


def _budget(document: Document, subject: Subject, metric: str, written: _Written) -> Budget:
    usual = NEEDED.get(metric, USUALLY_NEEDED) if metric in QUANTILES else 1
    return Budget(
        id=f"{subject.name or 'total'}.{metric} budget",
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
