"""Kept connections that the target closed meanwhile.

libcurl looks at most once a second, sends requests into closed connections and would send them
again on another. Here a closed one is found before anything is sent.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, TypeAlias

from gevent.monkey import get_original  # noqa: TID251  (it patches nothing)

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 64  # of one user; beyond it libcurl closes the oldest

_poll = get_original("select", "poll")  # gevent's would switch to the hub
_CLOSED = getattr(select, "POLLRDHUP", 0)  # besides POLLHUP and POLLERR, which always come


End: TypeAlias = tuple[str, int, int]  # the target's address and port, and ours


class Kept:
    """The connections of one user; to two targets they may have the same local port."""

    __slots__ = ("_looks",)

    def __init__(self) -> None:
        self._looks: dict[End, Callable[[int], list[tuple[int, int]]]] = {}

    def add(self, end: End, fd: int) -> None:
        look = _poll()
        look.register(fd, _CLOSED)
        self._looks.pop(end, None)
        self._looks[end] = look.poll
        if len(self._looks) > MOST:
            del self._looks[next(iter(self._looks))]

    def is_closed(self, end: End) -> bool:
        """Whether the target said goodbye on this connection, or reset it (0.6 µs)."""
        look = self._looks.get(end)
        return look is not None and bool(look(0))
