"""From a tree to one closure: all that can be known before the run is worked out here, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never, cast

from perfspec.expr.errors import ExpressionError
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
    Text,
    Unary,
    Variable,
)
from perfspec.expr.operators import ARITHMETIC, COMPARISONS, negate
from perfspec.expr.values import describe, is_true, kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfspec.expr.nodes import Node
    from perfspec.expr.tools import Closure, Scope, Tools


class Compiler:
    """Compiles the trees of one text with the same tools and environment variables."""

    def __init__(self, tools: Tools, variables: Mapping[str, str]) -> None:
        self._tools = tools
        self._variables = variables

    def text(self, part: str | Variable) -> str:
        """Literal text as it is, a variable's value, or its default when it is unset or empty.

        Raises ExpressionError for an unset variable without a default.
        """
        if isinstance(part, str):
            return part
        if (value := part.value(self._variables)) is not None:
            return value
        msg = f"the environment variable {part.name} is not set"
        hint = f"export it, or give a default: ${{{part.name}:-default}}"
        raise ExpressionError(msg, offset=part.at, hint=hint)

    def closure(self, node: Node) -> Closure:
        """What evaluates ``node`` in a scope."""
        match node:
            case Literal() | Text():
                return _constant(self._value(node))
            case Name(name):
                return lambda scope: scope.get(name)
            case Item():
                return self._item(node)
            case Call():
                return self._call(node)
            case ListOf() | MappingOf():
                return self._collection(node)
            case _:
                return self._operation(node)

    def _operation(self, node: Unary | Binary | Comparison | Logic | Choice) -> Closure:
        match node:
            case Unary(operator, operand, at):
                return _unary(operator, self.closure(operand), at)
            case Binary(operator, left, right, at):
                parts = self.closure(left), self.closure(right)
                return _apply(ARITHMETIC[operator], *parts, at)
            case Comparison(first, ((operator, second, at),)):
                parts = self.closure(first), self.closure(second)
                return _apply(COMPARISONS[operator], *parts, at)
            case Comparison(first, rest):
                steps = [(COMPARISONS[name], self.closure(each), at) for name, each, at in rest]
                return _chain(self.closure(first), steps)
            case Logic(operator, left, right):
                return _logic(operator, self.closure(left), self.closure(right))
            case Choice(condition, then, otherwise):
                return _choice(*map(self.closure, (condition, then, otherwise)))
            case _:
                assert_never(node)

    def _collection(self, node: ListOf | MappingOf) -> Closure:
        if isinstance(node, ListOf):
            parts = [self.closure(each) for each in node.items]
            return lambda scope: [part(scope) for part in parts]
        entries = [(key, self.closure(each)) for key, each in node.items]
        return lambda scope: {key: part(scope) for key, part in entries}

    def _item(self, node: Item) -> Closure:
        owner, key, at = node.owner, node.key, node.at
        if isinstance(key, Literal):
            if isinstance(owner, Name) and isinstance(key.value, str):
                return _key_of_name(owner.name, key.value, at)
            return _key(self.closure(owner), key.value, at)
        find, key_of = self.closure(owner), self.closure(key)
        return lambda scope: _pick(find(scope), key_of(scope), at)

    def _call(self, node: Call) -> Closure:
        call = node.function.build(self._tools)
        name, at = node.function.name, node.at
        first, rest = node.arguments[:1], node.arguments[1:]
        if first and all(isinstance(each, Literal | Text) for each in rest):
            values = [self._value(each) for each in rest if isinstance(each, Literal | Text)]
            return _filter(call, self.closure(first[0]), values, name, at)
        return _general_call(call, [self.closure(each) for each in node.arguments], name, at)

    def _value(self, node: Literal | Text) -> object:
        if isinstance(node, Literal):
            return node.value
        return "".join(map(self.text, node.parts))


def _constant(value: object) -> Closure:
    return lambda _scope: value


def _key_of_name(name: str, key: str, at: int) -> Closure:
    """``user.email``: what templates hold most, so it is one call."""

    def key_of_name(scope: Scope) -> object:
        owner = scope.get(name)
        return owner.get(key) if type(owner) is dict else _pick(owner, key, at)

    return key_of_name


def _key(find: Closure, key: object, at: int) -> Closure:
    return lambda scope: _pick(find(scope), key, at)


def _pick(owner: object, key: object, at: int) -> object:
    """An entry of a mapping or an element of a list, null where there is none; no attributes."""
    match kind(owner):
        case "null":
            return None
        case "mapping" if kind(key) in {"text", "number", "bool"}:
            return dict.get(cast("dict[object, object]", owner), key)
        case "list" if type(key) is int:
            items = cast("Sequence[object]", owner)
            return items[key] if -len(items) <= key < len(items) else None
    is_list = kind(owner) == "list"
    hint = "an element is items[0], items | first or items | random" if is_list else None
    msg = f"{describe(owner)} has no key {describe(key)}"
    raise ExpressionError(msg, offset=at, hint=hint)


def _unary(operator: str, operand: Closure, at: int) -> Closure:
    if operator == "not":
        return lambda scope: not is_true(operand(scope))

    def minus(scope: Scope) -> object:
        try:
            return negate(operand(scope))
        except ExpressionError as error:
            raise error.located(at) from None

    return minus


def _apply(
    operation: Callable[[object, object], object], left: Closure, right: Closure, at: int
) -> Closure:
    def apply(scope: Scope) -> object:
        try:
            return operation(left(scope), right(scope))
        except ExpressionError as error:
            raise error.located(at) from None

    return apply


def _chain(
    first: Closure, steps: Sequence[tuple[Callable[[object, object], object], Closure, int]]
) -> Closure:
    """``a < b <= c``: every operand once, nothing after the first comparison that is false."""

    def chain(scope: Scope) -> bool:
        left = first(scope)
        for compare, operand, at in steps:
            right = operand(scope)
            try:
                if not compare(left, right):
                    return False
            except ExpressionError as error:
                raise error.located(at) from None
            left = right
        return True

    return chain


def _logic(operator: str, left: Closure, right: Closure) -> Closure:
    if operator == "and":
        return lambda scope: right(scope) if is_true(value := left(scope)) else value
    return lambda scope: value if is_true(value := left(scope)) else right(scope)


def _choice(condition: Closure, then: Closure, otherwise: Closure) -> Closure:
    return lambda scope: then(scope) if is_true(condition(scope)) else otherwise(scope)


def _filter(
    call: Callable[..., object], value: Closure, rest: Sequence[object], name: str, at: int
) -> Closure:
    """A call whose arguments after the first are known already."""

    def apply(scope: Scope) -> object:
        try:
            return call(value(scope), *rest)
        except ExpressionError as error:
            raise error.located(at, name) from None

    return apply


def _general_call(
    call: Callable[..., object], arguments: Sequence[Closure], name: str, at: int
) -> Closure:
    def apply(scope: Scope) -> object:
        try:
            return call(*[argument(scope) for argument in arguments])
        except ExpressionError as error:
            raise error.located(at, name) from None

    return apply
