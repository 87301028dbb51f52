"""``--env-file``: environment variables from a file, for those that are not set already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from perfspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")


def env_file_option(command: Command) -> Command:
    """Takes effect before any other option is read; the command itself is not told."""
    return click.option(
        "--env-file",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Variables as NAME=value lines; those that are set already stay (repeatable).",
        callback=_load,
        expose_value=False,
        is_eager=True,
    )(command)


def read_env_file(path: Path) -> dict[str, str]:
    """Variables of a file in the form of python-dotenv, in which ``${NAME}`` stays as it is.

    Raises UsageError, with its line, for what is none.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415  (only where there is a file)

    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except OSError as error:
        msg = f"--env-file {path} cannot be read: {error.strerror or error}"
        raise UsageError(msg) from None
    except UnicodeDecodeError:
        msg = f"--env-file {path} cannot be read: it is no text in UTF-8"
        raise UsageError(msg) from None
    found: dict[str, str] = {}
    for each in bindings:
        if each.error or (each.key is not None and each.value is None):
            blank = len(each.original.string) - len(each.original.string.lstrip("\n"))
            msg = f"{path}:{each.original.line + blank}: this is no variable: write NAME=value"
            raise UsageError(msg)
        if each.key is not None and each.value is not None:
            found[each.key] = each.value
    return found


def _load(_context: click.Context, _option: click.Parameter, files: tuple[Path, ...]) -> None:
    """What stands later wins over what stands earlier, and the environment over all of them."""
    read: dict[str, str] = {}
    for file in files:
        read |= read_env_file(file)
    for name, value in read.items():
        os.environ.setdefault(name, value)
