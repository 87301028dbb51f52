"""A bucket as a store, on a server that answers as Amazon's does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from perfspec.baseline.archive import Archive
from perfspec.baseline.bucket import AT_MOST, BucketStore
from perfspec.baseline.store import StoreError, open_store
from perfspec.clock import SystemClock
from perfspec.errors import UsageError
from tests.records import small
from tests.unit.baseline.test_archive import (  # noqa: F401  (what every store does, by this one)
    test_a_run_is_recorded_once,
    test_an_acceptance_begins_anew,
    test_damaged_records_do_not_hide_older_ones,
    test_nothing_is_in_an_empty_store,
    test_only_comparable_runs_before_this_one_are_chosen,
    test_pruning_keeps_the_newest_of_each_kind,
    test_records_move_between_stores,
    test_what_is_no_record_is_named_and_left_out,
    test_what_was_recorded_comes_back_in_the_order_of_time,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("moto")]

WRITER = """
import sys
from pathlib import Path
from perfspec.baseline.archive import Archive
from perfspec.baseline.store import open_store
from perfspec.clock import SystemClock
from tests.records import small
archive = Archive(open_store(sys.argv[1], Path(), SystemClock()))
for number in range(5):
    archive.add([small(10 * int(sys.argv[2]) + number)])
"""


@pytest.fixture
def archive(bucket: str) -> Archive:
    return Archive(open_store(f"s3:{bucket}/shop", Path(), SystemClock()))


def test_concurrent_writers_lose_nothing(bucket: str) -> None:
    """Six processes, five records each, at the same prefix."""
    address = f"s3:{bucket}/shop"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, address, str(number)])
        for number in range(6)
    ]
    assert [each.wait(120) for each in writers] == [0] * 6
    headers, left_out = Archive(open_store(address, Path(), SystemClock())).headers()
    assert left_out == ()
    expected = {small(10 * writer + n).run_id for writer in range(6) for n in range(5)}
    assert {each.run_id for each in headers.values()} == expected


def test_a_prefix_is_a_store_of_its_own(bucket: str) -> None:
    shop, shops, whole = (BucketStore(f"{bucket}{each}") for each in ("/shop", "/shops/", ""))
    shop.write({"records/a.json": b"1", "records/b.txt": b"2"}, "")
    shops.write({"records/a.json": b"3"}, "")
    assert shop.names() == ("records/a.json",)
    assert shop.read(["records/a.json", "records/gone.json"]) == {"records/a.json": b"1"}
    assert shops.read(shops.names()) == {"records/a.json": b"3"}
    assert whole.names() == ("shop/records/a.json", "shops/records/a.json")
    assert str(shops) == f"bucket {bucket}, shops/"


def test_many_objects_are_listed_and_removed(bucket: str) -> None:
    """More than one answer of the server holds."""
    store = BucketStore(bucket)
    names = tuple(f"records/{number:04}.json" for number in range(AT_MOST + 5))
    store.write(dict.fromkeys(names, b"{}"), "")
    assert store.names() == names
    store.remove(names[1:], "")
    assert store.names() == names[:1]


def test_what_is_wrong_is_said(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = BucketStore(f"{bucket}-missing")
    with pytest.raises(StoreError, match="missing cannot be read: The specified bucket does not"):
        missing.names()
    with pytest.raises(StoreError, match="missing cannot be written"):
        missing.write({"a.json": b""}, "")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match="cannot be read: Unable to locate credentials"):
        BucketStore(bucket).names()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(StoreError, match="cannot be reached: Invalid endpoint"):
        BucketStore(bucket).names()


def test_without_boto3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(StoreError, match=r"pip install perfspec\[aws\]"):
        BucketStore("bucket").names()


@pytest.mark.parametrize("address", ["s3:", "s3://bucket", "s3:Bucket", "s3:-b/prefix"])
def test_what_is_no_bucket_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="s3:BUCKET/PREFIX"):
        open_store(address, Path(), SystemClock())
