"""Leaving out the parts of a file that are wrong, so that the rest of it can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perfspec.spec.tree import Node

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from perfspec.spec.tree import Path

_STUB: Final = "left_out"
_NEEDED: Final[dict[str, Any]] = {
    "perfspec": 1,
    "name": _STUB,
    "environments": {_STUB: {"url": "http://127.0.0.1"}},
    "endpoints": {_STUB: {"request": "GET /"}},
    "personas": {_STUB: {}},
    "tests": {_STUB: {"users": 1, "duration": "1s"}},
}


LEFT_OUT: Final = object()


def without(root: Node, values: Mapping[Path, object]) -> Node:
    """A copy of the tree with other scalars at some paths, or nothing (``LEFT_OUT``).

    The root itself stays.
    """
    return _copy(root, (), values, {path[:end] for path in values for end in range(len(path))})


def with_stubs(root: Node) -> dict[str, Any]:
    """The data of the tree with a stand-in for each section that a spec cannot be without."""
    data = root.data if isinstance(root.data, dict) else {}
    return {**_NEEDED, **{key: each for key, each in data.items() if each not in ({}, None)}}


def _copy(node: Node, path: Path, values: Mapping[Path, object], above: AbstractSet[Path]) -> Node:
    if path in values:
        twin = Node(node.line, node.column, values[path])
        twin.key = node.key
        return twin
    if path not in above or node.children is None:
        return node
    twin = Node(node.line, node.column, node.data, node.style)
    twin.key = node.key
    kept = {
        part: _copy(child, (*path, part), values, above)
        for part, child in node.parts()
        if values.get((*path, part)) is not LEFT_OUT
    }
    if isinstance(node.children, dict):
        twin.children = {str(part): child for part, child in kept.items()}
        twin.data = {part: child.data for part, child in kept.items()}
    else:
        twin.children = list(kept.values())
        twin.data = [child.data for child in kept.values()]
    return twin
