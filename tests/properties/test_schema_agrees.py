"""The models and the JSON Schema for editors accept the same documents."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, note, settings
from jsonschema import Draft7Validator
from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML

from perfspec.spec.base import Strict
from perfspec.spec.model import Spec
from perfspec.spec.schema import spec_schema
from perfspec.spec.schema.generator import split_example
from tests.properties.spec_documents import SMALL, Document, good
from tests.properties.spec_mistakes import mistaken

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = spec_schema()
EDITOR = Draft7Validator(SCHEMA)
BEYOND_A_SCHEMA = ("is longer than 31 days", "is more than 1GB", "begins above its end")
"""What the models say of mistakes that a schema cannot see; ``test_they_differ_only_where`` says why."""


def vocabulary(schema: object) -> set[str]:
    """Every key of the language."""
    match schema:
        case list():
            return set(chain.from_iterable(map(vocabulary, schema)))
        case dict():
            own = schema["properties"] if isinstance(schema.get("properties"), dict) else ()
            return set(chain(own, *map(vocabulary, schema.values())))
        case _:
            return set()


def complaints(document: Document, model: type[BaseModel] = Spec) -> list[str]:
    try:
        model.model_validate(document, context={})
    except ValidationError as error:
        return [f"{each['loc']}: {each['msg']}" for each in error.errors()]
    return []


@given(good())
@settings(max_examples=100)
def test_a_good_document_is_accepted_by_both(document: Document) -> None:
    assert complaints(document) == []
    assert [each.message for each in EDITOR.iter_errors(document)] == []


@given(mistaken(sorted(vocabulary(SCHEMA))))
@settings(max_examples=400)
def test_both_find_the_same_documents_wrong(document: Document) -> None:
    said = complaints(document)
    seen = [each.message for each in EDITOR.iter_errors(document)]
    note(f"models: {said}\neditor: {seen}")
    if not said or not all(any(words in each for words in BEYOND_A_SCHEMA) for each in said):
        assert bool(said) == bool(seen)


def users(number: object) -> Document:
    return {"tests": {"a": {"users": number, "duration": "1m"}}}


def lasting(duration: str) -> Document:
    return {"tests": {"a": {"users": 1, "duration": duration}}}


BOOKS = {"request": "GET /books"}
DIFFERENCES = {
    "a pattern cannot add durations up": (lasting("30d24h1ms"), False),
    "a pattern cannot compare sizes": (
        {"data": {"a": {"files": {"b": {"size": "1.1GB"}}}}},
        False,
    ),
    "a pattern cannot compare the ends of a range": (
        {"personas": {"a": {"think": "5s..1s", "journey": ["b"]}}},
        False,
    ),
    "a pattern cannot put a default into other text": (lasting("${N:-5}m"), True),
    "5.0 is a whole number to JSON Schema": (users(5.0), False),
    "editors see YAML's merge key, the models what it stands for": (
        {"endpoints": {"books": BOOKS, "<<": BOOKS}},
        False,
    ),
    "in Python's patterns, $ stands before a last line break too": (
        {"endpoints": {"books": BOOKS, "books\n": BOOKS}},
        False,
    ),
}


@pytest.mark.parametrize("reason", DIFFERENCES)
def test_they_differ_only_where(reason: str) -> None:
    part, accepted_by_models = DIFFERENCES[reason]
    document = {**SMALL, **part}
    assert (complaints(document) == []) is accepted_by_models
    assert EDITOR.is_valid(document) is not accepted_by_models


def test_true_is_not_one() -> None:
    capture = {"a": {"request": "GET /", "capture": {"b": {"status": 1}}}}
    for part in ({"perfspec": True}, {"endpoints": capture}):
        document = {**SMALL, **part}
        assert complaints(document)
        assert not EDITOR.is_valid(document)


def models(base: type[Strict] = Strict) -> Iterator[type[Strict]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


MAPPINGS = {model.__name__: model for model in models() if model.__name__ in SCHEMA["$defs"]}


@pytest.mark.parametrize("name", ["Spec", *MAPPINGS])
def test_both_know_which_keys_go_together(name: str) -> None:
    """Every three keys of a mapping, and every two beside those that it needs, as the examples are."""
    root = name == "Spec"
    keys = SCHEMA["properties"] if root else properties(name)
    editor = EDITOR if root else EDITOR.evolve(schema={"$ref": f"#/$defs/{name}"})
    examples = {key: example(schema) for key, schema in keys.items()}
    model = Spec if root else MAPPINGS[name]
    fields = model.model_fields.items()
    needed = [each.alias or field for field, each in fields if each.is_required()]
    some = {
        *(frozenset(each) for size in range(4) for each in combinations(examples, size)),
        *(frozenset({*needed, *each}) for each in combinations(examples, 2)),
        *(frozenset({*needed} - {each}) for each in ["nothing", *needed]),
    }
    wrong = [
        sorted(each)
        for each in some
        if bool(complaints(document := {key: examples[key] for key in each}, model))
        == editor.is_valid(document)
    ]
    assert wrong == []


def test_both_know_which_keys_make_a_step() -> None:
    steps = ("GroupStep", "MixStep", "CallStep")
    keys = {key: each for name in steps for key, each in properties(name).items()}
    parts = {key: example(each) for key, each in keys.items()}
    parts |= {"books": {"times": 2}, "login": {}, "null": None, "x-note": 1}
    editor = EDITOR.evolve(schema={"$ref": "#/$defs/Step"})
    wrong = []
    for each in chain.from_iterable(combinations(parts, size) for size in range(4)):
        step = {key: parts[key] for key in each}
        spec = {**SMALL, "personas": {"reader": {"journey": [step]}}}
        if bool(complaints(spec)) == editor.is_valid(step):
            wrong.append(step)
    assert wrong == []


def properties(name: str) -> Document:
    keys: Document = SCHEMA["$defs"][name]["properties"]
    return keys


def example(schema: Document) -> object:
    """The value in the example of a key's description."""
    _, text = split_example(schema["description"])
    (value,) = YAML(typ="safe", pure=True).load(text).values()
    return value
