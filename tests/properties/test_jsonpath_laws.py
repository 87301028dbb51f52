"""The compiled getters find what python-jsonpath finds."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st
from jsonpath import JSONPath, JSONPathEnvironment

from perfspec.expr import ExpressionError, JsonPath, parse_path

RFC_9535 = JSONPathEnvironment(strict=True)
NAMES = ["a", "b", "_c1", "größe", "a b", "0", "*", "", "$", "ü.x"]

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a", '{"a": 1}']),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=20,
).filter(lambda document: isinstance(document, dict | list))
steps = st.one_of(
    st.sampled_from([".a", ".b", "._c1", ".größe", ".*", "[*]", "[0]", "[1]", "[-1]", "[-2]"]),
    st.sampled_from(NAMES).map("['{}']".format),
    st.sampled_from(NAMES).map('["{}"]'.format),
)
paths = st.lists(steps, max_size=5).map(lambda parts: "$" + "".join(parts))


@given(paths, st.lists(documents, min_size=1, max_size=4))
def test_getters_agree_with_the_library(
    text: str, found_in: list[list[object] | dict[str, object]]
) -> None:
    path = parse_path(text)
    assert path.steps is not None  # a getter of ours, not the library
    reference = RFC_9535.compile(text)
    assert isinstance(reference, JSONPath)
    assert path.singular == reference.singular_query()
    find = path.compile()
    for document in found_in:
        found, expected = find(document), reference.findall(document)
        assert len(found) == len(expected)
        assert all(one is other for one, other in zip(found, expected, strict=True))


FRAGMENTS = [*"$.[]*?@()',:-01<! \"\\a", "..", "==", "&&", "||", "'a'"]
FRAGMENTS += ["match", "search", "length", "count", "value", "null", "true", "\x00", "é", "@.a"]
garbage = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join).map("${}".format)


def attempt(text: str) -> JsonPath | ExpressionError:
    try:
        return parse_path(text)
    except ExpressionError as error:
        return error


@given(garbage | st.text(alphabet=string.printable, max_size=30), documents)
def test_garbage_is_refused_or_finds_a_list(text: str, document: object) -> None:
    path = attempt(text)
    if isinstance(path, ExpressionError):
        assert path.offset is None or 0 <= path.offset <= len(text)
        return
    found = path.compile()(document)
    assert isinstance(found, list)
    assert len(found) <= 1 or not path.singular
