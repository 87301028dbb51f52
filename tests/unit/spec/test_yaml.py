"""What a file says and where, and what of YAML a spec does not have."""

from __future__ import annotations

import pytest

from perfspec.spec.source import SpecSyntaxError, read_text
from perfspec.spec.tree import REFUSED, Node
from perfspec.spec.yaml import parse

Told = list[tuple[int, int, str]]


def read(text: str | bytes) -> tuple[Node, Told]:
    found: Told = []
    content = text if isinstance(text, bytes) else text.encode()
    root = parse(read_text(content), lambda place, code, *_: found.append((*place, code)))
    return root, found


def refusal(text: str | bytes) -> tuple[int, int, str]:
    with pytest.raises(SpecSyntaxError) as caught:
        read(text)
    return (*caught.value.place, caught.value.code)


def test_every_key_and_value_has_its_place() -> None:
    root, told = read("a:\n  b: [x, {c: 1}]\n\n  d: |\n    text\n")
    assert not told
    assert root.data == {"a": {"b": ["x", {"c": 1}], "d": "text\n"}}
    places = {
        path: (node.key, node.place)
        for path in [("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1, "c"), ("a", "d")]
        if (node := root.find(path))
    }
    assert places == {
        ("a",): ((1, 1), (2, 3)),
        ("a", "b"): ((2, 3), (2, 6)),
        ("a", "b", 0): (None, (2, 7)),
        ("a", "b", 1, "c"): ((2, 11), (2, 14)),
        ("a", "d"): ((4, 3), (4, 6)),
    }


def test_the_nearest_place_skips_what_is_no_key() -> None:
    root, _ = read("a: { b: [1, 2] }")
    path, node = root.nearest(("a", "<map>", "b", "list[int]", 1, "int"))
    assert (path, node.data) == (("a", "b", 1), 2)
    assert root.nearest(("a", "missing", "b"))[0] == ("a", "b")
    assert root.find(("a", "missing")) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5), ("-3", -3), ("012", 12), ("0o17", 15), ("0x1F", 31),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1_000", "1_000"), ("0b11", "0b11"),
        ("true", True), ("FALSE", False), ("yes", "yes"), ("on", "on"), ("null", None),
        ("~", None), ("", None), ("2026-01-01", "2026-01-01"), ("12:30:00", "12:30:00"),
        ("300ms", "300ms"), ("10%", "10%"), ("'5'", "5"), ('"true"', "true"), ("Null", None),
        ("+1", 1), ("1.", 1.0), ("=", "="), ("0o9", "0o9"), (".", "."),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written: str, value: object) -> None:
    root, told = read(f"a: {written}")
    assert not told
    assert root.data == {"a": value}
    assert type(root.data["a"]) is type(value)


@pytest.mark.parametrize("number", [".inf", "-.INF", ".nan", "1e999", str(2**63), "9" * 5000])
def test_numbers_beyond_json_are_refused(number: str) -> None:
    root, told = read(f"a: {number}\nb: 1")
    assert told == [(1, 4, "PS015")]
    assert root.data == {"a": REFUSED, "b": 1}


def test_aliases_and_merges_are_put_in() -> None:
    root, told = read(
        "base: &base { x: 1, y: 2 }\n"
        "one: *base\n"
        "two: { <<: *base, y: 3 }\n"
        "three: { y: 4, <<: [*base, { z: 5, x: 6 }] }\n"
        'four: { "<<": 7 }\n'
    )
    assert not told
    assert root.data == {
        "base": {"x": 1, "y": 2},
        "one": {"x": 1, "y": 2},
        "two": {"x": 1, "y": 3},
        "three": {"x": 1, "y": 4, "z": 5},
        "four": {"<<": 7},
    }
    merged, own, alias = root.find(("two", "x")), root.find(("two", "y")), root.find(("one",))
    assert merged is not None
    assert own is not None
    assert alias is not None
    assert (merged.key, own.key, alias.key, alias.place) == ((1, 15), (3, 19), (2, 1), (2, 6))


