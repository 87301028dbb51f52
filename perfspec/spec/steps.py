"""Steps written as people often write them: told with the corrected line, and read as meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.others import translated
from perfspec.spec.persona import OPTION_WORDS, STEP_WORDS
from perfspec.spec.tree import REFUSED, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.findings import Findings

_LISTS: Final = ("on_start", "journey", "on_stop")
_ENTRY_OPTIONS: Final = ("needs", "on_fail", "time_scale")
_WHOLE: Final = frozenset({"think", "set"})
"""Steps that are a whole mapping: nothing stands beside these words."""


def check_steps(root: Node, findings: Findings) -> None:
    """Tell steps and entries of sequences whose options stand in the wrong place, and mend them."""
    section = root.child("endpoints")
    endpoints = section.names() if section is not None else []
    for owner, index, node in _steps(root):
        if isinstance(node.children, dict) and node.children:
            _put(owner, index, _checked_step(node, endpoints, findings))
    for owner, index, node in _entries(root):
        if isinstance(node.children, dict) and node.children:
            _put(owner, index, _checked_name(node, _ENTRY_OPTIONS, "a test", findings))


def _steps(root: Node) -> Iterator[tuple[Node, int, Node]]:
    personas = root.child("personas")
    for persona in personas.below() if personas is not None else ():
        for name in _LISTS:
            yield from _nested(persona.child(name))


def _nested(steps: Node | None) -> Iterator[tuple[Node, int, Node]]:
    if steps is None or not isinstance(steps.children, list):
        return
    for index, step in enumerate(steps.children):
        yield steps, index, step
        yield from _nested(step.child("steps"))


def _entries(root: Node) -> Iterator[tuple[Node, int, Node]]:
    sequences = root.child("sequences")
    for sequence in sequences.below() if sequences is not None else ():
        tests = sequence.child("tests") or sequence
        if isinstance(tests.children, list):
            yield from ((tests, index, entry) for index, entry in enumerate(tests.children))


def _put(owner: Node, index: int, node: Node) -> None:
    if isinstance(owner.children, list) and owner.children[index] is not node:
        owner.children[index] = node
        owner.data[index] = node.data


def _checked_step(node: Node, endpoints: list[str], findings: Findings) -> Node:
    keys = node.names()
    if word := _misspelt_word(keys, endpoints, findings):
        message = f"there is no endpoint and no word of steps {keys[0]!r}"
        return _refused(node, keys[0], "PS201", message, f"did you mean {word!r}?", findings)
    words = [
        key for key in keys if key in STEP_WORDS and not (key in OPTION_WORDS and len(keys) > 1)
    ]
    if words and words[0] not in _WHOLE:
        return node
    whole = [key for key in keys if key in _WHOLE]
    if whole and all(key in OPTION_WORDS for key in keys):
        if len(keys) == 1:
            return node
        other = next(key for key in keys if key != whole[0])
        message = f"{other} cannot stand beside a {whole[0]} step"
        return _refused(node, other, "PS112", message, "make it a step of its own", findings)
    return _checked_name(node, OPTION_WORDS, "an endpoint", findings)


def _misspelt_word(keys: list[str], endpoints: list[str], findings: Findings) -> str | None:
    """The step word that the first key was meant for."""
    known = {*endpoints, *STEP_WORDS, *OPTION_WORDS}
    if keys[0] in known or not endpoints:
        return None
    hint = translated(keys[0], known) or findings.near(keys[0], known) or ""
    return next((word for word in STEP_WORDS if hint == f"did you mean {word!r}?"), None)


def _checked_name(node: Node, options: tuple[str, ...], what: str, findings: Findings) -> Node:
    names = [key for key in node.names() if key not in options]
    beside = [key for key in node.names() if key in options]
    if len(names) > 1:
        several = " and ".join(names)
        message = f"{several} stand in one entry: {what} has one of its own"
        hint = f"write - {names[0]} and - {names[1]}"
        return _refused(node, names[1], "PS112", message, hint, findings)
    if not names:
        message = f"{beside[0]} belongs beneath the name of {what}"
        hint = f"write - NAME: {{ {_flow(node, beside)} }}"
        return _refused(node, beside[0], "PS112", message, hint, findings)
    named = node.child(names[0])
    if named is None:
        return node
    if beside:
        hint = f"write - {names[0]}: {{ {_flow(node, beside)} }}"
        message = f"{beside[0]} stands beside {names[0]}, not beneath it"
        findings.error(_key(node, beside[0]), "PS110", message, hint)
        return _moved_beneath(node, names[0], named, beside)
    if named.data is None:
        message = f"{names[0]} has no options"
        hint = f"write - {names[0]} without a colon"
        findings.error(_key(node, names[0]), "PS111", message, hint)
        return Node(node.line, node.column, names[0])
    return node


def _refused(
    node: Node, key: str, code: str, message: str, hint: str | None, findings: Findings
) -> Node:
    findings.error(_key(node, key), code, message, hint)
    return Node(node.line, node.column, REFUSED)


def _moved_beneath(node: Node, name: str, named: Node, beside: list[str]) -> Node:
    inner = Node(named.line, named.column, dict(named.data or {}) if _map(named) else {})
    inner.key = named.key
    inner.children = dict(named.children) if isinstance(named.children, dict) else {}
    for key in beside:
        child = node.child(key)
        if child is not None:
            inner.children[key] = child
            inner.data[key] = child.data
    outer = Node(node.line, node.column, {name: inner.data})
    outer.children = {name: inner}
    return outer


def _map(node: Node) -> bool:
    return isinstance(node.data, dict)


def _key(node: Node, key: str) -> tuple[int, int]:
    child = node.child(key)
    return child.key if child is not None and child.key is not None else node.place


def _flow(node: Node, keys: list[str]) -> str:
    return ", ".join(f"{key}: {_written(node.child(key))}" for key in keys)


def _written(node: Node | None) -> str:
    if node is None or node.children is not None:
        return "…"
    return f'"{node.data}"' if node.style else str(node.data)
