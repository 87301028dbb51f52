"""Foreign text made harmless: what a server answered, or what a spec of a pull request says.

Every reporter takes such text through ``one_line`` first: no control characters (a terminal obeys
them, XML forbids them), no line breaks, no invisible direction marks, a bounded length.
"""

from __future__ import annotations

import re

LONGEST = 300
_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#+!|~&@:$^=]")
_MARKS_AT_START = re.compile(r"^(?=[-.])|^(\d+)(?=[.)])")
_BACKTICKS = re.compile("`+")


def one_line(text: str, longest: int = LONGEST) -> str:
    """Printable characters and single spaces; what is not printable becomes ``\ufffd``."""
    line = " ".join(visible(text).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def visible(text: str) -> str:
    """The text with a space for other white space and ``\ufffd`` for what is not printable."""
    return "".join(
        each if each.isprintable() else " " if each.isspace() else "\ufffd" for each in text
    )


def markdown(text: str) -> str:
    """Prose that GitHub shows as it is: no markup, HTML, link, mention, reference or formula.

    The zero-width space after ``@`` and ``#`` is there because GitHub looks for mentions and
    references in the finished text, where a backslash is gone.
    """
    line = _SPECIAL.sub(lambda found: f"\\{found[0]}", one_line(text))
    line = _MARKS_AT_START.sub(lambda found: f"{found[1] or ''}\\", line)
    line = re.sub(r"\bwww\.", "www\\.", line, flags=re.IGNORECASE)
    return line.replace("\\@", "\\@\u200b").replace("\\#", "\\#\u200b")


def code_cell(text: str, longest: int = LONGEST) -> str:
    """A code span for a cell of a table; empty text gives an empty cell."""
    line = one_line(text, longest).replace("|", "\\|")
    if not line:
        return ""
    fence = "`" * (max(map(len, _BACKTICKS.findall(line)), default=0) + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"
