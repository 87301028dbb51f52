"""What is allowed and hardly meant: warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.base import VARIABLE
from perfspec.spec.checks.walk import calls_of, calls_python, written_steps
from perfspec.spec.persona import MixStep
from perfspec.spec.secret import looks_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfspec.spec.checks.context import Context
    from perfspec.spec.checks.texts import Texts
    from perfspec.spec.tree import Node, Path

_HIDE_CALLS: Final = ("PS201", "PS203", "PS206", "PS217", "PS323", "PS324")
"""Mistakes that leave open which endpoints are called."""
_NEARLY_100: Final = (90, 110)


def check_habits(context: Context, texts: Texts) -> None:
    """Unused parts, shares that do not add up, variables that look secret."""
    if context.whole:
        _unused(context, texts)
    for path, shares in _shares(context):
        _add_up(context, path, shares)
    _secrets(context)


def _unused(context: Context, texts: Texts) -> None:
    spec = context.spec
    calls = (each for name, one in spec.personas.items() for _, each in calls_of(name, one))
    called = {each.partition(".")[0] for each in calls}
    found = context.findings
    silent = found.has(*_HIDE_CALLS) or any(calls_python(each) for each in spec.personas.values())
    for name in spec.endpoints if not silent else ():
        if name not in called:
            _unused_part(context, "PS401", ("endpoints", name), "no persona calls it")
    used = {persona.data for persona in spec.personas.values()} | texts.names | _sources(context)
    for name in spec.data if not found.has("PS202", "PS208", "PS210", "PS320") else ():
        if name not in used:
            _unused_part(context, "PS402", ("data", name), "no persona, template or body uses it")
    named = {each for test in spec.tests.values() for each in test.personas or ()}
    likes = {persona.like for persona in spec.personas.values()}
    weighted = any(
        one.weight is not None or one.users is not None for one in spec.personas.values()
    )
    only_named = weighted or all(test.personas is not None for test in spec.tests.values())
    for name, persona in spec.personas.items() if not found.has("PS203") else ():
        idle = persona.weight is None and persona.users is None
        if idle and only_named and name not in named | likes:
            why = "it has no weight, and no test names it"
            _unused_part(context, "PS403", ("personas", name), why)


def _unused_part(context: Context, code: str, path: tuple[str, str], why: str) -> None:
    kind = {"endpoints": "endpoint", "data": "data", "personas": "persona"}[path[0]]
    message = f"{kind} {path[1]!r} is never used"
    context.findings.warning(context.key(path), code, message, why)


def _sources(context: Context) -> set[str]:
    """Sources of files that bodies take from."""
    node = context.tree.child("endpoints")
    return set(_from(node)) if node is not None else set()


def _from(node: Node) -> Iterator[str]:
    for key, child in node.parts():
        if key == "from" and isinstance(child.data, str):
            yield child.data
        yield from _from(child)


def _shares(context: Context) -> Iterator[tuple[Path, Mapping[str, float]]]:
    spec = context.spec
    weights = {name: each.weight for name, each in spec.personas.items() if each.weight is not None}
    yield ("personas",), weights
    for name, persona in spec.personas.items():
        yield ("personas", name, "mix"), persona.mix or {}
    for path, step in written_steps(spec):
        if isinstance(step, MixStep):
            yield (*path, "mix"), step.mix
    for name, test in spec.tests.items():
        if isinstance(test.personas, dict):
            yield ("tests", name, "personas"), test.personas
    for name, source in spec.data.items():
        files = {each: one.weight for each, one in (source.files or {}).items()}
        yield ("data", name, "files"), files


def _add_up(context: Context, path: Path, shares: Mapping[str, float]) -> None:
    total = sum(shares.values())
    low, high = _NEARLY_100
    if len(shares) < 2 or not low <= total <= high or abs(total - 100) < 1e-6:
        return
    if not context.complete(*path):
        return
    message = f"these weights look like percentages, but add up to {total:g}"
    hint = "weights need not add up to 100: if these should, mend one"
    context.findings.warning(context.key(path), "PS404", message, hint)


def _secrets(context: Context) -> None:
    seen = set(context.spec.secrets)
    for node in _texts(context.tree):
        for match in VARIABLE.finditer(node.data):
            name = match[1]
            if name not in seen and looks_secret(name):
                seen.add(name)
                message = f"variable {name!r} looks secret and is not in secrets"
                hint = f"it is masked all the same; write secrets: [{name}]"
                place = context.inside(node, match.start())
                context.findings.warning(place, "PS405", message, hint)


def _texts(node: Node) -> Iterator[Node]:
    if isinstance(node.data, str) and "${" in node.data:
        yield node
    for child in node.below():
        yield from _texts(child)
