"""``gs:BUCKET/PREFIX``: Google Cloud Storage.

Application Default Credentials: what ``GOOGLE_APPLICATION_CREDENTIALS`` names (also a federated
identity, as GitHub's workflows have it), ``gcloud``'s own, or the machine's service account.
``STORAGE_EMULATOR_HOST`` is an emulator's address, without credentials.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from google.api_core.exceptions import (
    GoogleAPICallError,
    GoogleAPIError,
    NotFound,
    RetryError,
    from_http_response,
)
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from perfspec.baseline.buckets.contract import CONNECT_S, READ_S, RETRY_S, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT: Final = (CONNECT_S, READ_S)
RETRY: Final = DEFAULT_RETRY.with_timeout(RETRY_S)


class GoogleBucket:
    errors: ClassVar[tuple[type[Exception], ...]] = (
        GoogleAPIError,
        GoogleAuthError,
        RequestException,
    )
    login: ClassVar = "gcloud auth application-default login"
    needs: ClassVar = "the role Storage Object User"

    def __init__(self, where: str) -> None:
        self._bucket = Client(project=None).bucket(where)  # objects are of no project

    @staticmethod
    def refusal(error: Exception) -> Refusal:
        if isinstance(error, RetryError) and error.cause is not None:
            error = error.cause
        if isinstance(error, GoogleAPICallError):
            answer = error.response  # uploads and downloads do not take it apart
            said = error if answer is None else from_http_response(answer)
            return Refusal(error.code, said.errors[0]["message"] if said.errors else said.message)
        missing = isinstance(error, GoogleAuthError) and not isinstance(error, TransportError)
        return Refusal(401 if missing else None, str(error))

    def keys(self, prefix: str) -> Iterator[str]:
        found = self._bucket.list_blobs(
            prefix=prefix, fields="items(name),nextPageToken", timeout=TIMEOUT, retry=RETRY
        )
        return (each.name for each in found)

    def get(self, key: str) -> bytes | None:
        try:
            content: bytes = self._bucket.blob(key).download_as_bytes(timeout=TIMEOUT, retry=RETRY)
        except NotFound:
            return None
        return content

    def put(self, key: str, content: bytes) -> None:
        self._bucket.blob(key).upload_from_string(
            content, content_type="application/json", timeout=TIMEOUT, retry=RETRY
        )

    def delete(self, key: str) -> None:
        with suppress(NotFound):
            self._bucket.blob(key).delete(timeout=TIMEOUT, retry=RETRY)
