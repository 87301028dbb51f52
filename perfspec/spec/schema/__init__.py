"""The JSON Schema for editors (draft-07): one message for a mistake, an example for every key."""

from __future__ import annotations

from typing import Any

from perfspec.spec.model import Spec
from perfspec.spec.schema.generator import Generator
from perfspec.spec.schema.shape import Merger, speak
from perfspec.spec.schema.snippets import add_snippets
from perfspec.spec.schema.steps import with_steps

Node = dict[str, Any]
_DRAFT = "http://json-schema.org/draft-07/schema#"


def spec_schema() -> Node:
    """The schema of perfspec.yaml, ready to be written."""
    root = with_steps(Spec.model_json_schema(schema_generator=Generator))
    merger = Merger(root.pop("$defs"))
    whole = speak({**merger.merge(root), "$defs": dict(sorted(merger.defs.items()))})
    add_snippets(whole)
    return {"$schema": _DRAFT, "title": "perfspec.yaml", **whole}
