"""The JSON Schema for editors: complete, in plain words, and the committed file is the latest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from perfspec.cli.schema import command
from perfspec.spec.persona import STEP_WORDS
from perfspec.spec.schema import spec_schema
from perfspec.spec.schema.generator import split_example
from perfspec.spec.schema.snippets import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]
COMMITTED = Path(__file__).parents[3] / "schema/perfspec.schema.json"
SCHEMA = spec_schema()
ONE = ("not", "then", "else", "items", "additionalProperties", "propertyNames")
MANY = ("properties", "patternProperties", "$defs")


def schemas(node: Node, place: str = "") -> Iterator[tuple[str, Node]]:
    """Every schema in a schema with its place, conditions left out."""
    yield place, node
    below = [(f"{place}.{key}", node[key]) for key in ONE if key in node]
    below += [(f"{place}.{name}", each) for key in MANY for name, each in node.get(key, {}).items()]
    below += [(f"{place}.allOf", each) for each in node.get("allOf", [])]
    for where, each in below:
        if isinstance(each, dict):
            yield from schemas(each, where)


ALL = list(schemas(SCHEMA))
KEYS = {
    f"{place}.{key}": (key, each)
    for place, node in ALL
    for key, each in node.get("properties", {}).items()
    if each is not False
}


def mistakes(value: object, schema: Node) -> list[str]:
    """What is wrong with a value at the place of a schema."""
    whole = {"$defs": SCHEMA["$defs"], "allOf": [schema]}
    return [each.message for each in Draft7Validator(whole).iter_errors(value)]


def read(text: str) -> Any:  # noqa: ANN401  (any YAML)
    return YAML(typ="safe", pure=True).load(text)


def test_the_committed_file_is_the_latest() -> None:
    written = CliRunner().invoke(command, [], catch_exceptions=False).output
    assert COMMITTED.read_text("utf-8") == written, "run `make schema`"


def test_it_is_draft_07() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("place", KEYS)
def test_every_key_is_described_with_an_example_that_is_right(place: str) -> None:
    key, schema = KEYS[place]
    text, example = split_example(schema["description"])
    assert len(text) > 8
    assert schema["markdownDescription"] == f"{text}\n\n```yaml\n{example}\n```"
    ((written, value),) = read(example).items()
    assert written == key
    assert mistakes(value, schema) == []


def test_every_mapping_is_closed_and_described() -> None:
    for place, schema in ALL:
        if place.startswith(".$defs.") and place.count(".") == 2 and place != ".$defs.Step":
            assert schema["additionalProperties"] is False, place
            assert schema["description"], place


def test_every_wrong_type_and_form_has_words_of_its_own() -> None:
    for place, schema in ALL:
        if "type" in schema:
            assert "errorMessage" in schema, place
        if "pattern" in schema:
            assert "patternErrorMessage" in schema, place
        if {"required", "properties"} & set(schema.get("then", {})):
            assert "errorMessage" in schema["then"], place


def test_patterns_mean_the_same_in_every_language() -> None:
    """``\\d`` and ``\\w`` are wider in some, and lookbehind is not known to all."""
    patterns = {schema["pattern"] for _, schema in ALL if "pattern" in schema}
    assert patterns
    assert [each for each in patterns if re.search(r"\\[dwbDWB]|\(\?", each)] == []


def test_nothing_is_written_unasked() -> None:
    assert [place for place, schema in ALL if "default" in schema] == []


def test_every_snippet_is_right_as_it_is_inserted() -> None:
    found = 0
    for place, schema in ALL:
        for snippet in schema.get("defaultSnippets", []):
            value = inserted(snippet["body"])
            assert mistakes([value] if schema.get("type") == "array" else value, schema) == [], (
                place
            )
            found += 1
    assert found > 50


def test_every_word_of_a_step_is_offered_with_what_follows() -> None:
    assert set(WORDS) == set(STEP_WORDS)
    for word, body in WORDS.items():
        more: dict[str, object] = {"steps": ["books"]} if word == "group" else {}
        if word == "stream":
            more = {"every": "32ms", "for": "5m"}
        assert mistakes({word: inserted(body), **more}, SCHEMA["$defs"]["Step"]) == []


def test_new_entries_are_offered_where_names_stand() -> None:
    for key in ("environments", "endpoints", "personas", "tests", "data"):
        (snippet,) = SCHEMA["properties"][key]["defaultSnippets"]
        assert snippet["label"].startswith("new ")
        assert len(inserted(snippet["body"])) == 1
    steps = SCHEMA["$defs"]["Persona"]["properties"]["journey"]["defaultSnippets"]
    assert [each["label"] for each in steps] == ["new step with options", "new group"]


def inserted(body: object) -> Any:  # noqa: ANN401  (any YAML)
    """What stands in the file when nothing of a snippet is changed."""
    match body:
        case dict():
            return {inserted(key): inserted(each) for key, each in body.items()}
        case list():
            return [inserted(each) for each in body]
        case str():
            return read(re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body))
        case _:
            return body
