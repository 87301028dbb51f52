"""Masking secrets: no value of one reaches a file or a terminal, however it is written there."""

from __future__ import annotations

import base64
import json
import re
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MASK: Final = "***"
MANY: Final = 200
SHORTEST: Final = 4  # a shorter value occurs everywhere: masking it would leave nothing to read

_HEADER: Final = re.compile(
    r"""
    \b(?:proxy-authorization|authorization|set-cookie|cookie)
    (?:\\*["']?[ \t]*[:=]|\\*["'][ \t]*,)[ \t]*           # of a header line, a mapping or a pair
    (?P<value>b?"(?:[^"\\\r\n]|\\.)*"|b?'(?:[^'\\\r\n]|\\.)*'|\[[^\]]*\]|[^\r\n]+)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BEARER: Final = re.compile(r"\b(bearer(?:[ \t]+|%20|\+))[\w.~+/%-]+=*", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")  # a JSON Web Token
_PASSWORD_IN_URL: Final = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")


class Redactor:
    """Masks the values that it was given, and what stands in headers with credentials.

    ``add`` may be called while other threads use it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: dict[str, tuple[str, ...]] = {}  # by their first characters, longest first
        self._longest = 0
        self._lock = Lock()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these values too, from now on; those below four characters are left out."""
        with self._lock:
            forms = {start: set(known) for start, known in self._forms.items()}
            for form in {form for secret in secrets for form in _forms(secret)}:
                forms.setdefault(form[:SHORTEST], set()).add(form)
                self._longest = max(self._longest, len(form))
            self._forms = {
                start: tuple(sorted(known, key=len, reverse=True)) for start, known in forms.items()
            }

    def text(self, text: str) -> str:
        """The text with every secret replaced by ``***``."""
        return _mask_credentials(self._mask_values(text))

    def cut(self, text: str) -> str:
        """Like ``text`` where the end is missing: what stands there may begin a secret."""
        for at in range(max(0, len(text) - self._longest), len(text) - SHORTEST + 1):
            rest = text[at:]
            if any(form.startswith(rest) for form in self._forms.get(rest[:SHORTEST], ())):
                return self.text(text[:at]) + MASK
        return self.text(text)

    def _mask_values(self, text: str) -> str:
        pieces: list[str] = []
        done = 0
        for start, end in self._spans(text):
            pieces += [text[done:start], MASK]
            done = end
        return "".join([*pieces, text[done:]])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where values stand, in order; those that touch or overlap are one."""
        forms = self._forms
        start = end = 0
        if not forms:
            return
        for at in _places(text, forms):
            for form in forms[text[at : at + SHORTEST]]:
                if text.startswith(form, at):
                    if at > end:
                        if end:
                            yield start, end
                        start = at
                    end = max(end, at + len(form))
                    break
        if end:
            yield start, end


def _places(text: str, starts: Mapping[str, object]) -> list[int]:
    """Where one of ``starts`` stands, in order: for a few by search, for many in one pass."""
    if len(starts) > MANY:
        last = len(text) - SHORTEST + 1
        return [at for at in range(last) if text[at : at + SHORTEST] in starts]
    found: list[int] = []
    for start in starts:
        at = text.find(start)
        while at >= 0:
            found.append(at)
            at = text.find(start, at + 1)
    return sorted(found)


def secret_values(
    names: Iterable[str],
    variables: Mapping[str, str],
    rows: Mapping[str, Iterable[Mapping[str, object]]],
) -> set[str]:
    """Values of environment variables (``NAME``) and of data columns (``source.column``).

    A variable that is not set, a source that is not in ``rows`` and a row without the column have
    no value. Of a mapping or list, each leaf counts; a number counts as it is written.
    """
    found: set[str] = set()
    for name in names:
        source, dot, column = name.partition(".")
        if not dot:
            found |= {variables[name]} if name in variables else set()
        else:
            found |= {leaf for row in rows.get(source, ()) for leaf in _leaves(row.get(column))}
    return found


def _leaves(value: object) -> Iterator[str]:
    match value:
        case None | bool():
            return
        case dict():
            for each in value.values():
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case _:
            yield str(value)


def _forms(secret: str) -> Iterator[str]:
    """Every way in which a value is written: as it is, line by line, escaped, encoded."""
    for value in {secret, secret.strip(), *map(str.strip, secret.splitlines())}:
        if len(value) >= SHORTEST:
            yield from (form for form in _written(value) if len(form) >= SHORTEST)


def _written(value: str) -> Iterator[str]:
    content = value.encode("utf-8", "surrogateescape")
    for text in {value, content.decode("latin-1")}:  # as servers read the bytes of a header
        yield text
        for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            yield from (escaped, escaped.replace("/", r"\/"))
        yield from (repr(text)[1:-1], repr(f"'\"{text}")[4:-1])  # Python's own, in both quotes
    for encoded in (quote(content, safe=""), quote(content), quote_plus(content)):
        yield from (encoded, re.sub("%..", lambda match: match[0].lower(), encoded))
    for text in _base64(content):
        yield from (text, text.replace("+", "-").replace("/", "_"))


def _base64(content: bytes) -> Iterator[str]:
    """Alone, and inside a longer text (``user:password``), where it may begin at any of 3 offsets.

    There the first and the last character also depend on the neighbours, so they are left out.
    """
    whole = base64.b64encode(content).decode()
    yield from (whole, whole.rstrip("="))
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + content).decode()
        first, last = -(-offset * 8 // 6), (offset + len(content)) * 8 // 6
        if last - first >= 2 * SHORTEST:
            yield text[first:last]


def _mask_credentials(text: str) -> str:
    lowered = text.lower()
    if "authorization" in lowered or "cookie" in lowered:
        text = _HEADER.sub(_mask_header, text)
    if "bearer" in lowered:
        text = _BEARER.sub(rf"\1{MASK}", text)
    if "eyJ" in text:
        text = _TOKEN.sub(MASK, text)
    return _PASSWORD_IN_URL.sub(rf"\1{MASK}@", text) if "://" in text else text


def _mask_header(match: re.Match[str]) -> str:
    """Quotes and brackets stay, so that JSON stays JSON."""
    value = match["value"]
    start = re.match(r"b?[\"']|\[|", value)
    opening = start[0] if start else ""
    closing = value[-1] if opening else ""
    name = match[0][: match.start("value") - match.start()]
    inside = f'"{MASK}"' if opening == "[" else MASK
    return f"{name}{opening}{inside}{closing}"
