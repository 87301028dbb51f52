"""``s3:BUCKET/PREFIX``: records as objects of Amazon S3, or of what speaks its protocol.

An object appears whole or not at all, is listed and read as soon as it is written, and its name has
a hash of what it holds: two writers never want the same name for different records, so nobody needs
a lock or a condition. Credentials, region and address (``AWS_ENDPOINT_URL``) come from where the
AWS tools find them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

AT_ONCE: Final = 16  # requests; each waits for the network most of its time
AT_MOST: Final = 1000  # objects that one request may remove
CONNECT_S, READ_S, ATTEMPTS = 10, 60, 5
NOT_THERE: Final = "NoSuchKey"


class BucketStore:
    """Objects of one bucket whose keys begin with ``PREFIX/``."""

    def __init__(self, where: str) -> None:
        self.bucket, _, prefix = where.strip("/").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""

    def __str__(self) -> str:
        return f"bucket {self.bucket}" + (f", {self.prefix}" if self.prefix else "")

    def names(self) -> tuple[str, ...]:
        pages = self._client.get_paginator("list_objects_v2")
        found = []
        with self._explained("read"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                found += [each["Key"] for each in page.get("Contents", ())]
        names = (each.removeprefix(self.prefix) for each in found)
        return tuple(sorted(each for each in names if each.endswith(".json")))

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        wanted = list(names)
        with self._explained("read"):
            contents = self._at_once(self._content, wanted)
        pairs = zip(wanted, contents, strict=True)
        return {name: content for name, content in pairs if content is not None}

    def write(self, files: Mapping[str, bytes], message: str) -> None:  # noqa: ARG002  (git's)
        def put(name: str) -> None:
            self._client.put_object(
                Bucket=self.bucket,
                Key=self.prefix + name,
                Body=files[name],
                ContentType="application/json",
            )

        with self._explained("written"):
            self._at_once(put, files)

    def remove(self, names: Iterable[str], message: str) -> None:  # noqa: ARG002  (as above)
        keys = [{"Key": self.prefix + name} for name in names]
        with self._explained("written"):
            for begin in range(0, len(keys), AT_MOST):
                part = {"Objects": keys[begin : begin + AT_MOST], "Quiet": True}
                answer = self._client.delete_objects(Bucket=self.bucket, Delete=part)
                for error in answer.get("Errors", ()):
                    msg = f"{self} cannot be written: {error['Key']}: {error['Message']}"
                    raise StoreError(msg)

    def _content(self, name: str) -> bytes | None:
        """None for an object that went away meanwhile."""
        from botocore.exceptions import ClientError  # noqa: PLC0415  (an extra)

        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + name)
            content: bytes = answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_THERE:
                return None
            raise
        return content

    def _at_once(self, work: Callable[[str], bytes | None], names: Iterable[str]) -> list[Any]:
        """In the order of the names; the first error is raised."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="bucket") as pool:
            return list(pool.map(work, names))

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  (as above)

        try:
            yield
        except ClientError as error:
            said = error.response["Error"]
            msg = f"{self} cannot be {done}: {said.get('Message') or said['Code']}"
            raise StoreError(msg) from None
        except BotoCoreError as error:
            msg = f"{self} cannot be {done}: {error}"
            raise StoreError(msg) from None

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401  (boto3 makes its clients at run time)
        try:
            import boto3  # noqa: PLC0415  (an extra)
            from botocore.config import Config  # noqa: PLC0415
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        except ImportError:
            msg = f"boto3, which reads {self}, is not installed: pip install perfspec[aws]"
            raise StoreError(msg) from None
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            max_pool_connections=AT_ONCE,
        )
        try:
            return boto3.Session().client("s3", config=config)
        except (BotoCoreError, ValueError) as error:  # the latter for an address that is none
            msg = f"{self} cannot be reached: {error}"
            raise StoreError(msg) from None
