"""Specs for tests: a good one to spoil a section of, and what lint says of the result."""

from __future__ import annotations

from perfspec.errors import InvalidSpecError
from perfspec.spec.document import Document, load_document

SECTIONS = {
    "perfspec": "1",
    "name": "bookshop",
    "environments": "\n  local: { url: http://127.0.0.1:8801 }",
    "endpoints": "\n  home: { request: GET / }",
    "personas": "\n  reader: { weight: 1, journey: [home] }",
    "tests": "\n  smoke: { users: 5, duration: 2m }",
}


def spec(**sections: str) -> str:
    """A good spec with other sections; each begins a line of its own, in the order of `SECTIONS`.

    The text of a section is indented by its writer and stands after ``NAME:``.
    """
    lines = []
    for name, text in {**SECTIONS, **sections}.items():
        lines.append(f"{name}: {text}" if not text.startswith("\n") else f"{name}:{text}")
    return "\n".join(lines) + "\n"


def load(text: str | bytes, variables: dict[str, str] | None = None) -> Document:
    content = text if isinstance(text, bytes) else text.encode()
    return load_document(content, "perfspec.yaml", variables)


def told(text: str | bytes, variables: dict[str, str] | None = None) -> list[str]:
    """What lint says, without the name of the file."""
    try:
        found = load(text, variables).warnings
    except InvalidSpecError as error:
        found = error.diagnostics
    return [str(each).removeprefix("perfspec.yaml:") for each in found]


def codes(text: str | bytes) -> list[str]:
    """The codes of what lint says, in reading order."""
    return [line.split(": ", 1)[1].removeprefix("warning ").split(" ")[0] for line in told(text)]
