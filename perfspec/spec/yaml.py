"""Hostile YAML in, a tree with places out: no tags, no code, no explosion, no key lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scanner import Scanner, ScannerError

from perfspec.spec.scalars import resolve
from perfspec.spec.source import SpecSyntaxError
from perfspec.spec.tree import REFUSED, Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from ruamel.yaml.events import CollectionStartEvent, Event

    from perfspec.spec.tree import Place

    Complain = Callable[[Place, str, str, str | None], None]

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 15_000
MAX_TAG: Final = 100  # characters; ruamel takes the square of their number
_TAG: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = frozenset({"int", "float", "bool", "null"})
_LOST: Final = (ValueError, IndexError, OverflowError, RecursionError, NotImplementedError)
"""What ruamel's scanner raises on escapes that name no character and other input of no meaning."""


def parse(text: str, complain: Complain) -> Node:
    """The tree of a text.

    Mistakes that leave the rest readable (duplicate keys, tags, keys that are no text) go to
    ``complain``; SpecSyntaxError is raised for the others.
    """
    builder = _Builder(text, complain)
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    try:
        for event in yaml.parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        from perfspec.spec.mistakes import explain_syntax  # noqa: PLC0415  (on the error path)

        raise explain_syntax(text, error) from None
    except (YAMLError, *_LOST) as error:
        message = f"this is no YAML: {str(error).splitlines()[0] if str(error) else 'unreadable'}"
        raise SpecSyntaxError(builder.here, "PS001", message) from None
    if builder.root is None:
        raise SpecSyntaxError((1, 1), "PS002", "the file is empty", "write perfspec: 1")
    return builder.root


def _of_tag(tag: str, text: str) -> Any:  # noqa: ANN401  (any scalar)
    """What a refused tag was to say, so that it is the only mistake; REFUSED if that is unknown."""
    if tag == f"{_TAG}str":
        return text
    try:
        return resolve(text) if tag.removeprefix(_TAG) in _SCALAR_TAGS else REFUSED
    except ValueError:
        return REFUSED


class _Frame:
    """A mapping or list that is being read; ``key`` or ``merging`` waits for its value."""

    __slots__ = ("awaits_key", "data", "flow", "key", "merges", "merging", "name", "node")

    def __init__(self, node: Node, name: str | None, *, flow: bool) -> None:
        self.node = node
        self.name = name
        self.flow = flow
        self.data: Any = node.data
        self.awaits_key = isinstance(node.data, dict)
        self.key: tuple[str, Place] | None = None
        self.merging: Place | None = None
        self.merges: list[Node] = []


_MERGE: Final = "<<"
_OPEN: Final = object()


class _Scanner(Scanner):
    def fetch_tag(self) -> None:
        if not set(self.reader.prefix(MAX_TAG)) & set(" \n\0"):
            problem = "the tag is too long"
            raise ScannerError(problem=problem, problem_mark=self.reader.get_mark())
        super().fetch_tag()


