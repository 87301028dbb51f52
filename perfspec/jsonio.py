"""The JSON files between the stages: written whole or not at all, read strictly."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from perfspec.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


class _Custom(Protocol):
    """A type of ours that msgspec does not know writes and reads itself."""

    def to_json(self) -> object: ...


def _encode(value: _Custom) -> object:
    return value.to_json()


def _decode(kind: Any, value: object) -> object:  # noqa: ANN401  (msgspec's signature)
    return kind.from_json(value)


def encode(value: object) -> bytes:
    """One line of JSON; numbers that JSON cannot hold (NaN, infinity) become null."""
    return msgspec.json.encode(value, enc_hook=_encode)


def decode(content: bytes | str, kind: type[T]) -> T:
    """Inverse of ``encode``; raises msgspec.MsgspecError for anything but a ``kind``."""
    return msgspec.json.decode(content, type=kind, dec_hook=_decode)


def write_json(path: Path, value: msgspec.Struct) -> None:
    """Replace ``path`` in one step; a reader never sees half a file.

    Raises OSError (disk full, no permission) and then leaves the old file as it was.
    """
    write_bytes(path, msgspec.json.format(encode(value), indent=1) + b"\n")


def write_bytes(path: Path, content: bytes) -> None:
    """Like ``write_json`` for ready bytes."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)  # noqa: PTH101  (mkstemp gives 600; reports are for everybody)
        os.replace(temporary, path)  # noqa: PTH105  (a str from mkstemp)
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108
        raise


def read_json(path: Path, kind: type[T]) -> T:
    """Read a file that an earlier stage wrote.

    Raises UsageError when it is missing, is no JSON, or is of another version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path}: {error.strerror or error}; is this a run folder?"
        raise UsageError(msg) from None
    try:
        return decode(content, kind)
    except msgspec.MsgspecError as error:
        msg = f"{path}: not a {kind.__name__} of this version of perfspec: {error}"
        raise UsageError(msg) from None
