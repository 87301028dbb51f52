"""Records as objects in a bucket: ``s3:…``, ``gs:…`` and ``az:…`` by their vendors' libraries.

An object appears whole or not at all, is listed and read as soon as it is written, and its name has
a hash of what it holds: two writers never want the same name for different records, so nobody needs
a lock or a condition. Credentials come from where the vendor's own tools find them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from perfspec.baseline.buckets.contract import Bucket, Refusal

AT_ONCE: Final = 10  # requests, as many as each of the libraries keeps connections
EXTRAS: Final = {"s3": "aws", "gs": "gcp", "az": "azure"}


class BucketStore:
    """Objects of one bucket whose keys begin with ``PREFIX/``.

    ``kind`` is one of ``EXTRAS``, ``where`` names the bucket as its vendor wants it.
    """

    def __init__(self, kind: str, where: str, prefix: str = "") -> None:
        self.kind, self.where = kind, where
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}/{self.prefix}".rstrip("/")

    def names(self) -> tuple[str, ...]:
        with self._explained("read"):
            found = [each.removeprefix(self.prefix) for each in self._bucket.keys(self.prefix)]
        return tuple(sorted(each for each in found if each.endswith(".json")))

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        wanted = list(names)
        with self._explained("read"):
            contents = self._at_once(self._bucket.get, wanted)
        pairs = zip(wanted, contents, strict=True)
        return {name: content for name, content in pairs if content is not None}

    def write(self, files: Mapping[str, bytes], message: str) -> None:  # noqa: ARG002  (git's)
        with self._explained("written"):
            self._at_once(self._bucket.put, files, files.values())

    def remove(self, names: Iterable[str], message: str) -> None:  # noqa: ARG002  (as above)
        with self._explained("written"):
            self._at_once(self._bucket.delete, names)

    def _at_once(
        self, work: Callable[..., Any], names: Iterable[str], *more: Iterable[bytes]
    ) -> list[Any]:
        """In the order of the names; the first error is raised."""
        keys = (self.prefix + name for name in names)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=self.kind) as pool:
            return list(pool.map(work, keys, *more))

    @cached_property
    def _bucket(self) -> Bucket:
        try:
            return self._vendor(self.where)
        except ValueError as error:
            msg = f"{self} cannot be reached: {_first_line(str(error))}"
            raise StoreError(msg) from None

    @cached_property
    def _vendor(self) -> type[Bucket]:
        try:
            return _vendor_of(self.kind)
        except ModuleNotFoundError as error:
            extra = EXTRAS[self.kind]
            msg = f"{error.name}, which reads {self}, is not installed: "
            msg += f"pip install 'perfspec[{extra}]'"
            raise StoreError(msg) from None

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        vendor = self._vendor
        try:
            yield
        except vendor.errors as error:
            msg = f"{self} cannot be {done}: {_reason(vendor, vendor.refusal(error))}"
            raise StoreError(msg) from None


def _vendor_of(kind: str) -> type[Bucket]:
    """Raises ModuleNotFoundError where the vendor's library, an extra, is not installed."""
    if kind == "s3":
        from perfspec.baseline.buckets.amazon import AmazonBucket  # noqa: PLC0415  (one of them)

        return AmazonBucket
    if kind == "gs":
        from perfspec.baseline.buckets.google import GoogleBucket  # noqa: PLC0415  (as above)

        return GoogleBucket
    from perfspec.baseline.buckets.azure import AzureContainer  # noqa: PLC0415  (as above)

    return AzureContainer


def _reason(vendor: type[Bucket], refusal: Refusal) -> str:
    said = _first_line(refusal.text)
    steps = {
        None: "see whether this machine may reach it",
        401: f"give it credentials, such as by `{vendor.login}`",
        403: f"its credentials need {vendor.needs}",
        404: "make the bucket, or name another one",
        429: "try again later",
    }
    step = steps.get(429 if refusal.status and refusal.status >= 500 else refusal.status)
    return f"{said}; {step}" if step else said


def _first_line(text: str) -> str:
    """What follows are headers, documents and lists of everything that was tried."""
    return text.strip().partition("\n")[0].strip().rstrip(".")
