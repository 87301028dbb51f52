"""What of an OpenAPI document a first spec may send, and why not the rest."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from perfspec.clock import SystemClock
from perfspec.errors import UsageError
from perfspec.expr import Tools, parse_template
from perfspec.importers.draft import Draft, draft_spec
from perfspec.importers.openapi import LeftOut, Operation, read_openapi
from tests.specs import load, spec, told

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.importers.openapi import Api


def read(tmp_path: Path, paths: str, rest: str = "") -> Api:
    path = tmp_path / "openapi.yaml"
    path.write_text(
        f"openapi: 3.0.3\ninfo: {{ title: Books }}\npaths: {paths}\n{rest}", encoding="utf-8"
    )
    return read_openapi(path)


def sent(api: Api) -> Operation:
    [operation] = api.operations
    return operation


def test_a_request_without_parameters(tmp_path: Path) -> None:
    api = read(tmp_path, "{ /books: { get: { operationId: listBooks } } }")
    assert sent(api) == Operation(name="list_books", method="GET", path="/books")
    assert api.title == "Books"


def test_without_an_id_the_path_names_it_and_no_name_is_used_twice(tmp_path: Path) -> None:
    api = read(
        tmp_path, "{ /a-b: { get: {} }, /a_b: { get: {} }, /1: { get: { operationId: 1 } } }"
    )
    assert [each.name for each in api.operations] == ["get_a_b", "get_a_b_2", "get_1"]


@pytest.mark.parametrize(
    "schema",
    [
        "example: 7",
        "schema: { type: integer, example: 7 }",
        "schema: { default: 7 }",
        "schema: { enum: [7, 8] }",
        "schema: { examples: [7] }",
        "examples: { first: { value: 7 }, second: { value: 8 } }",
        "schema: { $ref: '#/components/schemas/Id' }",
    ],
)
def test_examples_fill_the_path(tmp_path: Path, schema: str) -> None:
    parameter = f"{{ name: id, in: path, required: true, {schema} }}"
    paths = f'{{ "/books/{{id}}": {{ get: {{ parameters: [{parameter}] }} }} }}'
    api = read(tmp_path, paths, "components: { schemas: { Id: { type: integer, example: 7 } } }")
    assert sent(api).path_values == {"id": 7}


def test_parameters_of_the_path_and_references_count(tmp_path: Path) -> None:
    api = read(
        tmp_path,
        "{ /books: { parameters: [{ $ref: '#/components/parameters/q' }], get: {} } }",
        "components: { parameters: { q: { name: q, in: query, required: true, example: tea } } }",
    )
    assert sent(api).query == {"q": "tea"}


@pytest.mark.parametrize(
    ("path", "operation", "reason"),
    [
        ("/books", "post: {}", "it changes something"),
        ("/books", "get: { security: [{ bearer: [] }] }", "it needs credentials"),
        ("/books/{id}", "get: {}", "id is not described"),
        ("/books/{id}", "get: { parameters: [{ name: id, in: path, schema: { type: string } }] }", "id has no example"),
        ("/books", "get: { parameters: [{ name: q, in: query, required: true }] }", "q has no example"),
        ("/books", "get: { parameters: [{ name: X-Id, in: header, required: true, example: a }] }", "it needs header X-Id"),
    ],
)  # fmt: skip
def test_what_is_left_out_says_why(tmp_path: Path, path: str, operation: str, reason: str) -> None:
    api = read(tmp_path, f'{{ "{path}": {{ {operation} }} }}')
    method = operation.partition(":")[0].upper()
    assert api.left_out == (LeftOut(request=f"{method} {path}", reason=reason),)
    assert api.operations == ()


def test_security_for_all_leaves_open_what_says_so(tmp_path: Path) -> None:
    api = read(
        tmp_path,
        "{ /me: { get: {} }, /health: { get: { security: [] } } }",
        "security: [{ a: [] }]",
    )
    assert sent(api).path == "/health"
    assert [each.request for each in api.left_out] == ["GET /me"]


@pytest.mark.parametrize(
    ("rest", "base"),
    [
        ("servers: [{ url: 'https://api.example.com/v1/' }, { url: 'http://127.0.0.1/v2' }]", "/v1"),
        ("servers: [{ url: /api/v1 }]", "/api/v1"),
        ("servers: [{ url: / }]", ""),
        ("servers: [{ url: 'https://{host}/v1' }]", "/v1"),
        ("servers: [{ url: '/{version}' }]", ""),
        ("servers: [{ url: 'http://[::1' }]", ""),
        ("servers: text", ""),
        ("basePath: /v1", "/v1"),
        ("", ""),
    ],
)  # fmt: skip
def test_paths_begin_as_the_first_server_says(tmp_path: Path, rest: str, base: str) -> None:
    assert read(tmp_path, "{}", rest).base == base


def test_parameters_become_names_of_the_language(tmp_path: Path) -> None:
    names = ("bookId", "book-id", "1")
    parameters = ", ".join(f"{{ name: '{each}', in: path, example: {each} }}" for each in names)
    unused = "{ name: page, in: path, example: 1 }"
    paths = f'{{ "/{{bookId}}/{{book-id}}/{{1}}": {{ get: {{ parameters: [{parameters}, {unused}] }} }} }}'
    operation = sent(read(tmp_path, paths))
    assert operation.path == "/{book_id}/{book_id_2}/{value_1}"
    assert operation.path_values == {"book_id": "bookId", "book_id_2": "book-id", "value_1": 1}


@pytest.mark.parametrize("path", ["/a/{{x}}", "/a/${x}", "/a/{", "/a/}", "a", "", "/a\\n"])
def test_a_path_that_is_none_is_left_out(tmp_path: Path, path: str) -> None:
    parameter = "{ name: x, in: path, example: 1 }"
    api = read(tmp_path, f'{{ "{path}": {{ get: {{ parameters: [{parameter}] }} }} }}')
    assert [each.reason for each in api.left_out] == ["its path cannot be requested as it is"]


ODD = [
    *(
        "{{ x }}",
        "${X}",
        "$${X}",
        "${{ x }}",
        "$${{{",
        "{{{",
        "a{{'b'}}c",
        "}}",
        "$",
        "{x}",
        "{%",
        "\u2028",
    ),
    *("a: b", "# c", "- d", "null", "true", "01", "@e", "*f", "\\n", '"', "'", " ", "\t\x00"),
]


@pytest.mark.parametrize("example", ODD)
def test_any_example_is_sent_as_it_is(tmp_path: Path, example: str) -> None:
    value = json.dumps(example)
    query = f"{{ name: {value}, in: query, example: {value} }}"
    parameters = f"{query}, {{ name: id, in: path, example: {value} }}"
    paths = f'{{ "/books/{{id}}": {{ get: {{ parameters: [{parameters}] }} }} }}'
    api = read(tmp_path, paths)
    text = draft_spec(Draft(name=example, url="http://127.0.0.1:1", operations=api.operations))
    assert told(text, {}) == []
    endpoint = load(text, {}).spec.endpoints["get_books_id"]
    tools = Tools(rng=Random(1), now=SystemClock().now)
    ((name, sought),) = (endpoint.query or {}).items()
    for each in (name, sought, (endpoint.path or {})["id"]):
        assert parse_template(str(each)).compile_text(tools, {})({}) == example


@pytest.mark.parametrize("given", ["connect", "mix", "read_item_api_v1_" * 8])
def test_any_id_becomes_a_name_of_the_language(tmp_path: Path, given: str) -> None:
    paths = f"{{ /a: {{ get: {{ operationId: {given} }} }}, /b: {{ get: {{ operationId: {given} }} }} }}"
    names = [each.name for each in read(tmp_path, paths).operations]
    endpoints = "".join(f"\n  {name}: {{ request: GET / }}" for name in names)
    journey = f"\n  reader: {{ weight: 1, think: 1s, journey: [{', '.join(names)}] }}"
    lines = told(spec(endpoints=endpoints, personas=journey))
    assert [line for line in lines if "warning" not in line] == []


def test_references_in_a_circle_end(tmp_path: Path) -> None:
    parameter = "parameters: [{ $ref: '#/components/parameters/a' }]"
    api = read(
        tmp_path,
        f"{{ /books: {{ get: {{ {parameter} }} }} }}",
        "components: { parameters: { a: { $ref: '#/components/parameters/a' } } }",
    )
    assert sent(api).query == {}


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: b", "openapi: [", "a: \x00", "\ud800"])
def test_what_is_no_document_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(UsageError, match="is no OpenAPI document"):
        read_openapi(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_openapi(tmp_path / "openapi.yaml")
