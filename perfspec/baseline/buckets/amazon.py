"""``s3:BUCKET/PREFIX``: Amazon S3, or what speaks its protocol.

Credentials, region and address (``AWS_ENDPOINT_URL``) come from where the AWS tools find them:
variables, profiles, single sign-on, web identities, roles of the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from perfspec.baseline.buckets.contract import ATTEMPTS, CONNECT_S, READ_S, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_CREDENTIALS: Final = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
STALE: Final = {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}
CONFIG: Final = Config(
    connect_timeout=CONNECT_S,
    read_timeout=READ_S,
    retries={"max_attempts": ATTEMPTS, "mode": "standard"},
)


class AmazonBucket:
    errors: ClassVar[tuple[type[Exception], ...]] = (BotoCoreError, ClientError)
    login: ClassVar = "aws sso login"
    needs: ClassVar = "s3:ListBucket, s3:GetObject and s3:PutObject, and s3:DeleteObject to prune"

    def __init__(self, where: str) -> None:
        self._name = where
        self._client = boto3.Session().client("s3", config=CONFIG)

    @staticmethod
    def refusal(error: Exception) -> Refusal:
        if isinstance(error, ClientError):
            said = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            known = 401 if said["Code"] in STALE else status
            return Refusal(known, said.get("Message") or said["Code"])
        return Refusal(401 if isinstance(error, NO_CREDENTIALS) else None, str(error))

    def keys(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._name, Prefix=prefix):
            yield from (each["Key"] for each in page.get("Contents", ()))

    def get(self, key: str) -> bytes | None:
        try:
            answer = self._client.get_object(Bucket=self._name, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        content: bytes = answer["Body"].read()
        return content

    def put(self, key: str, content: bytes) -> None:
        self._client.put_object(
            Bucket=self._name, Key=key, Body=content, ContentType="application/json"
        )

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self._name, Key=key)
