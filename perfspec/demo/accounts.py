"""Who may come in: passwords, Ed25519 challenges, JSON Web Tokens and cookie sessions.

Every e-mail address is an account, its password is the one of ``--password``, and its key
pair follows from the address, so that tests need no registration.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import deque
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING, Final

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from perfspec.demo.newest import Newest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEPT: Final = 100_000
CHALLENGES_EACH: Final = 8  # an account may sign in from several places at once
_ALGORITHM: Final = "HS256"


class Accounts:
    """Signing in and being recognised afterwards."""

    def __init__(self, *, password: str, token_life_s: float) -> None:
        self._password = password.encode()
        self._life = timedelta(seconds=token_life_s)
        self._key = token_bytes(32)
        self._challenges: Newest[str, deque[bytes]] = Newest(KEPT)
        self._visits: Newest[str, tuple[str, int]] = Newest(KEPT)

    def knows(self, email: str, password: str) -> bool:
        return "@" in email and compare_digest(password.encode(), self._password)

    def challenge(self, email: str) -> str:
        """A new nonce as base64, to be signed with the account's key and used once."""
        nonce = token_bytes(32)
        self._challenges.setdefault(email, deque(maxlen=CHALLENGES_EACH)).append(nonce)
        return b64encode(nonce).decode()

    def signed(self, email: str, signature: str) -> bool:
        """Whether ``signature`` (base64) is the account's over one of its open challenges."""
        try:
            given = b64decode(signature, validate=True)
        except ValueError:
            return False
        open_ones = self._challenges.get(email, deque())
        for nonce in open_ones:
            try:
                _public_key(email).verify(given, nonce)
            except InvalidSignature:
                continue
            open_ones.remove(nonce)
            return True
        return False

    def token(self, email: str) -> str:
        now = datetime.now(UTC)
        claims = {"sub": user_id(email), "iat": now, "exp": now + self._life}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def bearer(self, token: str) -> str:
        """The user's id; raises ``jwt.InvalidTokenError`` for a bad or outlived token."""
        claims = jwt.decode(
            token, self._key, algorithms=[_ALGORITHM], options={"require": ["exp", "sub"]}
        )
        return str(claims["sub"])

    def open_session(self, email: str) -> str:
        """The value of a new session's cookie."""
        session = token_hex(16)
        self._visits[session] = (user_id(email), 0)
        return session

    def visit(self, session: str) -> tuple[str, int] | None:
        """The session's user and its number of visits with this one; None if unknown."""
        known = self._visits.get(session)
        if known is None:
            return None
        user, visits = known
        self._visits[session] = (user, visits + 1)
        return user, visits + 1


def user_id(email: str) -> str:
    """The account's id, the same at every start."""
    return "u" + sha256(email.encode()).hexdigest()[:12]


def credentials(email: str, password: str) -> Mapping[str, str]:
    """What a test needs to sign in; ``private_key`` is the 32-byte seed as base64."""
    return {
        "email": email,
        "password": password,
        "private_key": b64encode(_seed(email)).decode(),
        "public_key": b64encode(_public_key(email).public_bytes_raw()).decode(),
    }


def _seed(email: str) -> bytes:
    return sha256(b"bookshop " + email.encode()).digest()


@lru_cache(maxsize=KEPT)
def _public_key(email: str) -> Ed25519PublicKey:
    return Ed25519PrivateKey.from_private_bytes(_seed(email)).public_key()
