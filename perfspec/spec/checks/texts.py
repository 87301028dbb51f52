"""Every text of a spec that may hold a template: where it stands, and what it refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.expr.errors import ExpressionError
from perfspec.expr.expression import parse_expression
from perfspec.expr.template import parse_template
from perfspec.spec.checks.walk import path_of, written_steps
from perfspec.spec.persona import ReceiveStep, SetStep, StepOptions
from perfspec.spec.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.expr.expression import Uses
    from perfspec.spec.checks.context import Context
    from perfspec.spec.tree import Path

_BODIES: Final = ("json", "form", "multipart", "cbor", "msgpack", "text", "file")
REQUEST: Final = ("request", "query", "path", "headers", *_BODIES, "websocket", "socketio")
MESSAGE: Final = ("json", "send", "ack")
OWN: Final = frozenset({"seq", "pcm"})
"""Variables that only messages have: how many went before, and a stream's audio."""
ANSWER: Final = (
    ("expect",), ("poll", "request"), ("poll", "headers"), ("poll", "until"), ("poll", "fail_if"),
)  # fmt: skip
_DURATION: Final = re.compile(r"[\d.]+(ms|s|m|h|d).*")
_BRACES: Final = re.compile(r"\{\{(.*)\}\}", re.DOTALL)
_ON_NULL: Final = re.compile(r"\b(?:default|or|if|not|null)\b|[=!]=|\|\||!")
_HOLE: Final = re.compile(r"\{\{\s*[A-Za-z_]")


class Use(NamedTuple):
    """A name that a text begins a reference with: ``user`` and the key after it, if any.

    ``may_be_null`` when the expression around it says what happens then.
    """

    name: str
    key: str | None
    node: Node
    offset: int
    may_be_null: bool


class Texts:
    """Parses each text once, and complains once of what is wrong in it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[tuple[int, int, str], list[Use]] = {}

    @property
    def names(self) -> set[str]:
        """What the texts that were looked at refer to."""
        return {use.name for uses in self._known.values() for use in uses}

    def under(self, path: Path) -> list[Use]:
        """Uses of names in all texts at ``path`` and below, in reading order."""
        node = self._context.tree.find(path)
        return [] if node is None else [use for each in _texts(node) for use in self._uses(each)]

    def expression(self, path: Path) -> list[Use]:
        """Uses of names in an expression without braces."""
        node = self._context.tree.find(path)
        if node is None or not isinstance(node.data, str):
            return []
        braces = _BRACES.fullmatch(node.data.strip())
        if braces is None:
            return self._uses(node, expression=True)
        message = "an expression stands here without braces"
        self._context.findings.error(node.place, "PS320", message, f"write {braces[1].strip()}")
        return []

    def of_request(self, endpoint: str) -> list[Use]:
        """What must be there before an endpoint is called."""
        path = path_of(endpoint)
        if "." in endpoint:
            found = [use for key in MESSAGE for use in self.under((*path, key))]
            return [use for use in found if use.name not in OWN]
        return [use for key in REQUEST for use in self.under((*path, key))]

    def of_answer(self, endpoint: str) -> list[Use]:
        """What must be there once it has answered: its own captures are."""
        found = [use for path in ANSWER for use in self.under((*path_of(endpoint), *path))]
        return found if "." not in endpoint else [use for use in found if use.name not in OWN]

    def of_auth(self, persona: str) -> list[Use]:
        """What the credentials of a persona are made of; the persona is the one that wrote them."""
        path: Path = ("personas", persona, "auth")
        expires = self._context.tree.find((*path, "expires_in"))
        uses = [use for key in ("bearer", "basic", "header") for use in self.under((*path, key))]
        if expires is None or _DURATION.fullmatch(str(expires.data)):
            return uses
        return uses + self.expression((*path, "expires_in"))

    def of_steps(self) -> list[Use]:
        """Conditions and variables of all steps."""
        found: list[Use] = []
        for path, step in written_steps(self._context.spec):
            if isinstance(step, SetStep):
                found += self.under((*path, "set"))
            if isinstance(step, ReceiveStep):
                found += self.under((*path, "until"))
            options = [path] if isinstance(step, StepOptions) else []
            for at in options or (
                [(*path, name) for name in step] if isinstance(step, dict) else []
            ):
                found += self.expression((*at, "only_if")) + self.under((*at, "set"))
        return found

    def _uses(self, node: Node, *, expression: bool = False) -> list[Use]:
        known = (*node.place, node.data)
        if known not in self._known:
            self._known[known] = self._parsed(node, expression=expression)
        return self._known[known]

    def _parsed(self, node: Node, *, expression: bool) -> list[Use]:
        parsed: Uses
        try:
            parsed = parse_expression(node.data) if expression else parse_template(node.data)
        except ExpressionError as error:
            place = self._context.inside(node, error.offset)
            self._context.findings.error(place, "PS320", str(error), error.hint)
            return []
        return [
            Use(
                name=each.path[0],
                key=each.path[1] if len(each.path) > 1 else None,
                node=node,
                offset=each.at,
                may_be_null=expression or _expects_null(node.data, each.at),
            )
            for each in parsed.references
        ]


def _expects_null(text: str, at: int) -> bool:
    """Whether the hole around ``at`` has a default or a condition."""
    begin, end = text.rfind("{{", 0, at + 1), text.find("}}", at)
    return _ON_NULL.search(text, max(begin, 0), end if end >= 0 else len(text)) is not None


def _texts(node: Node, key: str = "") -> Iterator[Node]:
    """Texts with something to put in, keys of bodies too."""
    if node.children is None:
        text = node.data if isinstance(node.data, str) else ""
        expression = key == "matches" and not _HOLE.search(text)  # its braces are its own
        if ("{{" in text or "${" in text) and not expression:
            yield node
        return
    for part, child in node.parts():
        if isinstance(part, str) and "{{" in part and child.key is not None:
            yield Node(*child.key, part)
        yield from _texts(child, str(part))
