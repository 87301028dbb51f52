"""Workflow commands: lines of a job log that GitHub shows at a line of a file."""

from __future__ import annotations

from typing import Literal

Level = Literal["error", "warning", "notice"]


def workflow_command(
    level: Level, message: str, *, file: str, line: int, column: int, title: str
) -> str:
    """No text can begin a command of its own.

    Source: GitHub's documentation of workflow commands, and ``@actions/core`` for the escapes.
    """
    place = f"file={_property(file)},line={line},col={column},title={_property(title)}"
    return f"::{level} {place}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
