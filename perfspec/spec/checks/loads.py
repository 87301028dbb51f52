"""Two models of load that do not mix: users who go round, and journeys that arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.checks.walk import limits
from perfspec.spec.load import UserSearch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.checks.context import Context
    from perfspec.spec.load import Test
    from perfspec.spec.tree import Path

OPEN_ONLY: Final = ("max_users", "finish_within")
JOURNEY_METRICS: Final = ("journeys", "journey_error_rate", "dropped")


def check_loads(context: Context) -> None:
    """Tests whose load is not one model, and limits on journeys where there are none."""
    for name, test in context.spec.tests.items():
        if context.complete("tests", name):
            _test(context, name, test)
    for path in _misplaced(context):
        message = f"{path[-1]} is about whole journeys: it cannot be a limit here"
        hint = "write it in a test, an environment, an objective without endpoints, or the root"
        context.findings.error(context.key(path), "PS345", message, hint)


def _test(context: Context, name: str, test: Test) -> None:
    path = ("tests", name)
    _searching(context, test, path)
    levels = list(_levels(test, path))
    arriving = [at for at in levels if at[-1] == "arrivals"]
    if not arriving:
        for key in OPEN_ONLY:
            if key in test.model_fields_set:
                message = f"{key} is for arrivals, and test {name!r} has users"
                hint = "leave it out, or write arrivals instead of users"
                context.findings.error(context.key((*path, key)), "PS343", message, hint)
        return
    if len(arriving) < len(levels):
        at = next(each for each in levels if each[-1] == "users")
        message = f"test {name!r} has stages with users and stages with arrivals"
        context.findings.error(context.key(at), "PS341", message, "make two tests of them")
    elif test.max_users is None:
        message = f"test {name!r} has arrivals, but does not say how many users they may need"
        hint = "add max_users: journeys a second x seconds a journey takes, doubled"
        context.findings.error(context.key(arriving[0]), "PS342", message, hint)
    _fixed_users(context, name, test)


def _searching(context: Context, test: Test, path: Path) -> None:
    """A search is a test by itself: it chooses all levels, and ``stop_when`` says by what."""
    stages = test.stages or []
    at = next((i for i, each in enumerate(stages) if isinstance(each.users, UserSearch)), None)
    if at is None:
        return
    stage = stages[at]
    for lacks, message, hint in (
        (test.stop_when is None, "says not what to look for", "add stop_when: { error_rate: 5% }"),
        (len(stages) > 1, "has other stages beside it", "make two tests of them"),
        (not stage.hold, "never holds a level", "add hold: 1m to its stage"),
        (stage.jitter is not None, "has jitter", "leave jitter out"),
    ):
        if lacks:
            place = context.key((*path, "stages", at, "users"))
            context.findings.error(place, "PS346", f"a search {message}", hint)


def _levels(test: Test, path: Path) -> Iterator[Path]:
    """Where each level of a test is written; the last word is its kind."""
    for kind in ("users", "arrivals"):
        if kind in test.model_fields_set:
            yield (*path, kind)
    for index, stage in enumerate(test.stages or ()):
        kind = "users" if stage.users is not None else "arrivals"
        yield (*path, "stages", index, kind)


def _fixed_users(context: Context, name: str, test: Test) -> None:
    """A persona's own number of users is no share of the journeys."""
    for persona, written in context.spec.personas.items():
        plays = test.personas is None or persona in test.personas
        if written.users is not None and plays:
            message = f"persona {persona!r} has users, which test {name!r} cannot share arrivals by"
            hint = "give it a weight, or leave it out with personas"
            place = context.key(("personas", persona, "users"))
            context.findings.error(place, "PS344", message, hint)


def _misplaced(context: Context) -> Iterator[Path]:
    for path, slo in limits(context.spec):
        where = context.spec.objectives[str(path[1])].where if path[0] == "objectives" else None
        narrow = where is not None and (where.endpoints or where.tags or where.classes)
        if narrow or path[0] in {"endpoints", "personas"}:
            yield from ((*path, each) for each in JOURNEY_METRICS if each in slo.model_fields_set)
