"""The shop's books: a thousand, the same at every start."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec

SIZE: Final = 1000
PAGE: Final = 20
_FIRST: Final = ("Silent", "Red", "Hidden", "Long", "Lost", "Broken", "Golden", "Cold", "Quiet")
_SECOND: Final = ("River", "Garden", "Winter", "City", "Letter", "Harbour", "Forest", "Mirror")
_NAMES: Final = (
    "Ames",
    "Brandt",
    "Costa",
    "Dahl",
    "Eder",
    "Fong",
    "Grau",
    "Haddad",
    "Ito",
    "Jensen",
)


class Book(msgspec.Struct, frozen=True):
    id: int
    title: str
    author: str
    price: float


class BookDetails(Book, frozen=True):
    description: str
    pages: int


class Page(msgspec.Struct, frozen=True):
    """One page of a list; ``page`` counts from 1."""

    page: int
    pages: int
    total: int
    books: list[Book]


class Catalogue:
    """Books by id (1 to 1000) and by words of the title."""

    def __init__(self) -> None:
        dice = Random("bookshop")  # noqa: S311  (the same books at every start)
        self._books = [_book(number, dice) for number in range(1, SIZE + 1)]

    def find(self, words: str, page: int) -> Page:
        """Those whose title contains ``words``; a page beyond the end is empty."""
        wanted = words.casefold()
        hits = [each for each in self._books if wanted in each.title.casefold()]
        shown = hits[(page - 1) * PAGE : page * PAGE]
        return Page(page=page, pages=-(-len(hits) // PAGE), total=len(hits), books=shown)

    def book(self, number: int) -> Book | None:
        return self._books[number - 1] if 1 <= number <= SIZE else None

    def details(self, number: int) -> BookDetails | None:
        book = self.book(number)
        if book is None:
            return None
        text = f"{book.title} by {book.author} is book {number} of {SIZE}. " * 8
        return BookDetails(
            **msgspec.structs.asdict(book), description=text.strip(), pages=120 + number % 500
        )


def _book(number: int, dice: Random) -> Book:
    title = f"The {dice.choice(_FIRST)} {dice.choice(_SECOND)}, Part {number}"
    return Book(
        id=number, title=title, author=dice.choice(_NAMES), price=dice.randint(500, 4000) / 100
    )
