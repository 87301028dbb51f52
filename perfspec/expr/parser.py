"""From text to a tree, by recursive descent.

The language is written out here rather than borrowed from Python's parser: ``user.pass``,
``a && !b``, ``x | len > 0`` and ``null`` mean what a user of a template language expects, every
message knows its place, and nothing depends on the version of Python.

Loosest first: ``a if c else b`` · ``or ||`` · ``and &&`` · ``not`` · comparisons · ``+ -`` ·
``* / // %`` · unary ``-`` and ``!`` · filters ``|`` · ``.key [key]``. As template languages
disagree on ``a + b | f``, that asks for parentheses.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from perfspec.expr.errors import ExpressionError, did_you_mean
from perfspec.expr.filters import FILTERS, FUNCTIONS
from perfspec.expr.nodes import (
    Binary,
    Call,
    Choice,
    Comparison,
    Item,
    ListOf,
    Literal,
    Logic,
    MappingOf,
    Name,
    Reference,
    Text,
    Unary,
    Variable,
)
from perfspec.expr.reader import Reader
from perfspec.expr.tokens import read_variable, split_variables, unescape
from perfspec.expr.values import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfspec.expr.filters import Function
    from perfspec.expr.nodes import Node
    from perfspec.expr.tokens import Token

_DIGITS: Final = 21  # of any number within 64 bits, with its sign
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_WORDS: Final = frozenset({"and", "or", "not", "in", "if", "else", "is"})
_FOREIGN: Final = {
    "None": "null", "nil": "null", "undefined": "null", "True": "true", "False": "false",
}  # fmt: skip
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


class Parser(Reader):
    """Reads one expression that begins at ``start``; ``token`` is then what follows it."""

    def __init__(self, source: str, start: int = 0) -> None:
        super().__init__(source, start)
        self.references: list[Reference] = []
        self.variables: list[Variable] = []

    def parse(self) -> Node:
        """The tree; raises ExpressionError with the offset in ``source``."""
        node = self._choice()
        self.references.sort(key=lambda each: each.at)
        return node

    def _choice(self) -> Node:
        self.deeper()
        node = self._or()
        if self.take("if"):
            condition = self._or()
            self.expect("else")
            node = self.made(Choice(condition, node, self._choice()))
        self.shallower()
        return node

    def _or(self) -> Node:
        left = self._and()
        while self.take("or", "||"):
            left = self.made(Logic("or", left, self._and()))
        return left

    def _and(self) -> Node:
        left = self._not()
        while self.take("and", "&&"):
            left = self.made(Logic("and", left, self._not()))
        return left

    def _not(self) -> Node:
        if not (token := self.take("not")):
            return self._comparison()
        self.deeper()
        operand = self._not()
        self.shallower()
        return self.made(Unary("not", operand, token.at))

    def _comparison(self) -> Node:
        first = self._sum(first=True)
        rest: list[tuple[str, Node, int]] = []
        while True:
            at = self.token.at
            if self.take("not"):
                self.expect("in")
                rest.append(("not in", self._sum(first=True), at))
            elif self.token.text in _COMPARISONS:
                rest.append((self.advance().text, self._sum(first=True), at))
            elif self.token.text == "is":
                raise self.unexpected(wanted="a comparison", hint="compare with == or !=")
            else:
                return self.made(Comparison(first, tuple(rest))) if rest else first

    def _sum(self, *, first: bool) -> Node:
        return self._chain(("+", "-"), self._product, first=first)

    def _product(self, *, first: bool) -> Node:
        return self._chain(("*", "/", "//", "%", "**"), self._unary, first=first)

    def _chain(self, operators: tuple[str, ...], part: Callable[..., Node], *, first: bool) -> Node:
        left = part(first=first)
        while token := self.take(*operators):
            if token.text == "**":
                msg = "there is no power"
                raise ExpressionError(msg, offset=token.at)
            left = self.made(Binary(token.text, left, part(first=False), token.at))
        return left

    def _unary(self, *, first: bool) -> Node:
        if self.token.text == "-" and self.following().kind == "number":
            return self._piped(first=first)
        if not (token := self.take("-", "!")):
            return self._piped(first=first)
        self.deeper()
        operand = self._unary(first=first and token.text == "!")
        self.shallower()
        return self.made(Unary("-" if token.text == "-" else "not", operand, token.at))

    def _piped(self, *, first: bool) -> Node:
        value = self._item()
        while self.token.text == "|":
            if not first:
                msg = "a filter after arithmetic may mean the last value or the whole result"
                hint = "write (a + b) | filter, or a + (b | filter)"
                raise ExpressionError(msg, offset=self.token.at, hint=hint)
            self.advance()
            value = self._filter(value)
        return value

    def _filter(self, value: Node) -> Node:
        name = self.expect_name("a filter's name")
        if not (function := FILTERS.get(name.text)):
            hint = did_you_mean(name.text, FILTERS)
            if name.text in FUNCTIONS:
                hint = f"{name.text}() is a function: nothing is piped into it"
            raise _unknown(name, "filter", hint)
        arguments = self._arguments(function, name) if self.take("(") else ()
        if not arguments:
            function.check_count(0, name.at)
        if self.token.text in {".", "["}:
            hint = f"write (… | {name.text}){self.token.text}"
            msg = "a key cannot follow a filter"
            raise ExpressionError(msg, offset=self.token.at, hint=hint)
        return self.made(Call(function, (value, *arguments), name.at))

    def _function(self, name: Token) -> Node:
        if not (function := FUNCTIONS.get(name.text)):
            hint = did_you_mean(name.text, FUNCTIONS)
            if name.text in FILTERS:
                hint = f"{name.text} is a filter: value | {name.text}"
            raise _unknown(name, "function", hint)
        self.expect("(")
        return self.made(Call(function, self._arguments(function, name), name.at))

    def _arguments(self, function: Function, name: Token) -> tuple[Node, ...]:
        arguments: list[Node] = []
        for at in self._listed(")"):
            argument = self._choice()
            if isinstance(argument, Literal):
                function.check_literal(len(arguments), argument.value, at)
            arguments.append(argument)
        function.check_count(len(arguments), name.at)
        return tuple(arguments)

    def _item(self) -> Node:
        token = self.token
        node = self._primary()
        path = [node.name] if isinstance(node, Name) and token.kind == "name" else []
        written_out = bool(path)
        while self.token.text in {".", "["}:
            at = self.token.at
            key = self._key()
            node = self.made(Item(node, key, at))
            written_out = written_out and isinstance(key, Literal) and isinstance(key.value, str)
            if written_out and isinstance(key, Literal):
                path.append(str(key.value))
        if path:
            self.references.append(Reference(tuple(path), token.at))
        if self.token.text == "(":
            msg = "only functions can be called"
            hint = f"the functions are {', '.join(FUNCTIONS)}"
            raise ExpressionError(msg, offset=self.token.at, hint=hint)
        return node

    def _key(self) -> Node:
        if self.take("."):
            hint = "an element of a list is written items[0]"
            return Literal(self.expect_name("a key", hint).text)
        self.expect("[")
        key = self._choice()
        self.expect("]")
        return key

    def _primary(self) -> Node:
        token = self.token
        match token.kind:
            case "number":
                return self.made(_number(self.advance()))
            case "text":
                return self.made(self._quoted(self.advance()))
            case "variable":
                variable = replace(read_variable(self.source, self.advance().at), bare=True)
                self.variables.append(variable)
                return self.made(Text((variable,)))
            case "name" if token.text not in _WORDS:
                return self._named(self.advance())
            case "operator" if token.text in {"-", "(", "[", "{"}:
                return self._begun(self.advance().text)
            case _:
                raise self.unexpected(wanted="a value")

    def _begun(self, opening: str) -> Node:
        """What ``opening`` begins: a negative number, a parenthesis, a list or a mapping."""
        match opening:
            case "-":
                return self.made(_number(self.advance(), "-"))
            case "(":
                node = self._choice()
                self.expect(")")
                return node
            case "[":
                return self.made(ListOf(tuple(self._choice() for _ in self._listed("]"))))
            case _:
                return self.made(self._mapping())

    def _named(self, name: Token) -> Node:
        if name.text in _CONSTANTS:
            return self.made(Literal(_CONSTANTS[name.text]))
        if name.text in _FOREIGN:
            raise _unknown(name, "value", f"write {_FOREIGN[name.text]}")
        return self._function(name) if self.token.text == "(" else self.made(Name(name.text))

    def _quoted(self, token: Token) -> Literal | Text:
        parts: list[str | Variable] = []
        for at, part in split_variables(self.source, token.at + 1, token.end - 1):
            parts.append(unescape(part, at) if isinstance(part, str) else part)
        variables = [part for part in parts if isinstance(part, Variable)]
        self.variables += variables
        return Text(tuple(parts)) if variables else Literal("".join(map(str, parts)))

    def _mapping(self) -> Node:
        items: dict[str, Node] = {}
        for at in self._listed("}"):
            token = self.advance()
            key = token.text if token.kind == "name" else None
            if token.kind == "text" and isinstance(text := self._quoted(token), Literal):
                key = str(text.value)
            if key is None or key in items:
                msg = "a key of a mapping is a name or a text, and stands there once"
                raise ExpressionError(msg, offset=at, hint='{ sub: user.id, "a-b": 1 }')
            self.expect(":")
            items[key] = self._choice()
        return MappingOf(tuple(items.items()))

    def _listed(self, closing: str) -> Iterator[int]:
        """The offset of each element up to ``closing``; commas are stepped over."""
        while not self.take(closing):
            yield self.token.at
            if self.token.text != closing:
                self.expect(",", wanted=f"a comma or {closing}")


def _number(token: Token, sign: str = "") -> Literal:
    text = sign + token.text
    whole = token.text.isdecimal()
    try:
        if whole and len(text) <= _DIGITS:
            return Literal(bounded(int(text)))
        return Literal(bounded(math.inf if whole else float(text)))
    except ExpressionError as error:
        raise error.located(token.at) from None


def _unknown(name: Token, what: str, hint: str | None) -> ExpressionError:
    return ExpressionError(f"there is no {what} {name.text!r}", offset=name.at, hint=hint)
