"""What came over one connection, and who waits for it."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from perfspec.run.driver.transports.documents import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from perfspec.run.driver.transports.documents import Document

KEPT_MESSAGES, KEPT_BYTES = 256, 1024 * 1024  # that nobody has asked for yet

Name: TypeAlias = "Callable[[Incoming], Hashable]"  # None: it has no such name
_UNREAD: Any = object()


class Incoming:
    """One message from the server.

    ``at`` is ``perf_counter`` when it was whole, ``event`` Socket.IO's name, ``call`` the number of
    the emission that it acknowledges, ``size`` its bytes. Either ``content`` or ``document`` is
    given; the other one is made when first asked for.
    """

    __slots__ = ("_content", "_document", "at", "call", "event", "size")

    def __init__(
        self,
        at: float,
        size: int,
        content: bytes | None = None,
        *,
        event: str | None = None,
        call: int | None = None,
        document: object = _UNREAD,
    ) -> None:
        self.at = at
        self.size = size
        self.event = event
        self.call = call
        self._content = content
        self._document = document

    @property
    def content(self) -> bytes:
        """Its bytes; of an event of Socket.IO, its data as JSON."""
        if self._content is None:
            self._content = msgspec.json.encode(self._document)
        return self._content

    @property
    def document(self) -> Document:
        """Its JSON, or NO_JSON."""
        if self._document is _UNREAD:
            self._document = decode(self.content)
        return self._document


class Awaited(Protocol):
    """Somebody who waits for the message that is called ``key``.

    ``arrived`` is called with it, in the hub: it must not wait for anything.
    """

    @property
    def key(self) -> Hashable: ...

    def arrived(self, incoming: Incoming) -> None: ...


class Mailbox:
    """Gives each message to the first who waits for just this, else keeps it for ``take``.

    ``names`` say by which keys a message may be awaited; a message that belongs to nobody is for
    whoever waits for ``NEXT``. ``keeps`` tells whether anybody will ever ``take``. Only who
    waits for just what comes is woken by it, see ``waking``.
    """

    NEXT = "next"

    def __init__(self, names: Iterable[Name], *, keeps: bool) -> None:
        self.wake: Callable[[], None] = _nobody
        self._names = tuple(names)
        self._keeps = keeps
        self._awaited: dict[Hashable, list[Awaited]] = {}  # mostly one each: a deque is far larger
        self._kept: deque[Incoming] = deque()
        self._kept_bytes = 0

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` when there is something to take, or nothing will come any more."""
        self.wake = wake
        try:
            yield
        finally:
            self.wake = _nobody

    def expect(self, awaited: Awaited) -> None:
        """Wait for a message by its key; those of one key are served in order."""
        queue = self._awaited.get(awaited.key)
        if queue is None:
            self._awaited[awaited.key] = [awaited]
        else:
            queue.append(awaited)

    def forget(self, awaited: Awaited) -> None:
        """Wait no longer."""
        queue = self._awaited.get(awaited.key)
        if queue is not None and awaited in queue:
            queue.remove(awaited)
            if not queue:
                del self._awaited[awaited.key]

    def put(self, incoming: Incoming) -> None:
        """A message came."""
        for name in self._names:
            if self._serve(name(incoming), incoming):
                return
        if incoming.call is not None:  # an acknowledgement that is too late is for nobody else
            return
        if self._serve(self.NEXT, incoming) or not self._keeps:
            return
        self._kept.append(incoming)
        self._kept_bytes += incoming.size
        while len(self._kept) > KEPT_MESSAGES or (
            self._kept_bytes > KEPT_BYTES and len(self._kept) > 1
        ):
            self._kept_bytes -= self._kept.popleft().size
        self.wake()

    def take(self) -> Incoming | None:
        """The oldest message that nobody awaited, None if there is none."""
        if not self._kept:
            return None
        incoming = self._kept.popleft()
        self._kept_bytes -= incoming.size
        return incoming

    def _serve(self, key: Hashable, incoming: Incoming) -> bool:
        queue = self._awaited.get(key)
        if queue is None:
            return False
        awaited = queue.pop(0)
        if not queue:
            del self._awaited[key]
        awaited.arrived(incoming)
        return True


def _nobody() -> None:
    """Wake nobody."""
