"""``az:ACCOUNT/CONTAINER/PREFIX``: Azure Blob Storage.

Credentials are those of ``AZURE_STORAGE_CONNECTION_STRING`` where it is of this account (a key or a
signature, another cloud, an emulator), or else what ``DefaultAzureCredential`` finds: variables, a
federated identity as GitHub's workflows have it, the machine's identity, ``az login``.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient, ContentSettings, ExponentialRetry, StorageErrorCode

from perfspec.baseline.buckets.contract import ATTEMPTS, CONNECT_S, READ_S, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTION_STRING: Final = "AZURE_STORAGE_CONNECTION_STRING"
JSON: Final = ContentSettings(content_type="application/json")
SCOPE: Final = "https://storage.azure.com/.default"
logging.getLogger("azure").addHandler(logging.NullHandler())  # its errors say the same


class AzureContainer:
    errors: ClassVar[tuple[type[Exception], ...]] = (AzureError,)
    login: ClassVar = "az login"
    needs: ClassVar = "the role Storage Blob Data Contributor"

    def __init__(self, where: str) -> None:
        account, _, container = where.partition("/")
        self._container = _client(account, container)

    @staticmethod
    def refusal(error: Exception) -> Refusal:
        if isinstance(error, ClientAuthenticationError):
            return Refusal(401, str(error))
        status = error.status_code if isinstance(error, HttpResponseError) else None
        return Refusal(status, str(error))

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(self._container.list_blob_names(name_starts_with=prefix))

    def get(self, key: str) -> bytes | None:
        try:
            return self._container.download_blob(key).readall()
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", None) == StorageErrorCode.BLOB_NOT_FOUND:
                return None
            raise

    def put(self, key: str, content: bytes) -> None:
        self._container.upload_blob(key, content, overwrite=True, content_settings=JSON)

    def delete(self, key: str) -> None:
        with suppress(ResourceNotFoundError):
            self._container.delete_blob(key)


def _client(account: str, container: str) -> ContainerClient:
    options: dict[str, Any] = {
        "connection_timeout": CONNECT_S,
        "read_timeout": READ_S,
        "retry_policy": ExponentialRetry(
            initial_backoff=0, increment_base=2, retry_total=ATTEMPTS - 1, random_jitter_range=1
        ),
    }
    given = os.environ.get(CONNECTION_STRING)
    if given:
        client = ContainerClient.from_connection_string(given, container, **options)
        if client.account_name == account:
            return client
    credential = DefaultAzureCredential()
    credential.get_token(SCOPE)  # or else a request would try several times to get one
    address = f"https://{account}.blob.core.windows.net"
    return ContainerClient(address, container, credential, **options)