def test_an_anchor_may_be_given_anew() -> None:
    assert read("a: &x 1\nb: *x\nc: &x 2\nd: *x")[0].data == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    ("text", "told", "data"),
    [
        ("a: 1\nb: 2\na: 3", [(3, 1, "PS009")], {"a": 1, "b": 2}),
        ("a: { b: 1, b: 2 }", [(1, 12, "PS009")], {"a": {"b": 1}}),
        ("1: x\ntrue: y", [(1, 1, "PS010"), (2, 1, "PS010")], {"1": "x", "true": "y"}),
        ("? [a, b]\n: x\nc: 1", [(1, 3, "PS010")], {"c": 1}),
        ("{a: 1}: x", [(1, 1, "PS010")], {}),
        ("a: !!str 5", [(1, 4, "PS007")], {"a": "5"}),
        ('a: !!int "5"', [(1, 4, "PS007")], {"a": 5}),
        ("a: !!python/object/apply:os.system [ls]", [(1, 4, "PS007")], {"a": ["ls"]}),
        ("a: !mine x", [(1, 4, "PS007")], {"a": REFUSED}),
        ("a: *none", [(1, 4, "PS006")], {"a": REFUSED}),
        ("a: { <<: 5, b: 1 }", [(1, 6, "PS014")], {"a": {"b": 1}}),
        ("a: {{ token }}\nb: 1", [(1, 4, "PS011")], {"a": REFUSED, "b": 1}),
        ("a: [{{ x }}, 2]", [(1, 5, "PS011")], {"a": [REFUSED, 2]}),
        ('a: "\\ud800"', [(1, 4, "PS003")], {"a": REFUSED}),
    ],
)
def test_a_mistake_leaves_the_rest_readable(text: str, told: Told, data: object) -> None:
    root, found = read(text)
    assert found == told
    assert root.data == data


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", (1, 1, "PS002")),
        ("# nothing\n\n", (1, 1, "PS002")),
        ("a: 1\n---\nb: 2", (2, 1, "PS008")),
        ("%YAML 1.1\n---\na: yes", (1, 1, "PS008")),
        ("# a comment\n%TAG ! tag:x,2000:\n---\na: 1", (2, 1, "PS008")),
        ("a: &a [*a]", (1, 8, "PS006")),
        ("a: &a { b: { <<: *a } }", (1, 18, "PS006")),
        ("a: [1, 2\nb: 3", (1, 4, "PS001")),
        ("a:\n\tb: 1", (2, 1, "PS013")),
        ("a: \x00", (1, 4, "PS003")),
        ("a: b\nc: d\x1b[0m", (2, 5, "PS003")),
        ("a: \x85b", (1, 4, "PS003")),
        ("a: \u2028", (1, 4, "PS003")),
        (b"a: 1\nb: \xe4", (2, 4, "PS003")),
        ("a: 1".encode("utf-16"), (1, 1, "PS003")),
        ("a: " + "[" * 70 + "]" * 70, (1, 67, "PS005")),
        ("a: 1\nb: " + "x" * 10_000, (2, 1, "PS004")),
    ],
)
def test_what_cannot_be_read_has_a_place(text: str | bytes, place: tuple[int, int, str]) -> None:
    assert refusal(text) == place


def test_a_byte_order_mark_counts_no_column() -> None:
    root, _ = read(b"\xef\xbb\xbfa: 1\n")
    assert root.data == {"a": 1}
    assert root.place == (1, 1)


def test_columns_count_characters_and_lines_may_end_in_any_way() -> None:
    root, _ = read("ä: '\U0001f600'\r\nb: { ü: 1 }\r\n")
    node = root.find(("b", "ü"))
    assert node is not None
    assert (node.key, node.place) == ((2, 6), (2, 9))
