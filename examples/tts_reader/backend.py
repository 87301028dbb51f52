"""What TTS Reader's backend keeps and does, apart from HTTP, and the troubles that can be ordered.

Accounts with credits, one database with a pool of connections, and four providers: Polly speaks,
Textract reads, S3 keeps audio, Stripe takes money. All of it is in memory; what takes time sleeps.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import contextmanager
from math import sqrt
from secrets import token_bytes, token_hex
from time import monotonic
from typing import TYPE_CHECKING

import gevent
from gevent.lock import BoundedSemaphore

if TYPE_CHECKING:
    from collections.abc import Iterator

TROUBLES = {
    "polly": "Polly speaks 10 texts a second and throttles the others",
    "cascade": "Polly speaks 5 texts a second; tries again hold their connection to the database",
    "stripe": "Stripe takes one payment in ten seconds and throttles the others",
    "credits": "each account has the credits for one text",
    "rate-limit": "20 requests a second are let through",
    "textract": "Textract takes 4 s for a page",
    "pool": "one connection to the database",
    "early-expiry": "tokens end after 2 s, whatever they say",
    "leak": "10 KB of memory stay with each request",
    "drift": "queries take the longer the more there were",
    "backlog": "the database is slow for five minutes after more than 150 users were there",
    "crash": "the process dies of more than 150 users",
    "limit": "with more than 250 users there, every request is refused",
    "progress": "the server closes connections half-way",
}
QUERY_S, POOL, PATIENCE_S = 0.005, 20, 10.0
POLLY_S, TEXTRACT_S, STRIPE_S = 0.04, 0.06, 0.03
EARLY_S = 2.0
UNLIMITED = 1_000_000
RETRIES, RETRY_S = 10, 0.2
MANY, MOST = 150, 250  # users, each with a connection of its own
BACKLOG_S = 300.0
LEAK = 10_000  # bytes


class TroubleError(Exception):
    """What the user is told, and with which status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Rate:
    """At most so many in so many seconds."""

    def __init__(self, most: int, seconds: float = 1.0) -> None:
        self.most, self.seconds = most, seconds
        self.let_through: deque[float] = deque()
        self.refused: deque[float] = deque()

    def allows(self) -> bool:
        """Whether one more may go now; it counts then."""
        allowed = since(self.let_through, self.seconds) < self.most
        (self.let_through if allowed else self.refused).append(monotonic())
        return allowed

    def throttled(self) -> int:
        """How many were refused in the last ten seconds."""
        return since(self.refused, 10.0)


def since(times: deque[float], seconds: float) -> int:
    """How many are not older; the others are forgotten."""
    while times and times[0] < monotonic() - seconds:
        times.popleft()
    return len(times)


class TtsReader:
    """The backend's state, and what it does with it."""

    def __init__(self, troubles: frozenset[str]) -> None:
        self.troubles = troubles
        self.passwords: dict[str, str] = {}
        self.credits: dict[str, int] = {}
        self.preferences: dict[str, dict[str, str]] = {}
        self.audio: dict[str, list[str]] = {}
        self.jobs: dict[str, float] = {}
        self.born: dict[str, float] = {}
        self.open_account("customer@example.com", token_hex(8), 100)
        self.limit = Rate(20 if "rate-limit" in troubles else UNLIMITED)
        self.polly = Rate(5 if "cascade" in troubles else 10 if "polly" in troubles else UNLIMITED)
        self.stripe = Rate(1, 10.0) if "stripe" in troubles else Rate(UNLIMITED)
        self.pool_size, self.patience_s = (1, 0.2) if "pool" in troubles else (POOL, PATIENCE_S)
        self.pool = BoundedSemaphore(self.pool_size)
        self.users_there = self.queries = 0
        self.slow_until = 0.0
        self.leaked: list[bytes] = []

    def forget(self, prefix: str) -> None:
        """Accounts whose names begin so, with all that they have."""
        for email in self.named(prefix):
            for table in (self.passwords, self.credits, self.preferences, self.audio):
                del table[email]

    def named(self, prefix: str) -> list[str]:
        """Accounts whose names begin so."""
        return [email for email in self.passwords if email.startswith(prefix)]

    def open_account(self, email: str, password: str, units: int) -> None:
        """A new account; a text takes one unit."""
        self.passwords[email] = password
        self.credits[email] = 1 if "credits" in self.troubles else units
        self.preferences[email] = {"voice": "Joanna", "speed": "1.0"}
        self.audio[email] = []

    @contextmanager
    def database(self) -> Iterator[None]:
        """One of the pool's connections, and the time that a query takes on it."""
        self.queries += 1
        seconds = QUERY_S * (10 if "pool" in self.troubles else 1)
        if "drift" in self.troubles:
            seconds *= 1 + sqrt(self.queries) * 2
        if "backlog" in self.troubles and self.users_there > MANY:
            self.slow_until = monotonic() + BACKLOG_S
        if monotonic() < self.slow_until:
            seconds *= 50
        if not self.pool.acquire(timeout=self.patience_s):
            raise TroubleError(500, "the pool of database connections is exhausted")
        try:
            gevent.sleep(seconds)
            yield
        finally:
            self.pool.release()

    @contextmanager
    def user(self) -> Iterator[None]:
        """Counts who is connected, for the troubles that come with load."""
        self.users_there += 1
        if self.users_there > MANY and "crash" in self.troubles:
            sys.stderr.write("tts-reader: out of memory\n")
            os._exit(1)
        try:
            yield
        finally:
            self.users_there -= 1

    def let_in(self) -> None:
        """Each request begins here."""
        if "leak" in self.troubles:
            self.leaked.append(token_bytes(LEAK))
        if "limit" in self.troubles and self.users_there > MOST:
            raise TroubleError(503, "too many users")

    def speak(self, email: str, text: str) -> dict[str, object]:
        """Text becomes audio, for one unit."""
        with self.database():
            if self.credits[email] < 1:
                raise TroubleError(402, "no credits are left")
            self.credits[email] -= 1
            if "cascade" in self.troubles:
                self.ask_polly(RETRIES)
        if "cascade" not in self.troubles:
            self.ask_polly()
        gevent.sleep(POLLY_S)
        name = f"{token_hex(8)}.mp3"
        self.audio[email].append(name)
        audio = f"https://audio.example/{name}"
        return {"audio_url": audio, "characters": len(text), "credits_left": self.credits[email]}

    def ask_polly(self, retries: int = 0) -> None:
        """Wait until Polly takes a text; ends the request when it does not."""
        for left in range(retries, -1, -1):
            if self.polly.allows():
                return
            if left:
                gevent.sleep(RETRY_S)
        raise TroubleError(503, "Polly: ThrottlingException")

    def read(self, url: str) -> str:
        """The text of a page."""
        gevent.sleep(4.0 if "textract" in self.troubles else TEXTRACT_S)
        return f"What stands on {url}."

    def buy(self, email: str, units: int) -> int:
        """More credits; returns how many there are then."""
        if not self.stripe.allows():
            raise TroubleError(503, "Stripe: rate_limit")
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
