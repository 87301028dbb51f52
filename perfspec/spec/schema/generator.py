"""pydantic's JSON Schema generator, made to speak to people who write a spec in an editor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from perfspec.spec.schema.rules import RULES

if TYPE_CHECKING:
    from pydantic_core import core_schema

Node = dict[str, Any]
STEP = "x-step"
"""Marks the union of steps, with its members by tag, until it becomes a definition."""
_MERGE = "<<"  # YAML's merge key, which an editor takes for one of the mapping's own
_EXAMPLE = re.compile(r"\s*Example: `(?P<yaml>.*)`$")


class Generator(GenerateJsonSchema):
    """Without titles and defaults; a mapping says which keys fit, a union what may be written."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  (pydantic's)
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Node:
        """Leave the default out: editors would write it, and ours are in seconds and ratios."""
        return self.generate_inner(schema["schema"])

    def literal_schema(self, schema: core_schema.LiteralSchema) -> Node:
        """Leave the type out, or a wrong type is told twice."""
        node = super().literal_schema(schema)
        return {key: value for key, value in node.items() if key != "type"}

    def dict_schema(self, schema: core_schema.DictSchema) -> Node:
        """Names go where a message can be given to them, known ones where they are offered."""
        node = super().dict_schema(schema)
        keys = self.generate_inner(schema["keys_schema"])
        if "enum" in keys:
            return _with_keys(node, keys)
        names = node.get("propertyNames", {})
        for pattern, values in node.pop("patternProperties", {}).items():
            names |= {"pattern": f"{pattern}|^{_MERGE}$", "title": "name"}
            node["additionalProperties"] = values
        return node

    def model_schema(self, schema: core_schema.ModelSchema) -> Node:
        """Tell what is missing or clashes only when every key is known: a typo is one mistake."""
        node = super().model_schema(schema)
        node.pop("title")
        keys = node["properties"]
        rules = [rule.schema() for rule in RULES.get(schema["cls"].__name__, ())]
        missing = [_missing(key, keys[key]) for key in node.pop("required", [])]
        node["errorMessage"] = fitting(keys)
        if missing or rules:
            known = {"propertyNames": {"pattern": f"^(x-.*|{_MERGE}|{'|'.join(keys)})$"}}
            node |= {"if": known, "then": {"allOf": [*missing, *rules]}}
        return node

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> Node:
        """Take over what the models say when none of the members fits."""
        choices = {str(tag): self.generate_inner(each) for tag, each in schema["choices"].items()}
        if "<endpoint>" in choices:
            return {STEP: choices}
        message = sentence(schema["custom_error_message"])
        return {"oneOf": list(choices.values()), "errorMessage": message}


def fitting(keys: Any) -> str:  # noqa: ANN401  (any iterable of text)
    """The message for an unknown key, and for what is no mapping."""
    return f"Only these keys fit here: {', '.join(keys)}"


def sentence(text: str) -> str:
    """With a capital at the start."""
    return text[:1].upper() + text[1:]


def split_example(description: str) -> tuple[str, str]:
    """A key's description without its example, and the example, a line of YAML."""
    found = _EXAMPLE.search(description)
    return (description[: found.start()], found["yaml"]) if found else (description, "")


def _with_keys(node: Node, keys: Node) -> Node:
    """A mapping of keys that are known, each with its own description."""
    texts = zip(keys["enum"], keys["markdownEnumDescriptions"], strict=True)
    values = node.pop("additionalProperties")
    known = {key: {**values, "description": text} for key, text in texts}
    message = fitting(keys["enum"])
    return {**node, "properties": known, "additionalProperties": False, "errorMessage": message}


def _missing(key: str, node: Node) -> Node:
    _, example = split_example(node.get("description", ""))
    return {"required": [key], "errorMessage": f"{key} is missing; write it like this: {example}"}
