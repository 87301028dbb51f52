"""From bytes to text that a YAML parser may be given: size, encoding and characters are checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from perfspec.spec.tree import Place

MAX_BYTES: Final = 500_000
MAX_LINES: Final = 20_000
MAX_LINE: Final = 10_000  # characters
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_BOM: Final = b"\xef\xbb\xbf"
_DIRECTIVE: Final = re.compile(r"^%.*", re.MULTILINE)
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_NAMES: Final = {
    0x00: "NUL",
    0x85: "a NEL line break",
    0x2028: "a Unicode line separator",
    0x2029: "a Unicode paragraph separator",
    0xFEFF: "a byte order mark",
}


class SpecSyntaxError(Exception):
    """The file cannot be read any further: code, place, message and hint."""

    def __init__(self, place: Place, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.message = message
        self.hint = hint


def read_text(content: bytes) -> str:
    """The text of a file; raises SpecSyntaxError for what no parser should see."""
    if len(content) > MAX_BYTES:
        message = f"the file has {len(content):,} bytes, more than {MAX_BYTES:,}"
        raise SpecSyntaxError((1, 1), "PS004", message, "keep data in files of its own")
    text = _decode(content)
    odd = [text.index(each) for each in set(text) if _is_odd(each)]
    if odd:
        code = ord(text[min(odd)])
        name = _NAMES.get(code, f"the control character U+{code:04X}")
        hint = "remove it" if code < 0x80 else f'in double quotes it is written "\\u{code:04x}"'
        raise SpecSyntaxError(place_of(text, min(odd)), "PS003", f"{name} is in the file", hint)
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        message = f"the file has {len(lines):,} lines, more than {MAX_LINES:,}"
        raise SpecSyntaxError((1, 1), "PS004", message, "keep data in files of its own")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            message = f"the line has {len(line):,} characters, more than {MAX_LINE:,}"
            raise SpecSyntaxError((number, 1), "PS004", message, "keep data in a file of its own")
    directive = _DIRECTIVE.search(text) if "%" in text else None
    if directive is not None:
        message = f"{directive[0].split()[0]!r} begins a YAML directive, which a spec has none of"
        hint = "remove the line; text that begins with % stands in quotes"
        raise SpecSyntaxError(place_of(text, directive.start()), "PS008", message, hint)
    return text


def place_of(text: str, index: int) -> Place:
    """Line and column of a character."""
    before = _BREAK.split(text[:index])
    return len(before), len(before[-1]) + 1


def _is_odd(character: str) -> bool:
    """What YAML does not allow, and what some programs take for the end of a line."""
    code = ord(character)
    control = (code < 0x20 and character not in "\t\n\r") or 0x7F <= code < 0xA0
    return control or code in _NAMES or code in {0xFFFE, 0xFFFF}


def _decode(content: bytes) -> str:
    if content.startswith(_BOMS):
        raise SpecSyntaxError((1, 1), "PS003", "the file is no UTF-8 text", "save it as UTF-8")
    content = content.removeprefix(_BOM)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = place_of(content[: error.start].decode(), error.start)
        message = f"byte 0x{content[error.start]:02x} is no UTF-8"
        raise SpecSyntaxError(place, "PS003", message, "save the file as UTF-8") from None
