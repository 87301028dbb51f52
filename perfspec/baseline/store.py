"""Where records are kept: files in a tree, whatever holds the tree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from perfspec.errors import PerfspecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfspec.clock import Clock


FORMS: Final = (
    "git:BRANCH, dir:PATH, s3:BUCKET/PREFIX, gs:BUCKET/PREFIX or az:ACCOUNT/CONTAINER/PREFIX"
)
BUCKETS: Final = {  # what comes before the prefix
    "s3": r"[a-z0-9][a-z0-9._-]*",
    "gs": r"[a-z0-9][a-z0-9._-]*",
    "az": r"[a-z0-9]+/[a-z0-9][a-z0-9-]*",
}


class StoreError(PerfspecError):
    """The store cannot be read or written: no permission, no network, no repository."""


class Store(Protocol):
    """Files by their path in the tree. A snapshot is read at once, a change written whole."""

    def names(self) -> tuple[str, ...]:
        """Paths of all files, sorted; none in a store that nobody has written to."""
        ...

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Contents by path; a file that went away meanwhile is left out."""
        ...

    def write(self, files: Mapping[str, bytes], message: str) -> None:
        """Add files; those that others add at the same time stay."""
        ...

    def remove(self, names: Iterable[str], message: str) -> None:
        """Take files away; those that are not there are none of its business."""
        ...


def open_store(address: str, directory: Path, clock: Clock) -> Store:
    """The store at an address of one of ``FORMS``, seen from the spec's folder.

    Nothing is read yet. Raises UsageError for another address.
    """
    kind, _, where = address.partition(":")
    if kind == "dir" and where:
        from perfspec.baseline.folder import FolderStore  # noqa: PLC0415  (one of them)

        return FolderStore(directory / Path(where).expanduser())
    if kind == "git" and where:
        from perfspec.baseline.branch import BranchStore  # noqa: PLC0415  (as above)

        return BranchStore(directory, where, clock)
    if kind in BUCKETS and (found := re.fullmatch(rf"({BUCKETS[kind]})(?:/(\S*))?", where)):
        from perfspec.baseline.bucket import BucketStore  # noqa: PLC0415  (as above)

        return BucketStore(kind, *found.groups(default=""))
    msg = f"{address!r} is no store: write {FORMS}"
    raise UsageError(msg)
