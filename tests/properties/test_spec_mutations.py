"""A spoiled spec is read or refused: nothing crashes, and what is told lies inside the file."""

from __future__ import annotations

import copy
import json
from pathlib import Path as File
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.errors import Diagnostic, InvalidSpecError
from perfspec.spec.document import Document, load_document
from perfspec.spec.source import read_text
from perfspec.spec.yaml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.tree import Node, Path

SPEC = (File(__file__).parents[1] / "data" / "every_feature.yaml").read_text(encoding="utf-8")
LINES = SPEC.splitlines()
PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        "-",
        "- ",
        ",",
        "#",
        "'",
        '"',
        "|",
        ">",
        "&a ",
        "*a",
        "<<: *a",
    ),
    *(
        "{{",
        "}}",
        "{{ x }}",
        "{{ user.x | f }}",
        "${X}",
        "${",
        "$${",
        "%",
        "!",
        "!!str ",
        "\t",
        "\n",
    ),
    *("null", "true", "5", "0.5", "-1", "1e999", "10%", "5s", "1s..5s", "login", "x", "é", "\x00"),
    *(
        "  ",
        "\n  ",
        "\n- ",
        "like: a",
        "weight: 1",
        "mix: { login: 1 }",
        "set: { user: 1 }",
        "\ufeff",
    ),
]

Edit = tuple[int, int, str]
edits = st.lists(
    st.tuples(
        st.integers(0, len(SPEC)),
        st.integers(0, 30) | st.just(0),
        st.sampled_from(PIECES) | st.text(max_size=3) | st.just(""),
    ),
    min_size=1,
    max_size=4,
)


def edited(changes: list[Edit]) -> str:
    text = SPEC
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    return text


def moved(moves: list[tuple[int, int]]) -> str:
    """Lines at other places."""
    lines = list(LINES)
    for source, target in moves:
        lines.insert(target, lines.pop(source))
    return "\n".join(lines)


def read(text: str) -> Document | tuple[Diagnostic, ...]:
    try:
        return load_document(text.encode("utf-8", "surrogatepass"), "perfspec.yaml", None)
    except InvalidSpecError as error:
        return error.diagnostics


def check(text: str) -> None:
    found = read(text)
    told = found.warnings if isinstance(found, Document) else found
    assert isinstance(found, Document) or any(not each.warning for each in told)
    lines = [*text.split("\n"), ""]
    for each in told:
        assert 1 <= each.line <= len(lines)
        assert 1 <= each.column <= len(lines[each.line - 1]) + 1
        assert each.message
        assert "\n" not in str(each)
    assert list(told) == sorted(told, key=lambda each: (each.line, each.column, each.code))
    assert len(set(told)) == len(told)


@settings(max_examples=80)
@given(edits)
def test_any_edit_of_the_text(changes: list[Edit]) -> None:
    check(edited(changes))


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.integers(0, len(LINES) - 1)] * 2), min_size=1, max_size=3))
def test_lines_in_another_order(moves: list[tuple[int, int]]) -> None:
    check(moved(moves))


@settings(max_examples=60)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes(content: bytes) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        load_document(content, "perfspec.yaml", None)
    assert caught.value.diagnostics


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 500) | st.sampled_from(PIECES[25:]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(PIECES[25:]), inner, max_size=3)
    ),
    max_leaves=5,
)


ROOT = parse(read_text(SPEC.encode()), lambda *_: None)


def paths(node: Node, path: Path) -> Iterator[Path]:
    """Every path below a node."""
    for part, child in node.parts():
        yield (*path, part)
        yield from paths(child, (*path, part))


@settings(max_examples=80)
@given(st.sampled_from(list(paths(ROOT, ()))), values, st.sampled_from(["value", "key", "gone"]))
def test_any_other_value_at_any_place(path: Path, value: object, how: str) -> None:
    root = copy.deepcopy(ROOT.data)
    owner = root
    for part in path[:-1]:
        owner = owner[part]
    if how == "value":
        owner[path[-1]] = value
    elif how == "key" and isinstance(owner, dict):
        owner[str(value)[:50]] = owner.pop(path[-1])
    else:
        del owner[path[-1]]
    check(json.dumps(root, indent=1, ensure_ascii=False))  # JSON is YAML


@settings(max_examples=60)
@given(st.sampled_from(list(paths(ROOT, ()))))
def test_a_value_that_is_gone_is_one_mistake(path: Path) -> None:
    """Nothing is told that only follows from it."""
    root = copy.deepcopy(ROOT.data)
    owner = root
    for part in path[:-1]:
        owner = owner[part]
    owner[path[-1]] = None
    found = read(json.dumps(root, indent=1))
    assert isinstance(found, Document) or len(found) == 1, [str(each) for each in found]
