"""Text that YAML cannot read, in the words of a spec, with the corrected line where it is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perfspec.spec.source import SpecSyntaxError

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

    from perfspec.spec.tree import Place

_KEY: Final = r"""[\w$.@\[\]*-]+|"[^"]*"|'[^']*'"""
_BEFORE: Final = re.compile(rf"(?:({_KEY})\s*:|(-))\s*$")
_TEMPLATE: Final = re.compile(r"[^\s,{}\[\]]*\{\{.*?\}\}(?:[^\s,}\]#]|\{\{.*?\}\})*")
_ENDS: Final = frozenset(" \t,{}[]")
_SQUEEZED: Final = re.compile(r"^\s*(?:- )?([A-Za-z_$][\w.$]*):([^\s:/].*)$")
_KEY_AND_VALUE: Final = re.compile(rf"\s*(?:- )*({_KEY})\s*:\s+\S")
_SIGN: Final = re.compile(r"[<>]=?\s*([^\s,}#]+)")


def explain_syntax(text: str, error: MarkedYAMLError) -> SpecSyntaxError:
    """What ruamel found in ``text``, as a mistake with its place, message and next step."""
    mark = error.problem_mark or error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    lines = text.splitlines()
    opened = error.context_mark
    begin = place if opened is None else (opened.line + 1, opened.column + 1)
    problem = str(error.problem or error.context or "")
    return (
        _template(lines, place)
        or _tab(lines, place)
        or _sign(lines, begin)
        or _missing_space(lines, place, begin)
        or _second_colon(lines, place, problem)
        or _known(problem, place, begin)
        or SpecSyntaxError(place, "PS001", f"this is no YAML: {problem}")
    )


def quote_template(lines: list[str], place: Place) -> str:
    """The corrected line for a template that stands at ``place`` without quotes."""
    line = _line(lines, place[0])
    found = _TEMPLATE.match(line, place[1] - 1)
    value = found[0] if found else line[place[1] - 1 :].strip()
    quote = "'" if '"' in value else '"'
    key = _key_before(line, place[1] - 1)
    return f"write {key} {quote}{value}{quote}" if key else f"write {quote}{value}{quote}"


def missing_space(key: str) -> str | None:
    """The corrected line for a key such as ``p95:300ms``; None if it is none of these."""
    found = _SQUEEZED.match(key)
    return f"write {found[1]}: {found[2].strip()}" if found else None


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _template(lines: list[str], place: Place) -> SpecSyntaxError | None:
    line = _line(lines, place[0])
    begin = line.find("{{")
    while begin >= 0:
        while begin > 0 and line[begin - 1] not in _ENDS:
            begin -= 1
        before = line[:begin]
        quoted = before.count('"') % 2 or before.count("'") % 2
        if begin < place[1] + 2 and not quoted:
            where = (place[0], begin + 1)
            hint = quote_template(lines, where)
            return SpecSyntaxError(where, "PS011", "a template stands in quotes", hint)
        begin = line.find("{{", max(begin, line.find("}}", begin)) + 1)
    return None


def _tab(lines: list[str], place: Place) -> SpecSyntaxError | None:
    line = _line(lines, place[0])
    if "\t" not in line[: max(place[1], len(line) - len(line.lstrip()))]:
        return None
    where = (place[0], line.index("\t") + 1)
    return SpecSyntaxError(where, "PS013", "a tab indents this line", "indent with spaces")


def _sign(lines: list[str], begin: Place) -> SpecSyntaxError | None:
    """``availability: > 99%``: in YAML, > begins a folded text."""
    line, at = _line(lines, begin[0]), begin[1] - 1
    key, value = _key_before(line, at), _SIGN.match(line, at)
    if not key or value is None:
        return None
    hint = f"write {key} {value[1]}"
    return SpecSyntaxError(begin, "PS001", "a limit is written without a sign", hint)


