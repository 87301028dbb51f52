"""Sealed messages between a master and its workers: who has the key reads and writes them."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from perfspec.errors import RunError

_PURPOSE: Final = b"perfspec worker 1"
_KEY_SIZE, _NONCE_SIZE = 32, 12


class Seal:
    """AES-GCM under a key derived from ``secret``: nobody else reads a message or makes one."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=_KEY_SIZE, salt=None, info=_PURPOSE)
        self._cipher = AESGCM(derived.derive(secret.encode()))

    def close(self, content: bytes) -> bytes:
        """The content, sealed."""
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._cipher.encrypt(nonce, content, _PURPOSE)

    def open(self, sealed: bytes) -> bytes:
        """Inverse of ``close``; raises RunError for what another key has sealed, or nobody."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], _PURPOSE)
        except (InvalidTag, ValueError):
            msg = (
                "the plan cannot be opened: PERFSPEC_WORKER_KEY is not the same here as where"
                " perfspec run was started"
            )
            raise RunError(msg) from None
