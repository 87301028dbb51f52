"""Specs as plain data that may have a mistake: good ones with one or two changes."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.properties.spec_documents import Document, good

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = tuple[str | int, ...]
ODD: list[Any] = [
    *(None, True, 0, 1, -1, 1.5, 10**9, "", "text", "Text-2", "300", "300ms", "5%", "101%", "2/s"),
    *("1KB", "1..3", "5s..1s", "3x", "GET /", "GET", "ftp://a", "exists", "none"),
    *("${X}", "${X:-y}", "$${X}", [], {}, ["a"], [1], [None], {"a": 1}, {"a": None}),
    *({"books": {}}, {"json": "$.a"}, {"warn": "1s"}, {"": "a"}, {"X A": "b"}, {"A": "b\nc"}),
    *("+0%", "-0.0%", "+0pp", "+00.00 %", "-100%", "-0100%", "+1pp", "http://a:65536", "a:0"),
]
UNITS = ("", "x", "ms", "s", "%", "/s", "KB", "d", " ", "..9s", "-")


@st.composite
def mistaken(draw: st.DrawFn, vocabulary: list[str]) -> Document:
    """A good spec with changes, each of which may be a mistake; new keys are of ``vocabulary``."""
    document: Any = deepcopy(draw(good()))
    keys = st.sampled_from(vocabulary)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(sorted(places(document), key=repr)))
        parent = document
        for part in place[:-1]:
            parent = parent[part]
        change(draw, parent, place[-1], keys)
    return document  # type: ignore[no-any-return]


def places(value: object, path: Place = ()) -> Iterator[Place]:
    """Where every value of a document stands, without the document itself."""
    match value:
        case dict():
            items = [*value.items()]
        case list():
            items = [*enumerate(value)]
        case _:
            items = []
    for part, each in items:
        yield (*path, part)
        yield from places(each, (*path, part))


def change(draw: st.DrawFn, parent: Any, part: Any, keys: st.SearchStrategy[str]) -> None:  # noqa: ANN401  (any JSON value)
    value = parent[part]
    match draw(st.sampled_from(["drop", "rename", "copy", "replace", "unit", "wrap"])):
        case "drop":
            del parent[part]
        case "rename" if isinstance(parent, dict):
            typos = [part[1:], part + "s", part.upper(), part.replace("_", "-")]
            parent[draw(st.sampled_from(typos) | keys)] = parent.pop(part)
        case "copy" if isinstance(parent, dict):
            parent[draw(keys)] = deepcopy(value)
        case "unit" if isinstance(value, str | int | float):
            parent[part] = str(value).rstrip("ms%KB/") + draw(st.sampled_from(UNITS))
        case "wrap":
            parent[part] = draw(st.sampled_from([[value], {"a": value}]))
        case _:
            parent[part] = deepcopy(draw(st.sampled_from(ODD)))
