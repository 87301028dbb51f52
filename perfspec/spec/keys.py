"""What may stand at a place of the spec: the part of pydantic's schema that an error is about."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from perfspec.spec.model import Spec

Loc = tuple[str | int, ...]
Near = Callable[[str, Collection[str]], str | None]
_INNER: Final = frozenset(
    {"default", "nullable", "model", "function-before", "function-after", "function-wrap"}
)


class Keys:
    """The schema of the whole spec, by pydantic's locations; ``near`` finds what was meant."""

    def __init__(self, near: Near) -> None:
        self.near = near
        whole: Any = Spec.__pydantic_core_schema__
        self._definitions = {each["ref"]: each for each in whole.get("definitions", ())}
        self._root = whole.get("schema", whole) if whole["type"] == "definitions" else whole

    def at(self, loc: Loc) -> dict[str, Any]:
        """The schema of the value at ``loc``, empty where it cannot be told."""
        schema = self._inner(self._root)
        for part in loc:
            schema = self._inner(_step(schema, part))
        return schema

    def known(self, loc: Loc) -> dict[str, str]:
        """Keys of the mapping at ``loc`` with their descriptions, if it has fixed ones."""
        fields = self.at(loc).get("fields", {})
        return {_written(name, field): _description(field) for name, field in fields.items()}

    def example(self, loc: Loc) -> str | None:
        """``timeout: 30s``: how the key at ``loc`` is written, or the one that holds its value."""
        for end in range(len(loc), 0, -1):
            text = self.known(loc[: end - 1]).get(str(loc[end - 1]))
            if text is not None:
                return text.partition("Example: `")[2].rpartition("`")[0] or None
            if isinstance(loc[end - 1], int):
                return None
        return None

    def pattern_message(self, loc: Loc, pattern: str) -> str | None:
        """What the models say of a text that does not match."""
        field = self.at(loc[:-1]).get("fields", {}).get(loc[-1] if loc else "", {})
        schemas = [each for each in self._choices(self.at(loc)) if each.get("pattern") == pattern]
        for each in (*schemas, field):
            extra = each.get("metadata", {}).get("pydantic_js_extra", {})
            if "patternErrorMessage" in extra:
                return str(extra["patternErrorMessage"])
        return None

    def reader(self, loc: Loc) -> str:
        """Name of the function of ``perfspec.spec.base`` that reads the quantity at ``loc``."""
        schema = _step(self.at(loc[:-1]), loc[-1]) if loc else {}
        while "function" not in schema and "schema" in schema:
            schema = schema["schema"]
        return str(getattr(schema.get("function", {}).get("function"), "__name__", ""))

    def _choices(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        if schema.get("type") != "union":
            return [schema]
        return [self._inner(each) for each in schema["choices"]]

    def _inner(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if schema.get("type") == "definition-ref":
                schema = self._definitions[schema["schema_ref"]]
            elif schema.get("type") in _INNER:
                schema = schema["schema"]
            else:
                return schema


def _step(schema: dict[str, Any], part: str | int) -> dict[str, Any]:
    found: Any = {}
    match schema.get("type"):
        case "model-fields":
            fields = schema["fields"].items()
            found = next((f["schema"] for name, f in fields if _written(name, f) == part), {})
        case "dict":
            found = schema.get("keys_schema" if part == "[key]" else "values_schema", {})
        case "list":
            found = schema.get("items_schema", {})
        case "tagged-union":
            found = schema["choices"].get(part, {})
        case "union":  # pydantic names its members after their types
            found = schema
        case _:
            pass
    return dict(found)


def _written(name: str, field: dict[str, Any]) -> str:
    return str(field.get("validation_alias", name))


def _description(field: dict[str, Any]) -> str:
    updates = field.get("metadata", {}).get("pydantic_js_updates", {})
    return str(updates.get("description", ""))
