"""What an error of pydantic is called in a spec: code, message and hint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perfspec.spec.base import CALLED_PATTERN, NAME_PATTERN
from perfspec.spec.headers import NAME_OF_HEADER, ONE_LINE
from perfspec.spec.mistakes import missing_space
from perfspec.spec.others import translated
from perfspec.spec.quantities import suggest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from perfspec.spec.keys import Keys, Loc
    from perfspec.spec.tree import Node, Path


class Wording(NamedTuple):
    code: str
    message: str
    hint: str | None = None


BOUNDS: Final = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_LENGTHS: Final = frozenset({"too_short", "too_long", "string_too_short", "string_too_long"})
_KINDS: Final = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}


def word(error: ErrorDetails, path: Path, parent: Node, keys: Keys) -> Wording:
    """One error at ``path``; ``parent`` is the mapping or list that holds it."""
    kind, value, loc = error["type"], error["input"], error["loc"]
    if kind == "missing":
        return Wording("PS101", f"{loc[-1]} is missing", _such_as(keys.example(loc)))
    if kind == "extra_forbidden":
        return _unknown_key(str(loc[-1]), loc, parent, keys)
    if value is None:
        hint = _such_as(keys.example(loc)) or "write one, or leave the key out"
        return Wording("PS111", f"{subject(path)} has no value", hint)
    if loc and loc[-1] == "[key]":
        return _bad_key(error, keys)
    if kind.startswith("perfspec"):
        return _ours(error, path, keys)
    if kind in BOUNDS or kind in _LENGTHS:
        return _bounds(error, path, keys)
    return _value(error, path, keys)


def kinds(errors: list[ErrorDetails], path: Path, keys: Keys) -> Wording:
    """A value that is none of the kinds that may stand at ``path``."""
    value, loc = errors[0]["input"], errors[0]["loc"]
    fitting = list(dict.fromkeys(_KINDS[e["type"]] for e in errors if e["type"] in _KINDS))
    if {"text", "a number", "true or false"} <= set(fitting):
        fitting = ["text", "a number", "true or false"]
    message = f"{subject(path)} is {describe(value)}"
    if not fitting:
        return Wording("PS103", f"{message}: {errors[0]['msg']}")
    hint = f"it is {' or '.join(fitting)}"
    if fitting == ["text"] and keys.at(loc).get("pattern") in {NAME_PATTERN, CALLED_PATTERN}:
        hint = "it is a name"
    elif fitting == ["text"] and isinstance(value, int | float):
        written = str(value).lower() if isinstance(value, bool) else value
        hint += f': write "{written}" in quotes'
    elif fitting == ["a mapping"] and isinstance(value, list):
        hint += ": write its keys without dashes"
    elif fitting == ["a list"] and isinstance(value, dict):
        hint += ": begin each entry with a dash"
    elif example := keys.example(loc):
        hint += f", such as {example}"
    return Wording("PS103", message, hint)


def subject(path: Path) -> str:
    """``timeout``, or ``journey[2]`` for an entry of a list."""
    name, indexes = "the spec", ""
    for part in path:
        name, indexes = (name, f"{indexes}[{part}]") if isinstance(part, int) else (part, "")
    return name + indexes


def describe(value: object) -> str:
    """A written value, short."""
    match value:
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "...")
        case _:
            return str(value)


def _such_as(example: str | None) -> str | None:
    return f"such as {example}" if example else None


def _unknown_key(key: str, loc: Loc, parent: Node, keys: Keys) -> Wording:
    corrected = missing_space(key)
    if corrected is not None:
        return Wording("PS012", "a space is missing after the colon", corrected)
    known = keys.known(loc[:-1])
    left = [each for each in known if parent.child(each) is None]
    hint = (
        translated(key, known)
        or keys.near(key, left)
        or keys.near(key, known)
        or f"keys here are {', '.join(left or known)}"
    )
    return Wording("PS102", f"unknown key {key!r}", hint)


def _bad_key(error: ErrorDetails, keys: Keys) -> Wording:
    key = str(error["input"])
    corrected = missing_space(key)
    if corrected is not None:
        return Wording("PS012", "a space is missing after the colon", corrected)
    if not key and error["type"] in _LENGTHS:
        return Wording("PS108", "a key is empty", "write its name, or leave it out")
    if error["type"] == "literal_error":
        choices = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
        near = translated(key, choices) or keys.near(key, choices)
        hint = near or f"keys here are {', '.join(choices)}"
        return Wording("PS102", f"unknown key {key!r}", hint)
    pattern = str(error.get("ctx", {}).get("pattern", NAME_PATTERN))
    where = (*error["loc"][:-2], error["loc"][-1])
    said = None if pattern == NAME_PATTERN else keys.pattern_message(where, pattern)
    if said is not None:
        hint = said[:1].lower() + said[1:]
        what = "header" if pattern == NAME_OF_HEADER else "series"
        return Wording("PS106", f"{describe(key)} is no name of a {what}", hint)
    return _name(key)


def _ours(error: ErrorDetails, path: Path, keys: Keys) -> Wording:
    """What the models themselves complain of."""
    message = error.get("ctx", {}).get("message")
    if error["type"] == "perfspec_quantity":
        return _quantity(subject(path), error, keys)
    if message is not None:
        return Wording("PS109", str(message))
    return Wording("PS103", f"{subject(path)} is {describe(error['input'])}", error["msg"])


def _bounds(error: ErrorDetails, path: Path, keys: Keys) -> Wording:
    context: dict[str, Any] = error["ctx"]
    if error["type"] in BOUNDS:
        words, key = BOUNDS[error["type"]]
        hint = f"it must be {words} {context[key]:,.7g}"
        return Wording("PS108", f"{subject(path)} is {describe(error['input'])}", hint)
    if "max_length" in context:
        message = f"{subject(path)} is longer than {context['max_length']}"
        return Wording("PS108", message)
    hint = _such_as(keys.example(error["loc"])) or "write something, or leave the key out"
    return Wording("PS108", f"{subject(path)} is empty", hint)


def _value(error: ErrorDetails, path: Path, keys: Keys) -> Wording:
    what, value, loc = subject(path), error["input"], error["loc"]
    if error["type"] == "literal_error":
        return _choice(what, error, path, keys)
    if error["type"] == "string_pattern_mismatch":
        return _pattern(what, str(value), loc, str(error["ctx"]["pattern"]), keys)
    return kinds([error], path, keys)


def _name(text: str) -> Wording:
    fitting = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower())
    fitting = fitting.strip("_")
    hint = f"write {fitting}" if re.match(NAME_PATTERN, fitting) and len(fitting) <= 64 else None
    message = f"{describe(text)} is no name: small letters, digits and _, a letter first"
    if len(text) > 64:
        message = "a name has at most 64 characters"
    return Wording("PS106", message, hint)


def _quantity(what: str, error: ErrorDetails, keys: Keys) -> Wording:
    message, _, fits = str(error.get("ctx", {})["message"]).partition(": write ")
    near = suggest(keys.reader(error["loc"]), error["input"])
    hint = near or (f"write {fits}" if fits else None)
    return Wording("PS104", f"{what}: {message}", hint)


def _choice(what: str, error: ErrorDetails, path: Path, keys: Keys) -> Wording:
    value, expected = error["input"], str(error["ctx"]["expected"])
    if path == ("perfspec",):
        hint = "write perfspec: 1"
        return Wording("PS105", f"version {describe(value)} of the language is not known", hint)
    choices = re.findall(r"'([^']*)'", expected) or [expected]
    near = keys.near(value, choices) if isinstance(value, str) else None
    return Wording("PS105", f"{what} is {describe(value)}", near or f"it is {' or '.join(choices)}")


def _pattern(what: str, value: str, loc: Loc, pattern: str, keys: Keys) -> Wording:
    if pattern in {NAME_PATTERN, CALLED_PATTERN}:
        return _name(value)
    if pattern == ONE_LINE:  # the value of a header is not shown: it may be a secret
        return Wording("PS107", f"{what} has a line break", "the value of a header is one line")
    message = keys.pattern_message(loc, pattern) or "it has another form"
    return Wording("PS107", f"{what} is {describe(value)}", message[:1].lower() + message[1:])
