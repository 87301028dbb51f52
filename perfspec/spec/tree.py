"""A parsed file as a tree: every value with its plain data and the place that it stands at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
Place = tuple[int, int]  # line and column from 1


class _Refused:
    """Stands in the data for a value that the loader has complained of already."""

    def __repr__(self) -> str:
        return "REFUSED"


REFUSED: Final = _Refused()


class Node:
    """One value. ``key`` is where its key stands; ``size`` counts it and all values below.

    ``children`` is a dict for a mapping, a list for a list and None for a scalar; ``data`` holds
    the same as plain Python. ``style`` is the quote of a scalar, ``|`` or ``>``, empty when plain.
    """

    __slots__ = ("children", "column", "data", "key", "line", "size", "style")

    def __init__(self, line: int, column: int, data: Any, style: str = "") -> None:  # noqa: ANN401
        self.line = line
        self.column = column
        self.data = data
        self.style = style
        self.children: dict[str, Node] | list[Node] | None = None
        self.key: Place | None = None
        self.size = 1

    @property
    def place(self) -> Place:
        return self.line, self.column

    @property
    def refused(self) -> bool:
        return self.data is REFUSED

    def alias(self, line: int, column: int) -> Node:
        """The same value at another place; what is below stays where it is written."""
        twin = Node(line, column, self.data, "*")
        twin.children = self.children
        twin.size = self.size
        return twin

    def child(self, part: str | int) -> Node | None:
        match self.children:
            case dict() if isinstance(part, str):
                return self.children.get(part)
            case list() if isinstance(part, int) and 0 <= part < len(self.children):
                return self.children[part]
            case _:
                return None

    def find(self, path: Path) -> Node | None:
        """The value at ``path``, None when it is not in the file."""
        node: Node | None = self
        for part in path:
            node = node.child(part) if node is not None else None
        return node

    def nearest(self, path: Path) -> tuple[Path, Node]:
        """The deepest value on the way to ``path`` that is in the file, with its own path.

        Parts that are no key or index here are skipped: pydantic writes the names of validators
        and of a union's members between the real ones.
        """
        node: Node = self
        found: Path = ()
        for part in path:
            child = node.child(part)
            if child is not None:
                node, found = child, (*found, part)
        return found, node

    def names(self) -> list[str]:
        """Keys of a mapping, nothing for other values."""
        return list(self.children) if isinstance(self.children, dict) else []

    def parts(self) -> Iterator[tuple[str | int, Node]]:
        """What is directly below, with its keys or indexes."""
        match self.children:
            case dict():
                yield from self.children.items()
            case list():
                yield from enumerate(self.children)
            case None:
                return

    def below(self) -> Iterator[Node]:
        """What is directly below."""
        for _, child in self.parts():
            yield child
