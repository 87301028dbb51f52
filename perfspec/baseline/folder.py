"""``dir:PATH``: records as files in a folder. Every name is written once, so writers never meet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from perfspec import jsonio
from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FolderStore:
    """A folder, made when the first record comes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return f"folder {self.path}"

    def names(self) -> tuple[str, ...]:
        def unlisted(error: OSError) -> None:  # an empty baseline would be taken for a new one
            if not isinstance(error, FileNotFoundError):
                raise self._unreadable(error) from None

        found = [
            Path(folder, name).relative_to(self.path).as_posix()
            for folder, _, names in os.walk(self.path, onerror=unlisted)
            for name in names
            if name.endswith(".json") and not name.startswith(".")
        ]
        return tuple(sorted(found))

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        found = {}
        for name in names:
            try:
                found[name] = (self.path / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._unreadable(error) from None
        return found

    def write(self, files: Mapping[str, bytes], message: str) -> None:  # noqa: ARG002  (git's)
        try:
            for name, content in files.items():
                path = self.path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                jsonio.write_bytes(path, content)
        except OSError as error:
            raise self._unwritable(error) from None

    def remove(self, names: Iterable[str], message: str) -> None:  # noqa: ARG002  (as above)
        try:
            for name in names:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(f"{self.path} cannot be read: {error.strerror or error}")

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(f"{self.path} cannot be written: {error.strerror or error}")
