"""Uploads by presigned URL, as object stores do them: announce, PUT, look."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from perfspec.demo.newest import Newest

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT: Final = 10_000
LIFE_S: Final = 900


class Upload(msgspec.Struct, frozen=True):
    """What is kept of an upload: no bytes, only their number and hash."""

    upload_id: str
    user_id: str
    status: Literal["announced", "received"]
    size: int = 0
    sha256: str | None = None


class Uploads:
    """``origin`` is ``http://127.0.0.1:PORT`` of the place that takes the bytes."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self.origin = ""
        self._now = now
        self._key = token_bytes(32)
        self._uploads: Newest[str, Upload] = Newest(KEPT)

    def announce(self, user: str) -> tuple[Upload, str]:
        """A new upload and the URL that takes its bytes for 15 minutes."""
        upload = Upload(token_hex(8), user, "announced")
        self._uploads[upload.upload_id] = upload
        expires = int(self._now() + LIFE_S)
        query = f"expires={expires}&signature={self._sign(upload.upload_id, expires)}"
        return upload, f"{self.origin}/objects/{upload.upload_id}?{query}"

    def allows(self, upload_id: str, expires: str, signature: str) -> bool:
        """Whether this URL was signed here and is still good."""
        if upload_id not in self._uploads or not re.fullmatch(r"[0-9]{1,12}", expires):
            return False
        expected = self._sign(upload_id, int(expires)).encode()
        return hmac.compare_digest(expected, signature.encode()) and self._now() <= int(expires)

    def receive(self, upload_id: str, content: bytes) -> Upload:
        """Note the bytes of an allowed upload."""
        known = self._uploads[upload_id]
        received = msgspec.structs.replace(
            known, status="received", size=len(content), sha256=sha256(content).hexdigest()
        )
        self._uploads[upload_id] = received
        return received

    def upload(self, user: str, upload_id: str) -> Upload | None:
        """The user's own upload, None for a foreign or an unknown one."""
        upload = self._uploads.get(upload_id)
        return upload if upload is not None and upload.user_id == user else None

    def _sign(self, upload_id: str, expires: int) -> str:
        return hmac.digest(self._key, f"PUT {upload_id} {expires}".encode(), "sha256").hex()
