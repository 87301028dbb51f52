"""All names of a file, those in refused parts too: a mistake in one place is none in another."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from perfspec.spec.channel import CHANNEL_KEYS, Message
from perfspec.spec.model import Spec
from perfspec.spec.persona import CHANNEL_WORDS, OPTION_WORDS, STEP_WORDS
from perfspec.spec.request import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.base import Strict
    from perfspec.spec.tree import Node

NAMESPACES = ("user", "environment")
STEP_LISTS = ("on_start", "journey", "on_stop")
_NO_ENDPOINT = frozenset({*STEP_WORDS, *OPTION_WORDS, "steps", "slo"})
_SOURCES = ("json", "jsonl", "csv", "generate", "files")
KINDS = {  # what a name may be of: the code of one that is not, and the section that it stands in
    "endpoint": ("PS201", "endpoints"),
    "connection": ("PS201", "endpoints"),
    "message": ("PS201", "endpoints"),
    "data source": ("PS202", "data"),
    "persona": ("PS203", "personas"),
    "test": ("PS204", "tests"),
    "environment": ("PS205", "environments"),
    "endpoint with the tag": ("PS207", "endpoints"),
    "class of files": ("PS207", "data"),
}


@dataclass
class Names:
    """Names by kind; ``captures`` are those of each endpoint, its poll included.

    ``lost`` are the kinds of which the file may hold more than can be read, ``open`` says the same
    of variables: refused parts may bring some, and so may Python.
    """

    known: dict[str, set[str]]
    files: set[str] = field(default_factory=set)  # data sources with files
    rows: set[str] = field(default_factory=set)  # data sources with rows
    columns: dict[str, set[str]] = field(default_factory=dict)  # of generated data
    captures: dict[str, set[str]] = field(default_factory=dict)
    set_here: set[str] = field(default_factory=set)  # by `set` or `receive`, in any step
    lost: set[str] = field(default_factory=set)
    open: bool = False

    @classmethod
    def of(cls, root: Node) -> Names:
        names = cls({kind: set(_keys(root, section)) for kind, (_, section) in KINDS.items()})
        for kind in ("connection", "message", "endpoint with the tag", "class of files"):
            names.known[kind] = set()
        names._find_lost(root)
        for name, source in _items(root, "data"):
            names._add_data(name, source)
        for name, endpoint in _items(root, "endpoints"):
            names._add_endpoint(name, endpoint)
        for step in all_steps(root):
            names.set_here |= set(_keys(step, "set"))
            if step.child("receive") is not None:
                names.set_here |= set(_keys(step, "capture"))
            for options in step.below():
                names.set_here |= set(_keys(options, "set"))
            names.open = names.open or step.child("call") is not None
        return names

    def _find_lost(self, root: Node) -> None:
        for kind, (_, section) in KINDS.items():
            node = root.child(section)
            if node is None and section == "data" and not _misspelt(root, "data", Spec):
                continue
            if not _is_mapping(node):
                self.lost.add(kind)
        self.open = "endpoint" in self.lost

    def _add_data(self, name: str, source: Node) -> None:
        files, generate = source.child("files"), source.child("generate")
        if files is not None or not any(source.child(key) for key in _SOURCES):
            self.files.add(name)
        if files is None:
            self.rows.add(name)
        if _is_mapping(files):
            self.known["class of files"] |= set(_keys(source, "files"))
        elif name in self.files:
            self.lost.add("class of files")
        if _is_mapping(generate):
            self.columns[name] = set(_keys(source, "generate"))

    def _add_endpoint(self, name: str, endpoint: Node) -> None:
        poll = endpoint.child("poll")
        self.captures[name] = {*_keys(endpoint, "capture"), *_keys(poll, "capture")}
        if any(endpoint.child(key) is not None for key in CHANNEL_KEYS):
            self.known["connection"].add(name)
        for message, each in _items(endpoint, "messages"):
            full = f"{name}.{message}"
            self.known["message"].add(full)
            self.known["endpoint"].add(full)
            self.captures[full] = set(_keys(each, "capture"))
            self._add_tags(each, Message)
        written = (endpoint.child("capture"), endpoint.find(("poll", "capture")))
        unread = not all(_is_mapping(each) for each in written if each is not None)
        if unread or not _is_mapping(endpoint) or _misspelt(endpoint, "capture", Endpoint):
            self.open = True
        self._add_tags(endpoint, Endpoint)

    def _add_tags(self, endpoint: Node, model: type[Strict]) -> None:
        tags = endpoint.child("tags")
        read = [tag.data for tag in tags.below()] if tags is not None else []
        self.known["endpoint with the tag"] |= {tag for tag in read if isinstance(tag, str)}
        unread = tags is not None and not all(isinstance(tag, str) for tag in read or [None])
        if unread or not _is_mapping(endpoint) or _misspelt(endpoint, "tags", model):
            self.lost.add("endpoint with the tag")

    @cached_property
    def variables(self) -> set[str]:
        """All that a step may capture or set."""
        return self.set_here.union(*self.captures.values())

    @cached_property
    def scope(self) -> set[str]:
        """All names that a template may begin with."""
        return {*NAMESPACES, *self.rows, *self.variables}

    def capturing(self, variable: str) -> list[str]:
        """Endpoints that capture a variable."""
        return self._capturing.get(variable, [])

    @cached_property
    def _capturing(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, captures in self.captures.items():
            for variable in captures:
                found.setdefault(variable, []).append(name)
        return found


def all_steps(root: Node) -> Iterator[Node]:
    """Every step of every persona, those of groups included."""
    for _, persona in _items(root, "personas"):
        for key in STEP_LISTS:
            yield from _nested(persona.child(key))


def _nested(steps: Node | None) -> Iterator[Node]:
    for step in steps.below() if steps is not None else ():
        yield step
        yield from _nested(step.child("steps"))


def endpoints_of_step(step: Node) -> list[str]:
    """Endpoints that a step as written may call, without those of the steps inside it."""
    if isinstance(step.data, str):
        return [step.data]
    mixed = _keys(step, "mix")
    if mixed or any(step.child(word) is not None for word in CHANNEL_WORDS):
        return mixed
    return [key for key in step.names() if key not in _NO_ENDPOINT]


def _misspelt(node: Node, key: str, model: type[Strict]) -> bool:
    """Whether an unknown key may have been meant for one that is not there."""
    known = {name.rstrip("_") for name in model.model_fields}
    missing = node.child(key) is None
    return missing and any(each[:1] == key[:1] and each not in known for each in node.names())


def _is_mapping(node: Node | None) -> bool:
    return node is not None and isinstance(node.children, dict)


def _items(node: Node | None, key: str) -> Iterator[tuple[str, Node]]:
    child = node.child(key) if node is not None else None
    if child is not None and isinstance(child.children, dict):
        yield from child.children.items()


def _keys(node: Node | None, key: str) -> list[str]:
    return [name for name, _ in _items(node, key)]
