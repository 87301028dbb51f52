"""From characters to tokens, one at a time: what follows a template's ``}}`` is never looked at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.expr.errors import ExpressionError
from perfspec.expr.nodes import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(
    r"""
    (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?!\w))
  | (?P<name>[^\W\d]\w*)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<variable>\$\{)
  | (?P<operator>&&|\|\||==|!=|<=|>=|//|\*\*|[-+*/%<>!|.,:()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_REFERENCE: Final = re.compile(r"\$\$?\{")
_SPACE: Final = re.compile(r"\s*")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.?))", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_STRANGE: Final = {
    "=": "compare with ==",
    "?": "a choice is written: yes if condition else no",
    "&": "both of two is && or and",
    "^": "there is no power",
    "`": "text stands in double or single quotes",
    '"': 'the closing " is missing',
    "'": "the closing ' is missing",
    "$": "a variable of the environment is ${NAME}; names are written without $",
    "#": "there are no comments",
    ";": "an expression is one value",
}


class Token(msgspec.Struct, frozen=True):
    """``kind`` is number, name, text, variable, operator or end; ``text`` as it is written."""

    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)


def read_token(source: str, start: int) -> Token:
    """The token at or after ``start``; kind ``end`` after the last character."""
    at = _skip_space(source, start)
    if at == len(source):
        return Token("end", "", at)
    match = _TOKEN.match(source, at)
    if match is None:
        raise _unreadable(source, at)
    found = match.lastgroup or ""
    end = read_variable(source, at).end if found == "variable" else match.end()
    return Token(found, source[at:end], at)


def read_variable(source: str, at: int) -> Variable:
    """The ``${NAME}`` at ``at``; raises ExpressionError when it is malformed."""
    match = _VARIABLE.match(source, at)
    if match is None:
        msg = "${ begins a variable of the environment, and this is none"
        hint = "${NAME} or ${NAME:-default}; $${ is literal"
        if source.startswith("${{", at):
            hint = 'a hole is {{ … }}; a literal $ before it is {{ "$" }}'
        raise ExpressionError(msg, offset=at, hint=hint)
    return Variable(match[1], match[2], at, match.end())


def split_variables(source: str, start: int, end: int) -> Iterator[tuple[int, str | Variable]]:
    """Offset and content of the literal runs and variables in ``source[start:end]``, in order.

    ``$${`` is a literal ``${``. Raises ExpressionError for a malformed variable.
    """
    done = start
    while match := _REFERENCE.search(source, done, end):
        if match.start() > done:
            yield done, source[done : match.start()]
        if match[0] == "$${":
            yield match.start(), "${"
            done = match.end()
        else:
            variable = read_variable(source, match.start())
            yield match.start(), variable
            done = variable.end
    if done < end:
        yield done, source[done:end]


def unescape(text: str, at: int) -> str:
    """Quoted text without its backslashes; ``at`` is the offset of its first character."""

    def character(match: re.Match[str]) -> str:
        if match[1] and not 0xD800 <= (code := int(match[1], 16)) <= 0xDFFF:
            return chr(code)
        if match[2] in _ESCAPES:
            return _ESCAPES[match[2]]
        msg = f"{match[0]} is no escape that is known here"
        hint = r"\n \t \r \\ \" \' and \u00e9; a backslash itself is \\"
        raise ExpressionError(msg, offset=at + match.start(), hint=hint)

    return _ESCAPE.sub(character, text) if "\\" in text else text


def _skip_space(source: str, start: int) -> int:
    match = _SPACE.match(source, start)
    return match.end() if match else start


def _unreadable(source: str, at: int) -> ExpressionError:
    character = source[at]
    if character.isdigit():
        word = re.match(r"\w+", source[at:])
        msg = f"{word[0] if word else character} is neither a number nor a name"
        return ExpressionError(msg, offset=at, hint="names begin with a letter")
    hint = _STRANGE.get(character)
    return ExpressionError(f"unexpected {character!r}", offset=at, hint=hint)