def _key_before(line: str, at: int) -> str:
    """``key:`` or ``-`` before a place in a line, empty if neither."""
    found = _BEFORE.search(line[max(0, at - 100) : at])
    if found is None:
        return ""
    return f"{found[1]}:" if found[1] else "-"


def _missing_space(lines: list[str], place: Place, begin: Place) -> SpecSyntaxError | None:
    for number in (begin[0], place[0], place[0] - 1):
        line = _line(lines, number)
        hint = missing_space(line)
        if hint is not None:
            where = (number, len(line) - len(line.lstrip(" -")) + 1)
            message = "a space is missing after the colon"
            return SpecSyntaxError(where, "PS012", message, hint)
    return None


def _second_colon(lines: list[str], place: Place, problem: str) -> SpecSyntaxError | None:
    """``say: Error: too slow``."""
    found = _KEY_AND_VALUE.match(_line(lines, place[0])[: place[1]])
    if found is None or not problem.startswith("mapping values"):
        return None
    hint = f'text with a colon stands in quotes: write {found[1]}: "…"'
    return SpecSyntaxError(place, "PS001", "a second colon in a value", hint)


_PROBLEMS: Final[tuple[tuple[str, bool, str, str], ...]] = (
    # what ruamel says, whether to show where the construct began, message, hint
    ("mapping values are not allowed here", False, "this line is not in the column of its mapping",
     "keys of one mapping stand in one column"),
    ("sequence entries are not allowed here", False, "a list cannot begin here",
     "put each entry on a line of its own, or write [a, b]"),
    ("could not find expected ':'", True, "a colon is missing after this key", "write key: value"),
    ("unexpected end of stream", True, "the quote that opens here is never closed",
     "close it with the same quote"),
    ("but found '<stream end>'", False, "the file ends too early", "is a bracket never closed?"),
    ("but got '<stream end>'", True, "the bracket that opens here is never closed", "close it"),
    ("but got ':'", True, "the bracket that opens here is not closed before the next key",
     "close it"),
    ("but got", False, "a character that ends the value in { } and [ ]",
     "values with { } [ ] or , inside { … } and [ … ] stand in quotes"),
    ("unknown escape character", False, "no such escape in double quotes",
     "in single quotes a backslash is a backslash"),
    ("chomping or indentation indicators", True, "| and > begin a text of several lines",
     "put the text into quotes, or onto the lines below"),
    ("expected a comment or a line break", True, "| and > begin a text of several lines",
     "put the text into quotes, or onto the lines below"),
    ("cannot start any token", False, "a text cannot begin with this character",
     "put it into quotes"),
    ("expected alphabetic or numeric character", True, "* and & begin an alias and an anchor",
     "text that begins with one of them stands in quotes"),
    ("but found '<block mapping start>'", False, "this line is not in the column of its mapping",
     "keys of one mapping stand in one column"),
    ("but found '?'", False, "a key among the entries of a list",
     "entries begin with -, keys of one mapping stand in one column"),
    ("expected '<document start>'", False, "this line is not in the column of the first key",
     "keys of one mapping stand in one column"),
    ("but found '-'", False, "a list entry among the keys of a mapping",
     "entries begin with -, keys of one mapping stand in one column"),
    ("but found '<block sequence start>'", False, "a list entry among the keys of a mapping",
     "entries begin with -, keys of one mapping stand in one column"),
    ("but found '<scalar>'", False, "something follows the end of a value",
     "a text that holds quotes is quoted as a whole"),
    ("but found ']'", False, "a bracket closes that was never opened", "remove it"),
    ("but found '}'", False, "a bracket closes that was never opened", "remove it"),
    ("but found ','", False, "a comma outside of { } and [ ]", "text with a comma may need quotes"),
)  # fmt: skip


def _known(problem: str, place: Place, begin: Place) -> SpecSyntaxError | None:
    for words, at_begin, message, hint in _PROBLEMS:
        if words in problem:
            return SpecSyntaxError(begin if at_begin else place, "PS001", message, hint)
    return None
