from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.expr import ExpressionError, Tools, parse_value

if TYPE_CHECKING:
    from perfspec.expr import Closure, Scope

SCOPE: dict[str, object] = {"user": {"id": 7}, "ids": [1, 2], "name": "ann"}
BODY: dict[str, object] = {
    "id": "{{ user.id }}",
    "text": "user {{ user.id }}",
    "list": ["{{ ids }}", 1, None, {"deep": "${TOKEN}"}],
    "fixed": {"a": [1, 2.5, True, None, "x"]},
    "key {{ name }}": "$${TOKEN}",
}


def test_leaves_keep_their_kinds(tools: Tools) -> None:
    result = parse_value(BODY).compile(tools, {"TOKEN": "t{{"})(SCOPE)
    assert isinstance(result, dict)
    assert list(result) == ["id", "text", "list", "fixed", "key ann"]
    assert result == {
        "id": 7,
        "text": "user 7",
        "list": [[1, 2], 1, None, {"deep": "t{{"}],
        "fixed": {"a": [1, 2.5, True, None, "x"]},
        "key ann": "${TOKEN}",
    }


def test_what_it_uses_is_known() -> None:
    value = parse_value(BODY)
    assert value.names == {"user", "ids", "name"}
    assert value.paths == {("user", "id"), ("ids",), ("name",)}
    assert value.variables == {"TOKEN"}
    assert value.required == {"TOKEN"}
    assert value.dynamic
    assert value.constant is None


@pytest.mark.parametrize(
    "value", [{}, [], None, 5, "x", {"a": [1, {"b": None}], "c": False}, [[["x"]]]]
)
def test_a_constant_is_itself(tools: Tools, value: object) -> None:
    parsed = parse_value(value)
    assert not parsed.dynamic
    assert parsed.constant == value
    build = parsed.compile(tools)
    assert build({}) == value
    assert build({}) is build({"a": 1})


def test_constant_parts_are_built_once_and_results_are_apart(tools: Tools) -> None:
    build = parse_value({"a": "{{ user.id }}", "b": {"c": [1]}, "l": ["{{ name }}"]}).compile(tools)
    first, second = build(SCOPE), build(SCOPE)
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first is not second
    assert first["l"] is not second["l"]
    assert first["b"] is second["b"]


def test_variables_alone_leave_nothing_to_do(tools: Tools) -> None:
    value = parse_value({"a": "${A}", "${K}": 1})
    assert not value.dynamic
    assert value.constant is None
    build = value.compile(tools, {"A": "x", "K": "k"})
    assert build({}) is build({})
    assert build({}) == {"a": "x", "k": 1}


def test_special_mappings_are_replaced(tools: Tools) -> None:
    asked: list[dict[str, object]] = []

    def special(mapping: dict[str, object]) -> Closure | None:
        asked.append(mapping)
        if mapping.keys() != {"from"}:
            return None

        def content(scope: Scope) -> bytes:
            return f"{mapping['from']} {scope['name']}".encode()

        return content

    body = {"project": 1, "content": {"from": "recordings"}, "more": [{"from": "x"}]}
    build = parse_value(body).compile(tools, special=special)
    assert build(SCOPE) == {"project": 1, "content": b"recordings ann", "more": [b"x ann"]}
    assert asked == [body, {"from": "recordings"}, {"from": "x"}]
    whole = parse_value({"from": "all"}).compile(tools, special=special)
    assert whole(SCOPE) == b"all ann"


@pytest.mark.parametrize(
    ("value", "path", "offset"),
    [
        ({"a": [{"b": "x {{ nope"}]}, ("a", 0, "b"), 9),
        ({"a {{": 1}, ("a {{",), 4),
        ("{{", (), 2),
        ([1, "${"], (1,), 0),
    ],
)
def test_malformed_leaves_say_where(
    value: object, path: tuple[str | int, ...], offset: int
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_value(value)
    assert (caught.value.path, caught.value.offset) == (path, offset)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, "{{ name + 1 }}"]}, ("a", 1)),
        ({"{{ name }}": {"b": "{{ name.x }}"}}, ("ann", "b")),
        ("{{ name | int }}", ()),
    ],
)
def test_leaves_that_do_not_work_out_say_where(
    tools: Tools, value: object, path: tuple[str | int, ...]
) -> None:
    build = parse_value(value).compile(tools)
    with pytest.raises(ExpressionError) as caught:
        build(SCOPE)
    assert caught.value.path == path


def test_a_missing_variable_says_where(tools: Tools) -> None:
    with pytest.raises(ExpressionError, match="A is not set") as caught:
        parse_value({"a": ["x ${A}"]}).compile(tools)
    assert (caught.value.path, caught.value.offset) == (("a", 0), 2)


def test_two_keys_never_become_one(tools: Tools) -> None:
    build = parse_value({"a{{ x }}": 1, "a1": 2}).compile(tools)
    assert build({"x": 2}) == {"a2": 1, "a1": 2}
    with pytest.raises(ExpressionError, match="two keys become 'a1'"):
        build({"x": 1})
    with pytest.raises(ExpressionError, match="two keys become 'a1'"):
        parse_value({"${K}": 1, "a1": 2}).compile(tools, {"K": "a1"})
    with pytest.raises(ExpressionError, match="a key is the number 1"):
        parse_value({1: 2})
