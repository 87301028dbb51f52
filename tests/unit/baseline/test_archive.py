"""Records are found by what makes runs comparable; what is no record is named and left out."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.baseline.archive import Archive, Comparable
from perfspec.baseline.folder import FolderStore
from perfspec.baseline.record import Acceptance, read_record
from perfspec.baseline.store import StoreError, open_store
from perfspec.clock import SystemClock
from perfspec.errors import UsageError
from tests.records import small

if TYPE_CHECKING:
    from pathlib import Path

KEY = Comparable("load", "local", "5ca1ab1e5ca1ab1e")
LATER = "2027-01-01T00:00:00+00:00"


def ids(archive: Archive, key: Comparable = KEY, most: int = 30, before: str = LATER) -> list[str]:
    return [each.run_id[-1] for each in archive.past(key, "main", most, before, "").records]


def test_nothing_is_in_an_empty_store(archive: Archive) -> None:
    assert archive.store.names() == ()
    assert archive.past(KEY, "main", 30, LATER, "").records == ()
    assert archive.headers() == ({}, ())
    assert archive.prune(3) == ()


def test_what_was_recorded_comes_back_in_the_order_of_time(archive: Archive) -> None:
    for number in (3, 1, 2):
        archive.add([small(number)])
    past = archive.past(KEY, "main", 30, LATER, "")
    assert past.records == tuple(small(number) for number in (1, 2, 3))
    assert past.left_out == ()
    headers, _ = archive.headers()
    assert [each.commit for each in headers.values()] == [f"{n:040x}" for n in (1, 2, 3)]


def test_only_comparable_runs_before_this_one_are_chosen(archive: Archive) -> None:
    archive.add([small(number) for number in range(1, 7)])
    archive.add([small(7, fingerprint="0" * 16), small(8, test="soak")])
    assert ids(archive) == list("123456")
    assert ids(archive, most=2) == list("56")
    assert ids(archive, before=small(3).time) == list("12")
    past = archive.past(KEY, "main", 30, LATER, small(6).run_id)
    assert [each.run_id[-1] for each in past.records] == list("12345")
    assert past.others == 1


def test_a_run_is_recorded_once(archive: Archive) -> None:
    names = {archive.add([small(1)]) for _ in range(2)}
    assert len(names) == len(archive.store.names()) == 1


def test_what_is_no_record_is_named_and_left_out(archive: Archive) -> None:
    archive.add([small(number) for number in range(1, 4)])
    text = jsonio.encode(small(4))
    strange = {
        "cut": text[: len(text) // 2],
        "newer": text.replace(b"perfspec/record/1", b"perfspec/record/9"),
        "empty": b"",
        "other": b'{"format": "perfspec/record/1", "run_id": 7}',
    }
    archive.store.write({f"{KEY.folder}x-{name}.json": each for name, each in strange.items()}, "x")
    past = archive.past(KEY, "main", 30, LATER, "")
    assert [each.run_id[-1] for each in past.records] == list("123")
    said = {each.partition("x-")[2].partition(".json: ")[0]: each for each in past.left_out}
    assert said.keys() == strange.keys()
    assert "of a newer perfspec" in said["newer"]
    assert all("damaged" in said[name] for name in ("cut", "empty", "other"))
    _, left_out = archive.headers()
    assert len(left_out) == len(strange)


def test_runs_of_another_branch_are_not_compared_with(archive: Archive) -> None:
    archive.add([small(number) for number in (1, 2)])
    archive.add([small(3, branch="next"), small(4, branch=None)])
    past = archive.past(KEY, "main", 2, LATER, "")
    assert [each.run_id[-1] for each in past.records] == list("24")
    assert past.elsewhere == 1
    assert [each.run_id[-1] for each in archive.past(KEY, "next", 2, LATER, "").records] == [
        "3",
        "4",
    ]


def test_a_run_that_was_recorded_twice_counts_once(archive: Archive) -> None:
    archive.add([small(1), small(2)])
    archive.add([small(2, commit="f" * 40)])
    assert len(archive.store.names()) == 3
    assert ids(archive) == list("12")


def test_damaged_records_do_not_hide_older_ones(archive: Archive) -> None:
    archive.add([small(number) for number in range(1, 4)])
    archive.store.write({f"{KEY.folder}z-{n}.json": b"" for n in range(5)}, "damage")
    assert ids(archive, most=2) == list("23")


def test_an_acceptance_begins_anew(archive: Archive) -> None:
    archive.add([small(number) for number in range(1, 4)])
    archive.accept(Acceptance(time=small(2).time, test="load", by="jo", reason="why"))
    archive.accept(Acceptance(time=small(9).time, test="soak", by="jo", reason="other"))
    assert ids(archive) == ["3"]
    assert ids(archive, before=small(2).time) == ["1"]
    accepted = archive.past(KEY, "main", 30, LATER, "").accepted
    assert accepted is not None
    assert (accepted.by, accepted.reason) == ("jo", "why")


def test_pruning_keeps_the_newest_of_each_kind(archive: Archive) -> None:
    archive.add([small(number) for number in range(1, 6)])
    archive.add([small(6, test="soak")])
    assert len(archive.prune(2)) == 3
    assert ids(archive) == list("45")
    assert ids(archive, KEY._replace(test="soak")) == ["6"]


def test_records_move_between_stores(archive: Archive, tmp_path: Path) -> None:
    other = Archive(FolderStore(tmp_path / "other"))
    archive.add([small(number) for number in (1, 2)])
    archive.accept(Acceptance(time=small(1).time, by="jo", reason="why"))
    archive.store.write({f"{KEY.folder}bad.json": b"{"}, "damage")
    copied, left_out = archive.copy_to(other)
    assert len(copied) == 3
    assert [each.partition(": ")[0] for each in left_out] == [f"{KEY.folder}bad.json"]
    assert ids(other) == ["2"]
    assert archive.copy_to(other)[0] == ()


@pytest.mark.parametrize("address", ["ftp:bucket", "git:", "baselines", ""])
def test_an_unknown_store_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write git:BRANCH, dir:PATH, s3:BUCKET/PREFIX, "):
        open_store(address, tmp_path, SystemClock())


def test_a_store_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a git repository"):
        open_store("git:baselines", tmp_path, SystemClock()).names()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read: Not a directory"):
        FolderStore(tmp_path / "file").names()
    with pytest.raises(StoreError, match="cannot be written"):
        Archive(FolderStore(tmp_path / "file")).add([small(1)])


def test_a_record_that_would_fill_the_memory_is_damaged() -> None:
    latency = small(1).series[0].latency.to_json()
    bomb = base64.b64encode(zlib.compress(bytes(2**24))).decode()
    with pytest.raises(ValueError, match="it is damaged: a histogram is larger than any can be"):
        read_record(jsonio.encode(small(1)).replace(latency.encode(), bomb.encode()))
