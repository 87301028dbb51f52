"""Records in a store: one file for each test of a run, found by what makes runs comparable.

``records/TEST/ENVIRONMENT/FINGERPRINT/RUN-HASH.json``: the path is the index, so choosing the runs
to compare with reads no other file, and two writers never want the same name for different records.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from perfspec import jsonio
from perfspec.baseline.record import Acceptance, Header, Record, read_header, read_record
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perfspec.baseline.store import Store

T = TypeVar("T")
RECORDS: Final = "records/"
ACCEPTED: Final = "accepted/"


class Comparable(NamedTuple):
    """What runs must share to be compared."""

    test: str
    environment: str
    fingerprint: str

    @property
    def folder(self) -> str:
        return f"{RECORDS}{self.test}/{self.environment}/{self.fingerprint}/"


@dataclass(frozen=True, slots=True)
class Past:
    """Records in the order of time, and a sentence for each file that is not one of them.

    ``others`` counts records of the same test and environment that measured something else,
    ``elsewhere`` those of other branches.
    """

    records: tuple[Record, ...] = ()
    left_out: tuple[str, ...] = ()
    others: int = 0
    elsewhere: int = 0
    accepted: Acceptance | None = None


class Archive:
    """All that a store holds."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add(self, records: Sequence[Record]) -> tuple[str, ...]:
        """Keep records; a record that is there already stays. Returns their names."""
        files = {}
        for each in records:
            content = jsonio.encode(each) + b"\n"
            where = Comparable(each.test, each.environment, each.fingerprint)
            files[f"{where.folder}{each.run_id}-{_hash(content)}.json"] = content
        said = ", ".join(dict.fromkeys(each.test for each in records))
        self.store.write(files, f"record {records[0].run_id}: {said}" if records else "")
        return tuple(files)

    def past(self, key: Comparable, branch: str, most: int, before: str, run_id: str) -> Past:
        """At most ``most`` comparable runs before a time (ISO 8601), since the last acceptance.

        They are of the branch, or nobody knew of which. The run itself is not one of them, and one
        that was recorded twice counts once.
        """
        names = self.store.names()
        wanted = [each for each in names if each.startswith(key.folder)]
        near = f"{RECORDS}{key.test}/{key.environment}/"
        others = sum(each.startswith(near) for each in names) - len(wanted)
        accepted = self._accepted(names, key.test, before)
        since = accepted.time if accepted else ""
        chosen: dict[str, Record] = {}
        elsewhere = 0
        left_out: list[str] = []
        newest_first = sorted(wanted, reverse=True)
        while newest_first and len(chosen) < most:
            some, newest_first = newest_first[:most], newest_first[most:]
            found, damaged = self._read(some, read_record)
            left_out += damaged
            for each in found.values():
                if since < each.time < before and each.run_id != run_id:
                    if each.branch in {None, branch}:
                        chosen.setdefault(each.run_id, each)
                    else:
                        elsewhere += 1
        records = sorted(chosen.values(), key=lambda each: (each.time, each.run_id))
        return Past(tuple(records[-most:]), tuple(left_out), others, elsewhere, accepted)

    def headers(self) -> tuple[dict[str, Header], tuple[str, ...]]:
        """Headers of all records by name, in the order of time, and what is no record."""
        names = [each for each in self.store.names() if each.startswith(RECORDS)]
        found, left_out = self._read(names, read_header)
        ordered = sorted(found.items(), key=lambda item: (item[1].time, item[0]))
        return dict(ordered), left_out

    def each_record(self, read: Callable[[Record], T]) -> tuple[dict[str, T], tuple[str, ...]]:
        """What ``read`` takes from every record, by name, and what is no record.

        Records are large: only one at a time is held as such.
        """
        names = [each for each in self.store.names() if each.startswith(RECORDS)]
        return self._read(names, lambda content: read(read_record(content)))

    def acceptances(self) -> tuple[Acceptance, ...]:
        """All of them, in the order of time."""
        names = [each for each in self.store.names() if each.startswith(ACCEPTED)]
        found, _ = self._read(names, _read_acceptance)
        return tuple(sorted(found.values(), key=lambda each: each.time))

    def get(self, name: str) -> Record | None:
        """One record by its name; raises ValueError when it is damaged."""
        content = self.store.read([name]).get(name)
        return None if content is None else read_record(content)

    def accept(self, acceptance: Acceptance) -> None:
        """Begin a new segment: what came before is no baseline any more."""
        content = jsonio.encode(acceptance) + b"\n"
        stamp = acceptance.time.replace(":", "-")
        name = f"{ACCEPTED}{stamp}-{_hash(content)}.json"
        self.store.write({name: content}, f"accept {acceptance.test or 'every test'}")

    def prune(self, keep: int) -> tuple[str, ...]:
        """Take away all but the newest ``keep`` of each kind of comparable runs."""
        kinds: dict[str, list[str]] = {}
        for name in self.store.names():
            if name.startswith(RECORDS):
                kinds.setdefault(name.rpartition("/")[0], []).append(name)
        gone = tuple(name for names in kinds.values() for name in sorted(names)[:-keep])
        if gone:
            what = counted(len(gone), "record")
            self.store.remove(gone, f"prune: {what}, {keep} of each kind are kept")
        return gone

    def copy_to(self, other: Archive) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Copy what the other does not hold: its names, and what is damaged and was left here."""
        known = set(other.store.names())
        names = [each for each in self.store.names() if each not in known]
        names = [each for each in names if each.startswith((RECORDS, ACCEPTED))]
        contents = self.store.read(names)
        records = {name: each for name, each in contents.items() if name.startswith(RECORDS)}
        _, left_out = _parsed(records, read_header)
        damaged = {each.partition(":")[0] for each in left_out}
        files = {name: each for name, each in contents.items() if name not in damaged}
        if files:
            other.store.write(files, f"import {counted(len(files), 'file')}")
        return tuple(files), left_out

    def _accepted(self, names: Iterable[str], test: str, before: str) -> Acceptance | None:
        wanted = [each for each in names if each.startswith(ACCEPTED)]
        found, _ = self._read(wanted, _read_acceptance)
        valid = [each for each in found.values() if each.test in {None, test}]
        valid = [each for each in valid if each.time < before]
        return max(valid, key=lambda each: each.time, default=None)

    def _read(
        self, names: Iterable[str], read: Callable[[bytes], T]
    ) -> tuple[dict[str, T], tuple[str, ...]]:
        return _parsed(self.store.read(names), read)


def _parsed(
    contents: Mapping[str, bytes], read: Callable[[bytes], T]
) -> tuple[dict[str, T], tuple[str, ...]]:
    found, left_out = {}, []
    for name, content in contents.items():
        try:
            found[name] = read(content)
        except ValueError as error:
            left_out.append(f"{name}: {error}")
    return found, tuple(left_out)


def _read_acceptance(content: bytes) -> Acceptance:
    try:
        return jsonio.decode(content, Acceptance)
    except msgspec.MsgspecError as error:
        msg = f"it is damaged: {error}"
        raise ValueError(msg) from None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]
