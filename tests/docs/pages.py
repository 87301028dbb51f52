"""The pages of the documentation, cut into what a test can check: blocks, links, headings.

A comment before a block says what it is:

- ``<!-- lint: part -->`` before YAML that is only a part of a spec: it is put into ``SPEC`` below,
  ``<!-- lint: part endpoints.search -->`` at that place of it.
- ``<!-- lint: part; finds PS104 -->`` before YAML with a mistake that is meant.
- ``<!-- run: in examples/quickstart; exit 1; slow -->`` before a console block: the folder, the exit
  code of the last command, and whether it takes long. ``swap think: 1s => think: 1`` changes the spec
  that the block runs with.

A YAML block without a comment is a whole spec. A console block without one runs where that spec is
``perfspec.yaml``. ``sh`` blocks are for readers to try: their commands are only looked up.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
)
SPEC = """\
perfspec: 1
name: bookshop
environments:
  local: { url: "http://127.0.0.1:8800" }
data:
  readers: { generate: { email: "reader-{001..200}@example.com", password: bookworm } }
endpoints:
  login:
    request: POST /login
    auth: none
    json: { email: "{{ user.email }}", password: "{{ user.password }}" }
    capture: { token: $.token }
  search:
    request: GET /books
    capture: { book_ids: "$.books[*].id" }
  get_book:
    request: GET /books/{book_id}
    path: { book_id: "{{ book_ids | random }}" }
  checkout:
    request: POST /checkout
personas:
  visitor:
    weight: 1
    data: readers
    auth: { bearer: "{{ token }}" }
    think: 1s..5s
    on_start: [login]
    journey: [search, get_book, checkout: { chance: 20% }]
tests:
  load: { users: 10, duration: 5m, slo: { error_rate: 1% } }
"""
_COMMENT = re.compile(r"<!-- (lint|run): (.+?) -->\s*")
_PARSER = MarkdownIt("commonmark").enable("table")


class Block(NamedTuple):
    """A fenced block. ``line`` is where its text begins; ``comment`` holds first word and rest.

    ``spec`` is the whole spec that stands before it on the page, if there is one.
    """

    page: str
    line: int
    language: str
    text: str
    comment: tuple[tuple[str, str], ...]
    spec: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def has(self, word: str) -> bool:
        return any(name == word for name, _ in self.comment)

    def said(self, word: str, default: str = "") -> str:
        """What follows ``word`` in the comment."""
        return dict(self.comment).get(word, default)

    @property
    def changed_spec(self) -> str:
        """The page's spec, or a small one, with what the comment swaps."""
        text = self.spec or SPEC
        for name, change in self.comment:
            if name == "swap":
                old, _, new = change.partition(" => ")
                assert text.count(old) == 1, f"{self.place}: {old!r} stands not once in the spec"
                text = text.replace(old, new)
        return text


def blocks(*languages: str) -> list[Block]:
    """Blocks of all pages in these languages."""
    return [each for page in PAGES for each in _blocks(page) if each.language in languages]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def links(page: str) -> list[str]:
    """Where a page points to, as it is written."""
    return [
        str(child.attrs["href"])
        for token in _PARSER.parse(read(page))
        for child in token.children or ()
        if child.type == "link_open"
    ]


def anchors(page: str) -> set[str]:
    """Headings of a page as GitHub names them."""
    tokens = _PARSER.parse(read(page))
    return {
        re.sub(r"[^\w\- ]", "", _plain(title).lower()).replace(" ", "-")
        for heading, title in pairwise(tokens)
        if heading.type == "heading_open"
    }


def _plain(title: Token) -> str:
    return "".join(each.content for each in title.children or ())


def _blocks(page: str) -> Iterator[Block]:
    spec: str | None = None
    before: Token | None = None
    for token in _PARSER.parse(read(page)):
        if token.type == "fence" and token.map is not None:
            comment = _comment(before)
            if token.info == "yaml" and not comment:
                spec = token.content
            yield Block(page, token.map[0] + 2, token.info, token.content, comment, spec)
        before = token


def _comment(before: Token | None) -> tuple[tuple[str, str], ...]:
    found = _COMMENT.fullmatch(before.content) if before and before.type == "html_block" else None
    parts = (each.strip().partition(" ") for each in found[2].split(";")) if found else ()
    return tuple((name, rest) for name, _, rest in parts)
