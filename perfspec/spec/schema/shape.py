"""From pydantic's unions to what an editor can speak of: one schema for all that fits a place.

An editor shows the mistakes of the alternative that it guesses was meant. Constraints of JSON
Schema apply by type, so a text's pattern, a mapping's keys and a list's items can stand in one
schema, and the editor shows the one mistake that there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perfspec.spec.schema.generator import split_example
from perfspec.spec.schema.snippets import snippet

if TYPE_CHECKING:
    from collections.abc import Callable

Node = dict[str, Any]
_MAPS: Final = ("properties", "$defs")
_TYPES: Final = {
    "string": "text (a number in quotes)",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


class Merger:
    """Merges unions; one that has a model becomes the definition of that model."""

    def __init__(self, defs: Node) -> None:
        self._unmerged = defs
        self.defs: Node = {}

    def merge(self, node: Any) -> Any:  # noqa: ANN401  (any JSON value)
        """``node`` without unions; what it refers to is then in ``defs``."""
        match node:
            case list():
                return [self.merge(each) for each in node]
            case {"$ref": ref}:
                self._define(ref, self.merge)
                return node
            case {"anyOf": branches} | {"oneOf": branches}:
                beside = {key: each for key, each in node.items() if each is not branches}
                return self._union(branches, beside)
            case dict():
                return {
                    key: {name: self.merge(each) for name, each in value.items()}
                    if key in _MAPS
                    else self.merge(value)
                    for key, value in node.items()
                }
            case _:
                return node

    def _union(self, branches: list[Node], beside: Node) -> Node:
        models = [each["$ref"] for each in branches if "$ref" in each]
        if not models:
            return {**_joined([self.merge(each) for each in branches]), **beside}
        (ref,) = models
        message = beside.pop("errorMessage")

        def make(model: Node) -> Node:
            parts = [model if "$ref" in each else each for each in branches]
            return {**_joined([self.merge(each) for each in parts]), "errorMessage": message}

        self._define(ref, make)
        return {"$ref": ref, **beside}

    def _define(self, ref: str, make: Callable[[Node], Node]) -> None:
        name = ref.rpartition("/")[2]
        if name not in self.defs:
            self.defs[name] = {}  # it may refer to itself
            self.defs[name] = make(self._unmerged[name])


def _joined(branches: list[Node]) -> Node:
    types: list[str] = []
    joined: Node = {}
    for branch in branches:
        own = branch["type"]
        types += [own] if isinstance(own, str) else own
        joined |= branch
    return {**joined, "type": list(dict.fromkeys(types))}


def speak(node: Any, example: str = "") -> Any:  # noqa: ANN401  (any JSON value)
    """Give each schema below a message for a wrong type, and each key Markdown to hover over.

    ``example`` is that of the key whose value the schema describes.
    """
    match node:
        case list():
            return [speak(each) for each in node]
        case dict():
            own = _markdown(node) | _message(node, example) | _values(node)
            lost = {"examples"} | ({"minLength"} if "pattern" in node else set())
            kept = {key: each for key, each in node.items() if key not in lost}
            return {key: _below(key, each) for key, each in kept.items()} | own
        case _:
            return node


def _below(key: str, value: Any) -> Any:  # noqa: ANN401  (any JSON value)
    if key in _MAPS:
        return {name: speak(each, _example(each)) for name, each in value.items()}
    return value if key == "if" else speak(value)  # a condition is never shown


def _example(node: Any) -> str:  # noqa: ANN401  (a schema, or false)
    return split_example(node.get("description", ""))[1] if isinstance(node, dict) else ""


def _markdown(node: Node) -> Node:
    text, example = split_example(node.get("description", ""))
    return {"markdownDescription": f"{text}\n\n```yaml\n{example}\n```"} if example else {}


def _message(node: Node, example: str) -> Node:
    if "type" not in node or "errorMessage" in node:
        return {}
    if "patternErrorMessage" in node:
        return {"errorMessage": node["patternErrorMessage"]}
    types = [node["type"]] if isinstance(node["type"], str) else node["type"]
    wanted = " or ".join(_TYPES[each] for each in types)
    return {"errorMessage": f"Write {wanted}" + (f", such as {example}" if example else "")}


def _values(node: Node) -> Node:
    """Examples as values to choose; under their own name they would crowd what is hovered over."""
    values = node.get("examples")
    return {"defaultSnippets": [snippet(str(each), each) for each in values]} if values else {}
