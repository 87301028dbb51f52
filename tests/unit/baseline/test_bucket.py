"""What every bucket does as a store, here on a server that answers as Amazon's does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfspec.baseline.archive import Archive
from perfspec.baseline.store import StoreError, open_store
from perfspec.clock import SystemClock
from tests.records import small
from tests.unit.baseline.test_archive import (  # noqa: F401  (what every store does, by these)
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

if TYPE_CHECKING:
    from perfspec.baseline.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("moto")]

MORE_THAN_A_PAGE = {"s3": 1005, "gs": 105, "az": 105}  # the doubles have smaller ones
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
def address(bucket: str) -> str:
    """Of an empty bucket; the variables are set with which it is found."""
    return f"s3:{bucket}"


@pytest.fixture
def archive(address: str) -> Archive:
    return Archive(store_at(f"{address}/shop"))


def store_at(address: str) -> Store:
    return open_store(address, Path(), SystemClock())


def test_concurrent_writers_lose_nothing(address: str) -> None:
    """Six processes, five records each, at the same prefix."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, f"{address}/shop", str(number)])
        for number in range(6)
    ]
    assert [each.wait(120) for each in writers] == [0] * 6
    headers, left_out = Archive(store_at(f"{address}/shop")).headers()
    assert left_out == ()
    expected = {small(10 * writer + n).run_id for writer in range(6) for n in range(5)}
    assert {each.run_id for each in headers.values()} == expected


def test_a_prefix_is_a_store_of_its_own(address: str) -> None:
    shop, shops, whole = (store_at(f"{address}{each}") for each in ("/shop", "/shops/", ""))
    shop.write({"records/a.json": b"1", "records/b.txt": b"2"}, "")
    shops.write({"records/a.json": b"3"}, "")
    assert shop.names() == ("records/a.json",)
    assert shop.read(["records/a.json", "records/gone.json"]) == {"records/a.json": b"1"}
    assert shops.read(shops.names()) == {"records/a.json": b"3"}
    assert whole.names() == ("shop/records/a.json", "shops/records/a.json")
    assert str(shops) == f"{address}/shops"
    assert str(whole) == address


def test_many_objects_are_listed_and_removed(address: str) -> None:
    """More than one answer of the server holds; what is gone already may be removed again."""
    store = store_at(address)
    count = MORE_THAN_A_PAGE[address[:2]]
    names = tuple(f"records/{number:04}.json" for number in range(count))
    store.write(dict.fromkeys(names, b"{}"), "")
    assert store.names() == names
    store.remove((*names[:3], names[0]), "")
    store.remove(names[:5], "")
    assert store.names() == names[5:]


def test_a_bucket_that_is_not_there_is_named(address: str) -> None:
    missing = store_at(f"{address}-missing")
    said = r"-missing cannot be read: The specified (bucket|container) does not exist"
    with pytest.raises(StoreError, match=f"{said}; make the bucket, or name another one$"):
        missing.names()
    with pytest.raises(StoreError, match=said.replace("read", "written")):
        missing.write({"a.json": b""}, "")
