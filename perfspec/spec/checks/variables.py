"""Names in templates that nothing brings into being, and keys that a namespace does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.checks.walk import messages_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.spec.checks.context import Context
    from perfspec.spec.checks.texts import Texts, Use

_ENVIRONMENT: Final = frozenset({"url", "name"})


def check_variables(context: Context, texts: Texts) -> None:
    """Every name in a template is a namespace, a source of rows, or captured or set somewhere."""
    _limited(context, texts.under(("hooks",)), "a hook knows only environment")
    for name in context.spec.environments:
        services = texts.under(("environments", name, "services"))
        _limited(context, services, "a service knows only environment")
    for name in context.spec.data:
        for use in texts.under(("data", name, "generate")):
            _undefined(context, use, "generated data refers to nothing")
    for use in _everywhere(context, texts):
        if use.name not in context.names.scope:
            if not context.names.open:
                _undefined(context, use, _meant(context, use.name))
        elif use.key is not None and use.name not in context.names.variables:
            _check_key(context, use, use.name)


def check_columns(context: Context, persona: str, uses: Iterable[Use]) -> None:
    """``user`` is a row of the persona's data, with the columns that the spec writes."""
    data = context.personas[persona].data
    for use in uses:
        if use.name != "user":
            continue
        if data is None:
            message = f"persona {persona!r} has no data, so 'user' is not defined for it"
            place = context.inside(use.node, use.offset)
            context.findings.error(place, "PS210", message, f"give {persona} data: NAME")
        elif use.key is not None:
            _check_key(context, use, data)


def _everywhere(context: Context, texts: Texts) -> list[Use]:
    uses = texts.under(("defaults", "headers")) + texts.of_steps()
    messages = (name for _, name, _ in messages_of(context.spec))
    for name in (*context.spec.endpoints, *messages):
        uses += texts.of_request(name) + texts.of_answer(name)
    for name in context.spec.personas:
        uses += texts.of_auth(name)
    return uses


def _limited(context: Context, uses: list[Use], why: str) -> None:
    for use in uses:
        if use.name != "environment":
            _undefined(context, use, why)
        elif use.key is not None:
            _check_key(context, use, "environment")


def _undefined(context: Context, use: Use, hint: str) -> None:
    place = context.inside(use.node, use.offset)
    context.findings.error(place, "PS210", f"{use.name!r} is not defined", hint)


def _meant(context: Context, name: str) -> str:
    names = context.names
    if any(name in columns for columns in names.columns.values()):
        return f"a column of the persona's data is user.{name}"
    if name in names.files:
        return f"a file stands in a body as {{ from: {name} }}"
    if name.isupper():
        return f"a variable of the environment is ${{{name}}}"
    return context.findings.near(name, names.scope) or "no endpoint captures it and no step sets it"


def _check_key(context: Context, use: Use, namespace: str) -> None:
    known = _ENVIRONMENT if namespace == "environment" else context.names.columns.get(namespace)
    if known is None or use.key is None or use.key in known:
        return
    what = "environment" if namespace == "environment" else f"data {namespace!r}"
    hint = context.findings.near_or_all(use.key, known)
    place = context.inside(use.node, use.offset)
    context.findings.error(place, "PS211", f"{what} has no {use.key!r}", hint)
