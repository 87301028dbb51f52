from __future__ import annotations

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from perfspec.report.escape import LONGEST, code_cell, markdown, one_line
from tests.results import HOSTILE

ANY = st.text(max_size=80) | st.text(alphabet="`|\\*_<>[]()#@&!~$-+=.:/1a w\n", max_size=30)
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(ANY)
@example(HOSTILE)
def test_a_line_is_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert line == line.strip()
    assert "  " not in line
    assert len(line) <= LONGEST


def test_long_text_is_cut_and_says_so() -> None:
    assert one_line("x" * 301) == "x" * 297 + "..."
    assert one_line("x" * 300) == "x" * 300
    assert one_line("abc def", 6) == "abc..."


def test_terminal_commands_and_direction_marks_become_visible() -> None:
    assert one_line("a\x1b[31mb\u202ec\x00") == "a\ufffd[31mb\ufffdc\ufffd"
    assert one_line("a\r\n\t b\u2028c") == "a b c"


@given(ANY)
@example(HOSTILE)
@example("1. x")
@example("- x")
@example("<https://evil>")
@example("![a](b)")
def test_prose_shows_as_it_is_written(text: str) -> None:
    rendered = GITHUB.render(f"- {markdown(text)}")
    inner = re.sub(r"</?(ul|li|p)>", "", rendered)
    assert "<" not in inner
    assert unescape(inner).strip().replace("\u200b", "") == one_line(text).replace("\u200b", "")


@given(ANY)
@example(HOSTILE)
def test_a_code_cell_is_one_cell_of_code(text: str) -> None:
    rendered = GITHUB.render(f"| a | b |\n| --- | --- |\n| {code_cell(text)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", rendered, flags=re.DOTALL)
    assert len(cells) == 2
    assert cells[1] == "end"
    shown = re.sub(r"^<code>|</code>$", "", cells[0])
    assert "<" not in shown
    assert unescape(shown).strip() == one_line(text).strip()


def test_mentions_and_references_are_broken() -> None:
    assert markdown("@team #12 www.evil.com") == "\\@\u200bteam \\#\u200b12 www\\.evil.com"


def test_no_text_is_an_empty_cell() -> None:
    assert code_cell("") == code_cell("\n") == ""
