"""Every name that is used must be the name of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.spec.checks.walk import calls_of
from perfspec.spec.limits import as_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.spec.checks.context import Context
    from perfspec.spec.objective import Where
    from perfspec.spec.tree import Path


def check_references(context: Context) -> None:
    """Names of endpoints, data, personas, tests and environments; selectors that match nothing."""
    _personas(context)
    _environments(context)
    _tests(context)
    _sequences(context)
    for name, objective in context.spec.objectives.items():
        if objective.where is not None:
            _where(context, objective.where, ("objectives", name, "where"))
    _secrets(context)


def _personas(context: Context) -> None:
    for name, persona in context.spec.personas.items():
        path: Path = ("personas", name)
        for at, endpoint in calls_of(name, persona):
            context.expect("endpoint", endpoint, at)
        if persona.data is not None:
            _rows(context, persona.data, (*path, "data"))
        if persona.like is not None:
            _like(context, name, persona.like)


def _rows(context: Context, name: str, path: Path) -> None:
    if name in context.names.files - context.names.rows:
        message = f"data {name!r} holds files, which are no rows of a user"
        hint = context.findings.near_or_all(name, context.names.rows)
        context.findings.error(context.value(path), "PS208", message, hint)
    else:
        context.expect("data source", name, path)


def _like(context: Context, name: str, like: str) -> None:
    path: Path = ("personas", name, "like")
    if not context.expect("persona", like, path):
        return
    base = context.spec.personas.get(like)
    if name == like:
        context.findings.error(context.value(path), "PS206", f"{name!r} cannot be like itself")
    elif base is not None and base.like is not None:
        message = f"{like!r} is itself like {base.like!r}: keys are copied over one level only"
        hint = f"write like: {base.like}" if base.like != name else "write the keys of one out"
        context.findings.error(context.value(path), "PS206", message, hint)


def _environments(context: Context) -> None:
    for name, environment in context.spec.environments.items():
        if environment.protected is not None:
            path = ("environments", name, "protected", "tests")
            _each(context, "test", environment.protected.tests, path)


def _tests(context: Context) -> None:
    for name, test in context.spec.tests.items():
        path: Path = ("tests", name, "personas")
        for index, persona in enumerate(test.personas or ()):
            at = (*path, index if isinstance(test.personas, list) else persona)
            context.expect("persona", persona, at)
        for key in ("only", "without"):
            chosen = getattr(test, key)
            if chosen is not None:
                path = ("tests", name, key, "tags")
                _each(context, "endpoint with the tag", chosen.tags, path)


def _sequences(context: Context) -> None:
    for name, sequence in context.spec.sequences.items():
        path: Path = ("sequences", name)
        entries = sequence
        if not isinstance(entries, list):
            if entries.environment is not None:
                context.expect("environment", entries.environment, (*path, "environment"))
            path, entries = (*path, "tests"), entries.tests
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            test = entry if isinstance(entry, str) else next(iter(entry))
            at = (*path, index) if isinstance(entry, str) else (*path, index, test)
            if not isinstance(entry, str):
                _needs(context, entry[test].needs, seen, (*at, "needs"))
                if entry[test].time_scale == 0:
                    place = context.key((*at, "time_scale"))
                    context.findings.error(
                        place, "PS108", "time_scale is 0%", "it leaves no time at all"
                    )
            _test_of_sequence(context, test, seen, at)


def _test_of_sequence(context: Context, test: str, seen: set[str], path: Path) -> None:
    if test in seen:
        hint = "one result for each test: write a second test, or leave one out"
        message = f"test {test!r} stands in this sequence twice"
        context.findings.error(context.key(path), "PS331", message, hint)
    else:
        context.expect("test", test, path)
    seen.add(test)


def _needs(context: Context, needs: str | list[str] | None, before: set[str], path: Path) -> None:
    if needs == "all":
        return
    for index, name in enumerate(as_names(needs)):
        at = path if isinstance(needs, str) else (*path, index)
        if context.expect("test", name, at) and name not in before:
            message = f"test {name!r} does not stand before this one, so it cannot be needed"
            hint = f"name one of {', '.join(sorted(before))}" if before else "no test comes before"
            context.findings.error(context.value(at), "PS333", message, hint)


def _where(context: Context, where: Where, path: Path) -> None:
    _each(context, "test", where.tests, (*path, "tests"))
    _each(context, "environment", where.environments, (*path, "environments"))
    _each(context, "endpoint", where.endpoints, (*path, "endpoints"))
    _each(context, "persona", where.personas, (*path, "personas"))
    _each(context, "class of files", where.classes, (*path, "classes"))
    _each(context, "endpoint with the tag", where.tags, (*path, "tags"))
    endpoints, tags = as_names(where.endpoints), set(as_names(where.tags))
    known = tags <= context.names.known["endpoint with the tag"]
    spec = context.spec.endpoints
    if not (endpoints and tags and known) or not all(each in spec for each in endpoints):
        return
    if not any(tags & set(spec[each].tags or ()) for each in endpoints):
        message = f"none of {', '.join(endpoints)} has a tag of {', '.join(sorted(tags))}"
        hint = "several keys of where mean all of them: leave one out"
        context.findings.error(context.key(path), "PS207", message, hint)


def _each(context: Context, kind: str, written: str | Iterable[str] | None, path: Path) -> None:
    if isinstance(written, str):
        context.expect(kind, written, path)
    else:
        for index, name in enumerate(written or ()):
            context.expect(kind, name, (*path, index))


def _secrets(context: Context) -> None:
    for index, secret in enumerate(context.spec.secrets):
        source, dot, column = secret.partition(".")
        path: Path = ("secrets", index)
        if not dot:
            continue
        if context.expect("data source", source, path):
            known = context.names.columns.get(source)
            if known is not None and column not in known:
                hint = context.findings.near_or_all(column, known)
                message = f"data {source!r} has no {column!r}"
                context.findings.error(context.value(path), "PS211", message, hint)
