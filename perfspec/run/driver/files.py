"""Files that requests send: made once in a process, the same bytes in every run of a seed."""

from __future__ import annotations

import random
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfspec.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.plan.model import FileClass, FileSet


class File(NamedTuple):
    """``file_class`` is None for a file that belongs to no set."""

    name: str
    content: bytes
    type: str
    file_class: str | None


class Files:
    """All file sets of a plan, and single files beside the spec, each read or made on first use."""

    def __init__(self, sets: Iterable[FileSet], directory: str, seed: int) -> None:
        self._sets = {each.name: each for each in sets}
        self._directory = Path(directory)
        self._seed = seed
        self._choices: dict[str, Choice] = {}
        self._contents: dict[str, bytes] = {}

    @property
    def read(self) -> Iterable[str]:
        """Paths of the files that were read."""
        return self._contents.keys()

    def choice(self, name: str, kind: str | None = None) -> Choice | None:
        """The set of that name, None if the plan has none; ``kind`` instead of its media types."""
        if name not in self._sets:
            return None
        if name not in self._choices:
            classes = self._sets[name].classes
            files = [self._file(name, each) for each in classes]
            self._choices[name] = Choice(files, [each.weight for each in classes])
        choice = self._choices[name]
        return choice if kind is None else choice.of_type(kind)

    def single(self, path: str, kind: str | None) -> File:
        """One file beside the spec; raises RunError when it cannot be read."""
        name = Path(path).name
        return File(name, self._read(path), kind or "application/octet-stream", None)

    def _file(self, name: str, of: FileClass) -> File:
        if of.path is not None:
            return self.single(of.path, of.type)._replace(file_class=of.name)
        rng = random.Random(f"{self._seed}/{name}/{of.name}")  # noqa: S311  (repeatable on purpose)
        content = rng.randbytes(of.size or 0)
        return File(f"{name}-{of.name}", content, of.type, of.name)

    def _read(self, path: str) -> bytes:
        if path not in self._contents:
            try:
                self._contents[path] = (self._directory / path).read_bytes()
            except OSError as error:
                msg = f"the file {path} that a request sends cannot be read: {error.strerror}"
                raise RunError(msg) from None
        return self._contents[path]


class Choice:
    """Draws a file by weight."""

    def __init__(self, files: list[File], weights: list[float]) -> None:
        self.files = files
        self._weights = weights
        self._cumulated = list(accumulate(weights))

    def of_type(self, kind: str) -> Choice:
        """The same files under another media type."""
        return Choice([each._replace(type=kind) for each in self.files], self._weights)

    def draw(self, rng: random.Random) -> File:
        """One of the files."""
        return rng.choices(self.files, cum_weights=self._cumulated)[0]