class _Builder:
    def __init__(self, text: str, complain: Complain) -> None:
        self._text = text
        self._lines: list[str] | None = None
        self.root: Node | None = None
        self.here: Place = (1, 1)
        self._complain = complain
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Any] = {}
        self._values = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        mark = event.start_mark
        self.here = (mark.line + 1, mark.column + 1)
        match event:
            case ScalarEvent():
                self._scalar(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._begin(event)
            case CollectionEndEvent():
                self._end()
            case AliasEvent():
                self._alias(event.anchor)
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    hint = "a spec is one document: remove the line ---"
                    raise SpecSyntaxError(self.here, "PS008", "a second document begins", hint)
            case _:
                pass

    def _scalar(self, event: ScalarEvent) -> None:
        style = event.style or ""
        data: Any = event.value
        merge = not style and data == _MERGE and self._key_wanted()
        if not style and not merge:
            try:
                data = resolve(data)
            except ValueError as error:
                self._complain(self.here, "PS015", str(error), "as text it stands in quotes")
                data = REFUSED
        elif style and not data.isascii() and any("\ud800" <= each <= "\udfff" for each in data):
            self._complain(self.here, "PS003", "an escape names half a character", None)
            data = REFUSED
        node = Node(*self.here, data, _MERGE if merge else style)
        self._begun(event, node)
        if event.tag is not None:
            node.data = _of_tag(event.tag, event.value)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._place(node, event.value)

    def _begin(self, event: CollectionStartEvent) -> None:
        if len(self._stack) >= MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise SpecSyntaxError(self.here, "PS005", message, "is a bracket never closed?")
        mapping = isinstance(event, MappingStartEvent)
        node = Node(*self.here, {} if mapping else [])
        node.children = {} if mapping else []
        self._begun(event, node)
        if event.anchor:
            self._anchors[event.anchor] = _OPEN
        self._stack.append(_Frame(node, event.anchor, flow=bool(event.flow_style)))

    def _begun(self, event: ScalarEvent | CollectionStartEvent, node: Node) -> None:
        """What every value has in common: it counts, and it has no tag."""
        self._count(1)
        tag = event.tag
        if tag is not None:
            name = f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
            hint = "text stands in quotes" if name == "!!str" else "remove it"
            self._complain(node.place, "PS007", f"the tag {name} is not allowed in a spec", hint)

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            message = f"the file holds more than {MAX_VALUES:,} values, aliases counted in full"
            raise SpecSyntaxError(self.here, "PS004", message, "keep data in files of its own")

    def _alias(self, name: str) -> None:
        line, column = self.here
        found = self._anchors.get(name)
        if found is _OPEN:
            raise SpecSyntaxError(self.here, "PS006", f"the alias *{name} contains itself")
        if found is None:
            message = f"no anchor &{name} stands before this alias"
            self._complain(
                self.here, "PS006", message, f'text that begins with * is quoted: "*{name}"'
            )
            found = Node(line, column, REFUSED)
        self._count(found.size)
        self._place(found.alias(line, column), f"*{name}")

    def _end(self) -> None:
        frame = self._stack.pop()
        node = frame.node
        for source in frame.merges:
            self._merge(frame, source)
        node.size += sum(child.size for child in node.below())
        if frame.name:
            self._anchors[frame.name] = node
        self._place(node, None, flow=frame.flow)

    def _merge(self, frame: _Frame, source: Node) -> None:
        children = frame.node.children
        if isinstance(children, dict) and isinstance(source.children, dict):
            for name, child in source.children.items():
                if name not in children:
                    children[name] = child
                    frame.data[name] = child.data

    def _key_wanted(self) -> bool:
        return bool(self._stack) and self._stack[-1].awaits_key

    def _place(self, node: Node, written: str | None, *, flow: bool = False) -> None:
        """Put a finished value where it belongs: in the list, as a key, or as a key's value."""
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        children = frame.node.children
        if isinstance(children, list):
            children.append(node)
            frame.data.append(node.data)
        elif frame.awaits_key:
            frame.awaits_key = False
            frame.key = self._key(frame, node, written, flow=flow)
        else:
            frame.awaits_key = True
            self._value(frame, node)

    def _value(self, frame: _Frame, node: Node) -> None:
        if frame.merging is not None:
            self._merged(frame, node, frame.merging)
        elif frame.key is not None and isinstance(frame.node.children, dict):
            name, node.key = frame.key
            frame.node.children[name] = node
            frame.data[name] = node.data
        frame.key = frame.merging = None

    def _merged(self, frame: _Frame, node: Node, place: Place) -> None:
        sources = node.children if isinstance(node.children, list) else [node]
        for each in sources:
            if isinstance(each.children, dict):
                self._count(each.size)
                frame.merges.append(each)
            elif not each.refused:
                hint = "write <<: *NAME, where &NAME stands at a mapping"
                self._complain(place, "PS014", "<< needs a mapping to take keys from", hint)

    def _key(
        self, frame: _Frame, node: Node, written: str | None, *, flow: bool
    ) -> tuple[str, Place] | None:
        """A key and its place; None when it is none, and its value is to be left out."""
        place = node.place
        if node.style == _MERGE:
            frame.merging = place
            return None
        if node.children is not None or node.style == "*":
            self._complex_key(frame, node, flow=flow)
            return None
        if node.refused:
            return None
        if not isinstance(node.data, str):
            hint = f'write "{written}"' if written else "write a name before the colon"
            message = f"the key {written} is no text" if written else "a key is missing"
            self._complain(place, "PS010", message, hint)
        name = written or ""
        first = frame.node.child(name)
        if first is not None and first.key is not None:
            message = f"the key {name!r} stands here twice, first in line {first.key[0]}"
            self._complain(place, "PS009", message, "keep one of them")
            return None
        return name, place

    def _complex_key(self, frame: _Frame, node: Node, *, flow: bool) -> None:
        line, column = frame.node.place
        if frame.flow and flow and node.place == (line, column + 1):
            from perfspec.spec.mistakes import quote_template  # noqa: PLC0415  (on the error path)

            self._lines = self._lines or self._text.splitlines()
            hint = quote_template(self._lines, (line, column))
            self._complain((line, column), "PS011", "a template stands in quotes", hint)
            frame.node.data = REFUSED
            return
        hint = "text with { } [ ] stands in quotes"
        self._complain(node.place, "PS010", "a key is text, not a list, mapping or alias", hint)
