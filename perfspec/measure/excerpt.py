"""What a result keeps of an answer: a few words that people can read in one line."""

from __future__ import annotations

MOST = 200  # characters


def first_words(text: str) -> str | None:
    """At most ``MOST`` characters in one line, control characters escaped; None without any."""
    line = "".join(
        each if each.isprintable() else _escaped(each) for each in " ".join(text.split())
    )
    return (line if len(line) <= MOST else line[: MOST - 1] + "…") or None


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
