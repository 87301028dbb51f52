"""Bodies: nested mappings and lists with templates at their leaves, for JSON, forms and CBOR."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar, assert_never

import msgspec

from perfspec.expr.errors import ExpressionError
from perfspec.expr.expression import NO_VARIABLES, Uses, merge_uses
from perfspec.expr.template import Template, parse_template
from perfspec.expr.values import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perfspec.expr.tools import Closure, Scope, Tools

    Special: TypeAlias = Callable[[dict[str, object]], Closure | None]

S = TypeVar("S")
T = TypeVar("T")


class Ready(msgspec.Struct, frozen=True):
    """A value that needs nothing more."""

    value: object


class Items(msgspec.Struct, frozen=True):
    """A list."""

    parts: tuple[Node, ...]


class Entries(msgspec.Struct, frozen=True):
    """A mapping, ``written`` as it was given."""

    parts: tuple[tuple[Template, Node], ...]
    written: dict[str, object]


Node: TypeAlias = Ready | Template | Items | Entries


class ValueTemplate(Uses, frozen=True, kw_only=True):
    """One parsed value."""

    node: Node

    @property
    def dynamic(self) -> bool:
        """Whether it has holes; without, what is compiled gives equal values for every scope.

        Mappings that ``special`` replaces are not known here.
        """
        return any(each.dynamic for each in _templates(self.node))

    @property
    def constant(self) -> object:
        """The final value when nothing is to be put in, else None (which null is, too)."""
        return None if self.dynamic or self.environment else _final(self.node)

    def compile(
        self,
        tools: Tools,
        variables: Mapping[str, str] = NO_VARIABLES,
        special: Special | None = None,
    ) -> Closure:
        """A function from the scope to the value; do not change what it returns.

        ``special`` is asked for each mapping, as it was written: a function that it returns takes
        the mapping's place. What holds neither holes nor such mappings is built once. The function
        raises ExpressionError, with the ``path`` of the leaf, for values that an operator or filter
        cannot take; compiling raises it for a variable that is not set and has no default.
        """
        part = _Builder(tools, variables, special).part(self.node)
        if isinstance(part, Ready):
            value = part.value
            return lambda _scope: value
        return part


def parse_value(value: object) -> ValueTemplate:
    """Parse every text in nested mappings and lists; keys are templates too.

    Raises ExpressionError with the ``path`` to the text and the offset in it.
    """
    node = _parsed(value)
    uses = merge_uses(_templates(node))
    return ValueTemplate(node=node, references=uses.references, environment=uses.environment)


def _parsed(value: object) -> Node:
    match value:
        case str():
            return parse_template(value)
        case list() | tuple():
            return Items(tuple(_at(index, _parsed, each) for index, each in enumerate(value)))
        case dict():
            parts = value.items()
            return Entries(
                tuple((_at(key, _key, key), _at(key, _parsed, each)) for key, each in parts), value
            )
        case _:
            return Ready(value)


def _key(key: object) -> Template:
    if isinstance(key, str):
        return parse_template(key)
    msg = f"a key is {describe(key)}, not text"
    raise ExpressionError(msg)


def _at(place: str | int, handle: Callable[[S], T], value: S) -> T:
    try:
        return handle(value)
    except ExpressionError as error:
        raise error.inside(place) from None


def _templates(node: Node) -> Iterator[Template]:
    match node:
        case Template():
            yield node
        case Items(parts):
            for each in parts:
                yield from _templates(each)
        case Entries(entries):
            for key, each in entries:
                yield key
                yield from _templates(each)
        case Ready():
            pass
        case _:
            assert_never(node)


def _final(node: Node) -> object:
    match node:
        case Ready(value):
            return value
        case Template():
            return node.constant
        case Items(parts):
            return [_final(each) for each in parts]
        case Entries(entries):
            return {key.constant: _final(each) for key, each in entries}
        case _:
            assert_never(node)


class _Builder:
    """Compiles the nodes of one value."""

    def __init__(self, tools: Tools, variables: Mapping[str, str], special: Special | None) -> None:
        self._tools = tools
        self._variables = variables
        self._special = special

    def part(self, node: Node) -> Ready | Closure:
        match node:
            case Ready():
                return node
            case Template():
                closure = node.compile(self._tools, self._variables)
                return closure if node.dynamic else Ready(closure({}))
            case Items(parts):
                return _list([_at(at, self.part, each) for at, each in enumerate(parts)])
            case Entries():
                found = self._special(node.written) if self._special else None
                return found or self._entries(node)
            case _:
                assert_never(node)

    def _entries(self, node: Entries) -> Ready | Closure:
        parts = [_at(key.text, self.part, each) for key, each in node.parts]
        keys = [key.compile_text(self._tools, self._variables) for key, _ in node.parts]
        if any(key.dynamic for key, _ in node.parts):
            return _renamed(list(zip(keys, map(_closure, parts), strict=True)))
        frame: dict[str, object] = {}
        holes: list[tuple[str, Closure]] = []
        for key, part in zip([key({}) for key in keys], parts, strict=True):
            _once(key, frame)
            frame[key] = part.value if isinstance(part, Ready) else None
            if not isinstance(part, Ready):
                holes.append((key, part))
        return _mapping(frame, holes) if holes else Ready(frame)


def _closure(part: Ready | Closure) -> Closure:
    if not isinstance(part, Ready):
        return part
    value = part.value
    return lambda _scope: value


def _list(parts: Sequence[Ready | Closure]) -> Ready | Closure:
    frame = [part.value if isinstance(part, Ready) else None for part in parts]
    holes = [(at, part) for at, part in enumerate(parts) if not isinstance(part, Ready)]
    if not holes:
        return Ready(frame)

    def build(scope: Scope) -> list[object]:
        result = frame[:]
        for index, part in holes:
            try:
                result[index] = part(scope)
            except ExpressionError as error:
                raise error.inside(index) from None
        return result

    return build


def _mapping(frame: dict[str, object], holes: Sequence[tuple[str, Closure]]) -> Closure:
    def build(scope: Scope) -> dict[str, object]:
        result = frame.copy()
        for key, part in holes:
            try:
                result[key] = part(scope)
            except ExpressionError as error:
                raise error.inside(key) from None
        return result

    return build


def _renamed(entries: Sequence[tuple[Callable[[Scope], str], Closure]]) -> Closure:
    """A mapping of which a key has a hole."""

    def build(scope: Scope) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_of, part in entries:
            key = key_of(scope)
            _once(key, result)
            try:
                result[key] = part(scope)
            except ExpressionError as error:
                raise error.inside(key) from None
        return result

    return build


def _once(key: str, entries: Mapping[str, object]) -> None:
    if key in entries:
        msg = f"two keys become {key!r}"
        raise ExpressionError(msg)
