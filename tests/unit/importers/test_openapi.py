"""What of an OpenAPI document a first spec may send, and why not the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.errors import UsageError
from perfspec.importers.openapi import LeftOut, Operation, read_openapi

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
    ("servers", "url"),
    [
        ("[{ url: 'https://api.example.com/v1/' }]", "https://api.example.com/v1"),
        ("[{ url: /v1 }, { url: 'http://127.0.0.1:8000' }]", "http://127.0.0.1:8000"),
        ("[{ url: 'https://{host}/v1' }]", None),
        ("text", None),
    ],
)
def test_the_server_is_the_first_whole_address(
    tmp_path: Path, servers: str, url: str | None
) -> None:
    assert read(tmp_path, "{}", f"servers: {servers}").url == url


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
