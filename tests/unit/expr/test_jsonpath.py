from __future__ import annotations

import pytest

from perfspec.expr import ExpressionError, parse_path

DOCUMENT: dict[str, object] = {
    "token": "t",
    "null": None,
    "a b": 1,
    "größe": 2,
    "items": [{"id": 1, "tags": ["x"]}, {"id": 2}, {"no": 3}, 4, ["id"]],
    "by_name": {"one": {"id": 5}, "two": {"id": 6}},
}


@pytest.mark.parametrize(
    ("path", "found", "singular"),
    [
        ("$", [DOCUMENT], True),
        ("$.token", ["t"], True),
        ("$['token']", ["t"], True),
        ('$["a b"]', [1], True),
        ("$.größe", [2], True),
        ("$.null", [None], True),
        ("$.null.x", [], True),
        ("$.token.x", [], True),
        ("$.token[0]", [], True),
        ("$.nothing", [], True),
        ("$.items[0].id", [1], True),
        ("$.items[-1][0]", ["id"], True),
        ("$.items[5]", [], True),
        ("$.items[-6]", [], True),
        ("$.items.id", [], True),
        ("$.items[*].id", [1, 2], False),
        ("$.items[*].tags[0]", ["x"], False),
        ("$.by_name.*.id", [5, 6], False),
        ("$.by_name[*]", [{"id": 5}, {"id": 6}], False),
        ("$.token[*]", [], False),
        # the library's part
        ("$..id", [1, 2, 5, 6], False),
        ("$.items[0:2].id", [1, 2], False),
        ("$.items[?@.id > 1].id", [2], False),
        ("$.items[?length(@.tags) == 1].id", [1], False),
        ("$['token','a b']", ["t", 1], False),
        (r"$['\u0074oken']", ["t"], True),
        ("$[ 'token' ]", ["t"], True),
    ],
)
def test_finds(path: str, found: list[object], *, singular: bool) -> None:
    parsed = parse_path(path)
    assert parsed.compile()(DOCUMENT) == found
    assert parsed.singular is singular


@pytest.mark.parametrize("path", ["$.a", "$[0]", "$.*", "$..a", "$[?@.a]", "$['a','b']"])
@pytest.mark.parametrize("document", ['{"a": 1}', "[1]", 5, None, True, b"{}"])
def test_a_document_without_structure_holds_nothing(path: str, document: object) -> None:
    assert parse_path(path).compile()(document) == []


@pytest.mark.parametrize(
    ("path", "offset", "message", "hint"),
    [
        ("", 0, "begins with $", None),
        ("token", 0, "begins with $", "did you mean '$.token'?"),
        (".token", 0, "begins with $", "did you mean '$.token'?"),
        ("[0].a", 0, "begins with $", "did you mean '$[0].a'?"),
        ("$.", None, "expected a shorthand selector", None),
        ("$.a b", 4, "unexpected token", None),
        ("$[01]", 2, "leading zero", None),
        ("$.a[", None, "unexpected end", None),
        ("$[9007199254740992]", 2, "index out of range", None),
        ("$.a | $.b", 4, "unexpected", None),
        ("$[?match(@.a, '(a+)+b')]", 3, "match() is not offered", "matches"),
        ("$[?search(@.a, '(a+)+b')]", 3, "search() is not offered", "matches"),
        ("$[?count(search(@, 'a')) > 1]", 9, "search() is not offered", None),
        ("$[?nope(@.a)]", 3, "'nope' is not defined", None),
        ("$" + ".a" * 1000, None, "longer than", None),
    ],
)
def test_malformed_paths_are_refused(
    path: str, offset: int | None, message: str, hint: str | None
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_path(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    if offset is not None:
        assert caught.value.offset == offset
    assert (hint or "") in (caught.value.hint or "")


def test_a_document_too_deep_for_a_search_is_an_error() -> None:
    document: list[object] = []
    for _ in range(5000):
        document = [document]
    with pytest.raises(ExpressionError):
        parse_path("$..a").compile()(document)
    assert parse_path("$[0][0][0].a").compile()(document) == []
