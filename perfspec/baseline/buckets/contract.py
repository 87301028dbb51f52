"""What a vendor's bucket can do, and how long its server is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

CONNECT_S: Final = 10
READ_S: Final = 60  # without a byte
ATTEMPTS: Final = 4  # with growing pauses
RETRY_S: Final = 10  # the same for a library that counts seconds: no attempt begins later


class Refusal(NamedTuple):
    """What a vendor's error says: a status of HTTP, None where none was sent, and a text."""

    status: int | None
    text: str


class Bucket(Protocol):
    """A vendor's bucket, for several threads. Its methods raise the vendor's errors."""

    errors: ClassVar[tuple[type[Exception], ...]]
    login: ClassVar[str]  # the command by which people get credentials
    needs: ClassVar[str]  # the permissions

    def __init__(self, where: str) -> None:
        """Nothing is asked yet. Raises ValueError for settings that are none."""

    @staticmethod
    def refusal(error: Exception) -> Refusal:
        """Of one of ``errors``; the status is 401 where there are no credentials."""
        ...

    def keys(self, prefix: str) -> Iterable[str]:
        """Of all objects whose keys begin with the prefix, in any order."""
        ...

    def get(self, key: str) -> bytes | None:
        """None for an object that is not there."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """JSON."""
        ...

    def delete(self, key: str) -> None:
        """An object that is not there is none of its business."""
        ...
