"""What TTS Reader's backend keeps and does, apart from HTTP, and the troubles that can be ordered.

Accounts with credits, one database with a pool of connections, and three providers: Polly speaks,
Textract reads, Stripe takes money. All of it is in memory; what takes time sleeps.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from secrets import token_bytes, token_hex
from time import monotonic
from typing import TYPE_CHECKING

import gevent
from gevent.lock import BoundedSemaphore

if TYPE_CHECKING:
    from collections.abc import Iterator

TROUBLES = {
    "polly": "Polly speaks 10 texts a second and throttles the others",
    "credits": "each account has the credits for one text",
    "rate-limit": "20 requests a second are let through",
    "textract": "Textract takes 4 s for a page",
    "pool": "one connection to the database",
    "early-expiry": "tokens end after 2 s, whatever they say",
    "leak": "memory grows by 2 MB a second",
    "progress": "the server closes connections half-way",
}
QUERY_S, POOL, PATIENCE_S = 0.005, 20, 10.0
POLLY_S, TEXTRACT_S, STRIPE_S = 0.04, 0.06, 0.03
EARLY_S = 2.0


class TroubleError(Exception):
    """What the user is told, and with which status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Rate:
    """At most so many a second."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.last: deque[float] = deque()

    def allows(self) -> bool:
        """Whether one more may go now; it counts then."""
        now = monotonic()
        while self.last and self.last[0] < now - 1:
            self.last.popleft()
        if len(self.last) >= self.most:
            return False
        self.last.append(now)
        return True


class TtsReader:
    """The backend's state, and what it does with it."""

    def __init__(self, troubles: frozenset[str]) -> None:
        self.troubles = troubles
        self.forget()
        self.limit = Rate(20 if "rate-limit" in troubles else 1_000_000)
        self.polly = Rate(10 if "polly" in troubles else 1_000_000)
        self.throttled = 0
        self.pool_size, self.patience_s = (1, 0.2) if "pool" in troubles else (POOL, PATIENCE_S)
        self.pool = BoundedSemaphore(self.pool_size)
        self.leaked: list[bytes] = []
        if "leak" in troubles:
            gevent.spawn(self.leak)

    def forget(self) -> None:
        """Everything that the test's accounts are and have."""
        self.passwords: dict[str, str] = {}
        self.credits: dict[str, int] = {}
        self.preferences: dict[str, dict[str, str]] = {}
        self.jobs: dict[str, float] = {}
        self.born: dict[str, float] = {}

    def open_account(self, email: str, password: str, units: int) -> None:
        """A new account; a text takes one unit."""
        self.passwords[email] = password
        self.credits[email] = 1 if "credits" in self.troubles else units
        self.preferences[email] = {"voice": "Joanna", "speed": "1.0"}

    @contextmanager
    def database(self) -> Iterator[None]:
        """One of the pool's connections, and the time that a query takes on it."""
        if not self.pool.acquire(timeout=self.patience_s):
            raise TroubleError(500, "the pool of database connections is exhausted")
        try:
            gevent.sleep(QUERY_S * (10 if "pool" in self.troubles else 1))
            yield
        finally:
            self.pool.release()

    def speak(self, email: str, text: str) -> dict[str, object]:
        """Text becomes audio, for one unit."""
        with self.database():
            if self.credits[email] < 1:
                raise TroubleError(402, "no credits are left")
            self.credits[email] -= 1
        if not self.polly.allows():
            self.throttled += 1
            raise TroubleError(503, "Polly: ThrottlingException")
        gevent.sleep(POLLY_S)
        audio = f"https://audio.example/{token_hex(8)}.mp3"
        return {"audio_url": audio, "characters": len(text), "credits_left": self.credits[email]}

    def read(self, url: str) -> str:
        """The text of a page."""
        gevent.sleep(4.0 if "textract" in self.troubles else TEXTRACT_S)
        return f"What stands on {url}."

    def buy(self, email: str, units: int) -> int:
        """More credits; returns how many there are then."""
        gevent.sleep(STRIPE_S)
        with self.database():
            self.credits[email] += units
            return self.credits[email]

    def begin(self, documents: int) -> str:
        """A batch of documents, spoken one after the other."""
        job = token_hex(8)
        self.jobs[job] = POLLY_S * documents
        return job

    def token_is_early(self, token: str) -> bool:
        """Whether a token that is valid by itself is refused all the same."""
        return "early-expiry" in self.troubles and monotonic() > self.born[token] + EARLY_S

    def leak(self) -> None:
        while len(self.leaked) < 2000:
            self.leaked.append(token_bytes(200_000))
            gevent.sleep(0.1)
