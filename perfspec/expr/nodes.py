"""The tree of a parsed expression; ``at`` is the 0-based offset that a message points to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from perfspec.expr.filters.function import Function

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reference(msgspec.Struct, frozen=True):
    """A name from the scope, with the keys after it that are written out: ``("user", "email")``."""

    path: tuple[str, ...]
    at: int


class Variable(msgspec.Struct, frozen=True):
    """``${NAME}`` or ``${NAME:-default}``: a variable of the environment, put in when compiled.

    It stands in text, or, ``bare``, in an expression outside of quotes.
    """

    name: str
    default: str | None
    at: int
    end: int
    bare: bool = False

    def value(self, variables: Mapping[str, str]) -> str | None:
        """Its value, or its default when it is unset or empty; None when it has neither."""
        found = variables.get(self.name)
        return found if self.default is None else found or self.default


class Literal(msgspec.Struct, frozen=True):
    value: str | int | float | bool | None


class Text(msgspec.Struct, frozen=True):
    """Quoted text that holds environment variables."""

    parts: tuple[str | Variable, ...]


class Name(msgspec.Struct, frozen=True):
    name: str


class Item(msgspec.Struct, frozen=True):
    """``owner.key`` or ``owner[key]``."""

    owner: Node
    key: Node
    at: int


class Unary(msgspec.Struct, frozen=True):
    """``-`` or ``not``."""

    operator: str
    operand: Node
    at: int


class Binary(msgspec.Struct, frozen=True):
    """``+ - * / // %``."""

    operator: str
    left: Node
    right: Node
    at: int


class Comparison(msgspec.Struct, frozen=True):
    """``first op second op third …``, each operand evaluated at most once."""

    first: Node
    rest: tuple[tuple[str, Node, int], ...]


class Logic(msgspec.Struct, frozen=True):
    """``and`` or ``or``: the deciding operand's own value."""

    operator: str
    left: Node
    right: Node


class Choice(msgspec.Struct, frozen=True):
    """``then if condition else otherwise``."""

    condition: Node
    then: Node
    otherwise: Node


class Call(msgspec.Struct, frozen=True):
    """A function or, with the piped value as its first argument, a filter."""

    function: Function
    arguments: tuple[Node, ...]
    at: int


class ListOf(msgspec.Struct, frozen=True):
    items: tuple[Node, ...]


class MappingOf(msgspec.Struct, frozen=True):
    items: tuple[tuple[str, Node], ...]


Node: TypeAlias = (
    Literal | Text | Name | Item | Unary | Binary | Comparison | Logic | Choice | Call | ListOf
    | MappingOf
)  # fmt: skip
