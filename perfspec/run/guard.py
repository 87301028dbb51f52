"""What must not run: rules of protected environments, and secrets that are not there."""

from __future__ import annotations

import shlex
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from perfspec.errors import UsageError
from perfspec.expr import ExpressionError, parse_template
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from perfspec.plan.base import JsonValue
    from perfspec.plan.model import Environment, Plan, Protection, TimeWindow


def check_guard(
    plan: Plan, *, confirm: str | None, variables: Mapping[str, str], now: datetime
) -> None:
    """Raise UsageError with every rule that forbids this run; nothing has been started then.

    ``variables`` are those of the process, ``now`` has a time zone.
    """
    refused = [
        *_refusals(plan, confirm, variables, now),
        *missing_variables(plan, variables, later=plan.hooks_before is not None),
    ]
    if refused:
        raise UsageError("\n".join(refused))


def missing_variables(plan: Plan, variables: Mapping[str, str], *, later: bool) -> Iterator[str]:
    """A sentence for each ``${NAME}`` without value and default.

    With ``later`` only those that are read before the hook before has run, which may bring others.
    """
    known = {**variables, **plan.variables}
    texts = [*_first_texts(plan), *(() if later else _later_texts(plan))]
    seen: dict[str, str] = {}
    for where, text in texts:
        for name in _required(text):
            if name not in known:
                seen.setdefault(name, where)
    for name, where in seen.items():
        hint = "" if later or plan.hooks_before is None else " nor written by the hook before"
        yield (
            f"the environment variable {name}, used in {where}, is not set{hint}:"
            f" export {name}=…, or write ${{{name}:-default}}"
        )


def in_window(window: TimeWindow, now: datetime) -> bool:
    """Whether a protected environment may be loaded now; a window may end on the next day.

    Raises UsageError for a time zone that this machine does not know.
    """
    local = now.astimezone(_zone(window))
    minute = local.hour * 60 + local.minute
    if window.from_minute < window.to_minute:
        return local.weekday() in window.weekdays and (
            window.from_minute <= minute < window.to_minute
        )
    yesterday = (local - timedelta(days=1)).weekday()
    return (local.weekday() in window.weekdays and minute >= window.from_minute) or (
        yesterday in window.weekdays and minute < window.to_minute
    )


def _zone(window: TimeWindow) -> tzinfo:
    if window.zone == "UTC":
        return UTC  # small containers have no time zones
    try:
        return ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError):
        msg = (
            f"the window {window.text!r} names a time zone that this machine does not know:"
            " write it in UTC, or install tzdata"
        )
        raise UsageError(msg) from None


def _refusals(
    plan: Plan, confirm: str | None, variables: Mapping[str, str], now: datetime
) -> Iterator[str]:
    name = plan.environment.name
    rules = plan.environment.protected
    if rules is None:
        if confirm is not None:
            yield from _needless(plan.environment, confirm)
        return
    event = variables.get("GITHUB_EVENT_NAME") or variables.get("CI_PIPELINE_SOURCE", "")
    if event.startswith(("pull_request", "merge_")):  # GitHub's merge queue, GitLab's requests
        yield (
            f"environment {name} is protected and never loaded from a pull request"
            f" (this is a {event}): choose another with --env"
        )
    if confirm is None:
        yield f"environment {name} is protected: add --confirm {shlex.quote(name)}"
    elif confirm != name:
        yield f"environment {name} is protected, and --confirm names {confirm!r} instead"
    yield from _tests_refused(plan, rules)
    if rules.window is not None and not in_window(rules.window, now):
        local = f"{now.astimezone(_zone(rules.window)):%a %H:%M} {rules.window.zone}"
        yield (
            f"environment {name} may be loaded {rules.window.text} only (window), and now it is"
            f" {local}: wait for it"
        )


def _needless(environment: Environment, confirm: str) -> Iterator[str]:
    """Who confirms another environment than the one that runs is mistaken about what runs."""
    if confirm != environment.name:
        yield (
            f"--confirm names {confirm!r}, but this run is on {environment.name}:"
            f" choose with --env {shlex.quote(confirm)}"
        )


def _tests_refused(plan: Plan, rules: Protection) -> Iterator[str]:
    name = plan.environment.name
    for test in plan.tests:
        if rules.tests is not None and test.name not in rules.tests:
            allowed = ", ".join(rules.tests) or "none"
            yield (
                f"test {test.name} may not run on {name} (tests: {allowed}):"
                " leave it out with --only"
            )
        peak = test.peak_users
        if rules.max_users is not None and peak > rules.max_users:
            lower = "stages" if test.open_model is None else "max_users"
            yield (
                f"test {test.name} goes up to {counted(peak, 'user')}, and {name} allows"
                f" {rules.max_users} (max_users): lower its {lower}, or leave it out with --only"
            )


def _first_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    own = f"environments.{plan.environment.name}"
    yield from _leaves(f"{own}.url", plan.environment.url)
    yield from _leaves(f"{own}.allow_hosts", plan.environment.hosts[1:])
    for service in plan.environment.services:
        where = f"{own}.services.{service.name}"
        ready = "" if service.ready is None else service.ready.url
        yield from _leaves(where, [ready, service.run, dict(service.variables)])
    if plan.hooks_before is not None:
        yield from _leaves("hooks.before", [plan.hooks_before.run, plan.hooks_before.verify])


def _later_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.hooks_after is not None:
        yield from _leaves("hooks.after", [plan.hooks_after.run, plan.hooks_after.verify])
    for endpoint in plan.endpoints:
        where = f"endpoints.{endpoint.name} ({endpoint.place})"
        yield from _leaves(where, msgspec.to_builtins(endpoint))
    for persona in {each.name: each for test in plan.tests for each in test.personas}.values():
        yield from _leaves(f"personas.{persona.name}", msgspec.to_builtins(persona))
    for monitor in plan.monitors:
        where = f"monitors.{monitor.name} ({monitor.place})"
        yield from _leaves(where, msgspec.to_builtins(monitor.source))
    for source in plan.data:
        yield from _leaves(f"data.{source.name}", msgspec.to_builtins(source.source))
    for files in plan.files:
        yield from _leaves(f"data.{files.name}", msgspec.to_builtins(files))


def _leaves(where: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield where, value
        case dict():
            for key, each in value.items():
                yield where, key
                yield from _leaves(where, each)
        case list() | tuple():
            for each in value:
                yield from _leaves(where, each)
        case _:
            return


def _required(text: str) -> frozenset[str]:
    if "${" not in text:
        return frozenset()
    try:
        return parse_template(text).required
    except ExpressionError:
        return frozenset()  # no template (a pattern), or one that the load process refuses
