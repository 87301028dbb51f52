"""What stands behind Nora's API: App Runner's instances, a database pool, a provider, a bucket."""

from __future__ import annotations

import hmac
import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes, token_hex
from time import monotonic
from typing import TYPE_CHECKING, Literal

import gevent
from gevent.lock import Semaphore

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_INSTANCES = 25
RECORDINGS_KEPT = 20  # of each user
POOL_SIZE, POOL_KEPT, POOL_PATIENCE_S = 20, 4, 1.0
IDLE_S = 300.0  # after which an instance too many is taken away
SMOOTHED_S, WANTED = 20.0, 0.35  # how long the load is looked at; how much of its places is busy

FAULTS = {
    "none": "a server as it should be",
    "pool": "the connection is kept while the provider works: 20 are soon in use",
    "scaling": "no second instance ever starts",
    "provider": "a 429 of the provider becomes a 500 of ours",
    "storage": "the bucket takes nothing",
    "leak": "50 kB stay of every request, and a connection of one in ten uploads",
}


class NoConnectionError(Exception):
    """All connections of the pool are in use, and stay so."""


class RateLimitedError(Exception):
    """The provider answered 429."""


class Instances:
    """One at first, and as many as it takes for 35 % of all ``places`` to be busy, up to ``most``.

    Busy is what the requests at work come to over some seconds (an exponential moving average): a
    moment's crowd starts nothing. A request beyond all places waits. A new instance serves
    ``start_s`` after it was asked for; with ``pace`` all of this goes so much faster.
    """

    def __init__(self, places: int, *, most: int, start_s: float, pace: float) -> None:
        self.count = 1
        self._places, self._most = places, most
        self._start_s, self._idle_s = start_s / pace, IDLE_S / pace
        self._smoothed_s = SMOOTHED_S / pace
        self._free = Semaphore(places)
        self._at_work = self._starting = 0
        self._busy, self._at = 0.0, monotonic()
        self._busy_until = self._at

    @contextmanager
    def place(self) -> Iterator[None]:
        """The time that a request spends on one of them, waiting included."""
        self._follow()
        self._at_work += 1
        try:
            with self._free:
                yield
        finally:
            self._follow()
            self._at_work -= 1

    def settle(self) -> None:
        """Let go of instances that nobody has needed for a while; to be called now and then."""
        self._follow()
        if self._needed() >= self.count:
            self._busy_until = monotonic() + self._idle_s
        elif monotonic() > self._busy_until and self.count > 1:
            self.count -= 1
            for _ in range(self._places):
                self._free.acquire()

    def _needed(self) -> int:
        return min(self._most, max(1, math.ceil(self._busy / self._places / WANTED)))

    def _follow(self) -> None:
        now = monotonic()
        kept = math.exp((self._at - now) / self._smoothed_s)
        self._busy, self._at = self._busy * kept + self._at_work * (1 - kept), now
        if self._needed() > self.count + self._starting:
            self._starting += 1
            gevent.spawn_later(self._start_s, self._add)

    def _add(self) -> None:
        self._starting -= 1
        self.count += 1
        self._busy_until = monotonic() + self._idle_s
        for _ in range(self._places):
            self._free.release()


class Pool:
    """Connections to the database: who waits too long for one gets none.

    ``strays`` are those that were opened beside the pool and never closed.
    """

    def __init__(self) -> None:
        self.in_use = self.strays = 0
        self._free = Semaphore(POOL_SIZE)

    @property
    def opened(self) -> int:
        """What the database sees: some stay open, and those beyond only while they are in use."""
        return max(POOL_KEPT, self.in_use) + self.strays

    @contextmanager
    def connection(self) -> Iterator[None]:
        if not self._free.acquire(timeout=POOL_PATIENCE_S):
            raise NoConnectionError
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1
            self._free.release()


class Provider:
    """A third party's AI: it takes a while, and has a rate limit of its own (a token bucket)."""

    def __init__(self, takes_s: float, per_s: float) -> None:
        self.throttled = 0
        self._takes_s, self._per_s = takes_s, per_s
        self._tokens, self._at = per_s, monotonic()

    def ask(self) -> None:
        """Wait for its answer; raises RateLimitedError."""
        now = monotonic()
        self._tokens = min(self._per_s, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        if self._tokens < 1:
            self.throttled += 1
            raise RateLimitedError
        self._tokens -= 1
        gevent.sleep(self._takes_s)


class Bucket:
    """Presigned URLs: who has one may PUT an object, without any other credentials."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._key = token_bytes(32)

    def presign(self, name: str) -> str:
        return f"{self.origin}/nora-audio/{name}?signature={self._sign(name)}"

    def allows(self, name: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(name), signature)

    def _sign(self, name: str) -> str:
        return hmac.digest(self._key, name.encode(), "sha256").hex()


@dataclass
class Recording:
    """``done_at`` is when its transcription ends; None before it was asked for."""

    owner: str
    done_at: float | None = None
    analysis: str | None = None
    id: str = field(default_factory=lambda: token_hex(8))

    @property
    def status(self) -> Literal["uploaded", "transcribing", "transcribed"]:
        if self.done_at is None:
            return "uploaded"
        return "transcribing" if monotonic() < self.done_at else "transcribed"


@dataclass
class Database:
    """The tables; a password is kept as its hash."""

    users: dict[str, str] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    owned: dict[str, list[str]] = field(default_factory=dict)
    progress: dict[str, int] = field(default_factory=dict)

    def add_user(self, email: str, password: str, *, recorded: bool) -> None:
        self.users[email] = sha256(password.encode()).hexdigest()
        if recorded:
            self.add_recording(email)

    def knows(self, email: str, password: str) -> bool:
        return self.users.get(email) == sha256(password.encode()).hexdigest()

    def add_recording(self, email: str) -> Recording:
        """A new one, in whose place the oldest goes of somebody who has many."""
        recording = Recording(email)
        self.recordings[recording.id] = recording
        owned = self.owned.setdefault(email, [])
        owned.append(recording.id)
        if len(owned) > RECORDINGS_KEPT:
            del self.recordings[owned.pop(0)]
        return recording
