"""A cursor over the tokens of one expression that keeps its size within bounds."""

from __future__ import annotations

from typing import Final, TypeVar

from perfspec.expr.errors import ExpressionError
from perfspec.expr.tokens import Token, read_token

MAX_LENGTH: Final = 10_000  # characters of one expression
MAX_NODES: Final = 200
MAX_DEPTH: Final = 32

T = TypeVar("T")
_SMALLER: Final = "compute a part of it with `set` first"


class Reader:
    """Stands on ``token``; every method raises ExpressionError with an offset in ``source``."""

    def __init__(self, source: str, start: int) -> None:
        self.source = source
        self.token = read_token(source, start)
        self._start = start
        self._nodes = 0
        self._depth = 0

    def advance(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        if token.end - self._start > MAX_LENGTH:
            msg = f"the expression is longer than {MAX_LENGTH} characters"
            raise ExpressionError(msg, offset=self._start, hint=_SMALLER)
        self.token = self.following()
        return token

    def following(self) -> Token:
        """The token after the current one."""
        return read_token(self.source, self.token.end)

    def take(self, *texts: str) -> Token | None:
        """Step over the current token if it is one of ``texts``."""
        return self.advance() if self.token.text in texts else None

    def expect(self, text: str, wanted: str = "") -> None:
        if not self.take(text):
            raise self.unexpected(wanted=wanted or repr(text))

    def expect_name(self, wanted: str, hint: str | None = None) -> Token:
        if self.token.kind != "name":
            raise self.unexpected(wanted=wanted, hint=hint)
        return self.advance()

    def unexpected(self, *, wanted: str, hint: str | None = None) -> ExpressionError:
        """The error for the current token where ``wanted`` should stand."""
        token = self.token
        found = "the end" if token.kind == "end" else repr(token.text)
        return ExpressionError(f"expected {wanted}, found {found}", offset=token.at, hint=hint)

    def made(self, node: T) -> T:
        """Count a new part of the tree."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            msg = f"the expression has more than {MAX_NODES} parts"
            raise ExpressionError(msg, offset=self.token.at, hint=_SMALLER)
        return node

    def deeper(self) -> None:
        """Enter a nested part; ``shallower`` leaves it."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            msg = f"the expression is nested more than {MAX_DEPTH} deep"
            raise ExpressionError(msg, offset=self.token.at, hint=_SMALLER)

    def shallower(self) -> None:
        self._depth -= 1
