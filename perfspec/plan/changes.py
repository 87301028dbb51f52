"""How one plan differs from another: which limits and budgets became looser, which load another.

Made for reviewers: a pull request that loosens a limit should not look like one that keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from perfspec.plan.base import Place, Value
from perfspec.plan.budget import Budget, Waiver
from perfspec.plan.limits import Objective

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from perfspec.plan.model import Plan, Test

Rule = TypeVar("Rule", Objective, Budget)
Kind = Literal["loosened", "tightened", "removed", "added", "changed"]
GRAVEST_FIRST: tuple[Kind, ...] = ("loosened", "removed", "changed", "tightened", "added")
_NOWHERE = Place(file="", line=0, column=0)


class Change(Value, frozen=True, kw_only=True):
    """One difference. ``what`` is the thing in words of the spec, ``place`` where it stands now.

    ``limit`` is the objective as it was (removed) or is, ``budget`` the same of a budget; None
    where none is concerned. ``before`` and ``after`` are bounds in the unit of its metric (of a
    budget: shares, or differences of shares), ``level`` says which of them. ``others`` counts
    endpoints of which the same words of the spec say the same. ``note`` is what else is to be said.
    ``environments`` are those that it is about, empty for all.
    """

    kind: Kind
    what: str
    test: str
    limit: Objective | None = None
    budget: Budget | None = None
    others: int = 0
    note: str = ""
    environments: tuple[str, ...] = ()
    level: Literal["fail", "warn"] | None = None
    before: float | None = None
    after: float | None = None
    place: Place | None = None


class Changes(Value, frozen=True, kw_only=True):
    """``changes.json``: how the spec of a run differs from that of the commit it builds on."""

    format: Literal["perfspec/changes/1"] = "perfspec/changes/1"
    base: str
    found: tuple[Change, ...]


def changes(base: Mapping[str, Plan], head: Mapping[str, Plan]) -> tuple[Change, ...]:
    """What a reviewer should know, the gravest first, else in the order of the spec.

    The plans are those of every test in each environment, by its name: one may replace limits of
    all others. An environment that is new is compared with the first one of before.
    """
    first = next(iter(base.values()))
    where: dict[Change, list[str]] = {}
    for name, plan in head.items():
        for each in _changes(base.get(name, first), plan):
            where.setdefault(each, []).append(name)
    found = (
        each
        if len(names) == len(head)
        else msgspec.structs.replace(each, environments=tuple(names))
        for each, names in where.items()
    )
    return gravest_first((*found, *_environments(base, head)))


def gravest_first(found: Iterable[Change]) -> tuple[Change, ...]:
    """What became looser before all else."""
    return tuple(sorted(found, key=lambda each: GRAVEST_FIRST.index(each.kind)))


def _environments(base: Mapping[str, Plan], head: Mapping[str, Plan]) -> Iterator[Change]:
    for name in dict.fromkeys([*base, *head]):
        what = f"the environment {name}"
        if name not in head:
            yield Change(kind="removed", what=what, test="")
        elif name not in base:
            yield Change(kind="added", what=what, test="")
        elif base[name].environment != head[name].environment:
            yield Change(kind="changed", what=what, test="")


def _changes(base: Plan, head: Plan) -> Iterator[Change]:
    yield from _tests(base, head)
    yield from _past(base, head)
    yield from _around(base, head)


def _tests(base: Plan, head: Plan) -> Iterator[Change]:
    before = {each.name: each for each in base.tests}
    after = {each.name: each for each in head.tests}
    for name, test in before.items():
        if name not in after:
            yield Change(kind="removed", what="the test", test=name)
        else:
            yield from _test(test, after[name])
    for name, test in after.items():
        if name not in before:
            yield Change(kind="added", what="the test", test=name, place=test.place)


def _test(before: Test, after: Test) -> Iterator[Change]:
    yield from _limits(before.objectives, after.objectives, after.name)
    if (before.compare == "none") != (after.compare == "none"):
        kind: Kind = "loosened" if after.compare == "none" else "tightened"
        note = "it is not compared any more" if kind == "loosened" else "it was not compared"
        yield Change(kind=kind, what="its budgets", test=after.name, note=note, place=after.place)
    else:
        yield from _together(_budgets(before.budgets, after.budgets, after.name))
    for what, fields in _PARTS.items():
        if _bare(before, fields) != _bare(after, fields):
            yield Change(kind="changed", what=what, test=after.name, place=after.place)


_PARTS = {
    "its load": ("stages", "open_model", "warm_up_s", "time_scale"),
    "what its users do": ("personas",),
    "when it is ended early": ("abort",),
}


def _bare(test: Test, fields: Iterable[str]) -> Any:  # noqa: ANN401  (JSON)
    return [_without_places(msgspec.to_builtins(getattr(test, each))) for each in fields]


def _without_places(value: Any) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        return {name: _without_places(each) for name, each in value.items() if name != "place"}
    if isinstance(value, (list, tuple)):
        return [_without_places(each) for each in value]
    return value


def _limits(before: Iterable[Objective], after: Iterable[Objective], test: str) -> Iterator[Change]:
    def about(limit: Objective) -> Change:
        return Change(kind="added", what="the limit", test=test, limit=limit, place=limit.place)

    return _rules(before, after, about, _limit)


def _budgets(before: Iterable[Budget], after: Iterable[Budget], test: str) -> Iterator[Change]:
    def about(budget: Budget) -> Change:
        return Change(kind="added", what="the budget", test=test, budget=budget, place=budget.place)

    return _rules(before, after, about, _budget)


def _rules(
    before: Iterable[Rule],
    after: Iterable[Rule],
    about: Callable[[Rule], Change],
    differences: Callable[[Rule, Rule, Change], Iterator[Change]],
) -> Iterator[Change]:
    """What is gone, what differs and what is new; ``about`` is what is said of a new one."""
    old, new = ({each.id: each for each in rules} for rules in (before, after))
    for key, was in old.items():
        if key in new:
            yield from differences(was, new[key], about(new[key]))
        else:
            yield msgspec.structs.replace(about(was), kind="removed", place=None)
    for key, now in new.items():
        if key not in old:
            yield about(now)


def _levels(was: Rule, now: Rule, said: Change, *, less_is_looser: bool) -> Iterator[Change]:
    """A bound that is gone is looser than any; a ``fail`` that only warns is looser too."""
    for level in ("fail", "warn"):
        before, after = getattr(was, level), getattr(now, level)
        if before == after:
            continue
        looser = after is None or (
            before is not None and (after < before if less_is_looser else after > before)
        )
        yield msgspec.structs.replace(
            said,
            kind="loosened" if looser else "tightened",
            level=level,
            before=before,
            after=after,
        )


def _limit(was: Objective, now: Objective, said: Change) -> Iterator[Change]:
    yield from _levels(was, now, said, less_is_looser=now.metric.at_least)
    if was.cap != now.cap:
        kind: Kind = "loosened" if now.cap == "warn" else "tightened"
        what = "how grave a breach of the limit is"
        yield msgspec.structs.replace(said, kind=kind, what=what)
    if (was.min_samples, was.during) != (now.min_samples, now.during):
        what = "which samples the limit looks at"
        yield msgspec.structs.replace(said, kind="changed", what=what)


def _budget(was: Budget, now: Budget, said: Change) -> Iterator[Change]:
    """What is allowed is above 0 also where less is worse: more of it is always looser."""
    yield from _levels(was, now, said, less_is_looser=False)
    if was.floor_s != now.floor_s:
        kind: Kind = "loosened" if (now.floor_s or 0) > (was.floor_s or 0) else "tightened"
        yield msgspec.structs.replace(said, kind=kind, what="the floor of the budget")
    if was.min_samples != now.min_samples:
        what = "how many requests are needed by the budget"
        yield msgspec.structs.replace(said, kind="changed", what=what)


def _together(found: Iterable[Change]) -> Iterator[Change]:
    """What the same line of the spec says of many endpoints, once."""
    same: dict[tuple[object, ...], list[Change]] = {}
    for each in found:
        budget = each.budget
        metric = budget and (budget.metric.name, budget.origin)
        key = (each.kind, each.what, each.level, each.before, each.after, metric)
        same.setdefault(key, []).append(each)
    for first, *others in same.values():
        yield msgspec.structs.replace(first, others=len(others))


GRAVITY = ("pass", "warn", "fail")  # of a budget that the baseline cannot decide
_RULE = {
    "store": "where the baseline is kept",
    "compare_with": "the branch that is compared with",
    "fewest": "how many runs are wanted",
    "most": "how many runs are used",
    "confirm": "whether a second run must confirm",
}


def _past(base: Plan, head: Plan) -> Iterator[Change]:
    """What decides on budgets beside them: the baseline, and what is waived of it."""
    was, now = base.baseline, head.baseline
    if was is not None and now is not None:
        if was.missing != now.missing:
            looser = GRAVITY.index(now.missing) < GRAVITY.index(was.missing)
            kind: Kind = "loosened" if looser else "tightened"
            what, note = "what the baseline cannot decide", f"{now.missing}, was {was.missing}"
            yield Change(kind=kind, what=what, test="", note=note)
        for field, what in _RULE.items():
            before, after = getattr(was, field), getattr(now, field)
            if before != after:
                note = f"{_word(after)}, was {_word(before)}"
                yield Change(kind="changed", what=what, test="", note=note)
    yield from _waived(base.waivers, head.waivers)


def _word(value: object) -> str:
    """As the spec has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _waived(before: Iterable[Waiver], after: Iterable[Waiver]) -> Iterator[Change]:
    old, new = (
        {(each.endpoint, each.metric): each for each in sorted(waivers, key=lambda one: one.until)}
        for waivers in (before, after)
    )
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key), new.get(key)
        what = f"the waiver of {' '.join(filter(None, key))}"
        if now is None:
            yield Change(kind="tightened", what=what, test="", note="it is gone")
        elif was is None or was.until != now.until:
            looser = was is None or now.until > was.until
            until = f"until {now.until}" + (f", was {was.until}" if was else "")
            yield Change(
                kind="loosened" if looser else "tightened",
                what=what,
                test="",
                note=f"{until}: {now.reason} ({now.owner})",
                place=now.place,
            )


def _around(base: Plan, head: Plan) -> Iterator[Change]:
    """What belongs to no single test."""
    old = {each.name: msgspec.structs.replace(each, place=_NOWHERE) for each in base.endpoints}
    for each in head.endpoints:
        was = old.get(each.name)
        if was is not None and was != msgspec.structs.replace(each, place=_NOWHERE):
            yield Change(kind="changed", what=f"the request {each.name}", test="", place=each.place)
    now = {each.name for each in head.endpoints}
    for name in (each for each in old if each not in now):
        yield Change(kind="removed", what=f"the request {name}", test="")
    if (base.data, base.files) != (head.data, head.files):
        yield Change(kind="changed", what="the data of the users", test="")
