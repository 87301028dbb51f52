"""Latency histograms: log-linear buckets, at most 0.4 % off, merged exactly.

A value is a whole number of microseconds. Below 256 every value has its own bucket; above, each
power of two is cut into 128 (HdrHistogram's layout, kept sparse). Sum and maximum are exact.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUB_BITS = 7
_LINEAR = 1 << (SUB_BITS + 1)  # below it, a bucket is one microsecond wide
_MASK = (1 << SUB_BITS) - 1
_NUMBER_BITS = 63  # of a varint: what a file has that is more is no number of ours


def bucket(us: int) -> int:
    """The bucket that holds ``us`` (0 or more)."""
    shift = us.bit_length() - SUB_BITS - 1
    return us if shift <= 0 else (shift << SUB_BITS) + (us >> shift)


def bounds(key: int) -> tuple[int, int]:
    """Lowest value in a bucket and the first above it."""
    if key < _LINEAR:
        return key, key + 1
    shift = (key >> SUB_BITS) - 1
    low = ((key & _MASK) | (1 << SUB_BITS)) << shift
    return low, low + (1 << shift)


_BUCKETS = bucket((1 << _NUMBER_BITS) - 1) + 1
_MOST_BYTES = 2 * 10 + _BUCKETS * (2 + 5)  # of all varints; what inflates to more is a bomb


class Histogram:
    """Counts of values; equal histograms have equal counts, sums and maxima.

    A result holds ten thousands of them, so those that nobody adds to are kept packed: 6 bytes a
    bucket instead of 90. Adding unpacks; reading works either way.
    """

    __slots__ = ("_counts", "_packed", "count", "max_us", "sum_us")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._packed: tuple[array[int], array[int]] | None = None  # rising buckets, their counts
        self.count = 0
        self.sum_us = 0
        self.max_us = 0

    @classmethod
    def of(cls, values_us: Iterable[int]) -> Self:
        """Make one of whole microseconds."""
        histogram = cls()
        histogram.add_all(values_us)
        return histogram

    @classmethod
    def total(cls, parts: Iterable[Histogram]) -> Self:
        """All values of all parts; of many packed ones far faster than merging them by turns."""
        import numpy as np  # noqa: PLC0415  (no load process needs it)

        histogram, keys, counts = cls(), array("H"), array("I")
        known = [each for each in parts if each.count]
        for each in known:
            ranked = each._ranked  # noqa: SLF001  (one of us)
            keys.extend(ranked[0])
            counts.extend(ranked[1])
            histogram.count += each.count
            histogram.sum_us += each.sum_us
            histogram.max_us = max(histogram.max_us, each.max_us)
        if len(known) == 1:
            histogram._packed = keys, counts
        elif known:
            sums = np.bincount(np.frombuffer(keys, np.uint16), np.frombuffer(counts, np.uint32))
            found = np.flatnonzero(sums)
            histogram._packed = array("H", found.tolist()), array("I", map(int, sums[found]))
        return histogram

    @property
    def counts(self) -> dict[int, int]:
        """Buckets with their counts."""
        return self._counts if self._packed is None else dict(zip(*self._packed, strict=True))

    @counts.setter
    def counts(self, counts: dict[int, int]) -> None:
        self._counts, self._packed = counts, None

    def pack(self) -> None:
        """To be called when nothing is added for now."""
        if self._packed is None:
            self._packed, self._counts = self._ranked, {}

    @property
    def _ranked(self) -> tuple[array[int], array[int]]:
        """Rising buckets, and their counts."""
        if self._packed is not None:
            return self._packed
        ranked = sorted(self._counts)
        return array("H", ranked), array("I", map(self._counts.__getitem__, ranked))

    def _unpacked(self) -> dict[int, int]:
        if self._packed is not None:
            self.counts = self.counts
        return self._counts

    def add_all(self, values_us: Iterable[int]) -> None:
        """Record many values; equal ones are counted first, which is three times as fast."""
        values = list(values_us)
        counts = self._unpacked()
        for us, n in Counter(values).items():
            key = bucket(us)
            counts[key] = counts.get(key, 0) + n
        self.count += len(values)
        self.sum_us += sum(values)
        self.max_us = max(self.max_us, max(values, default=0))

    def merge(self, other: Histogram) -> None:
        """Add the other's counts to this one."""
        counts = self._unpacked()
        for key, n in other.items():
            counts[key] = counts.get(key, 0) + n
        self.count += other.count
        self.sum_us += other.sum_us
        self.max_us = max(self.max_us, other.max_us)

    def quantile(self, q: float) -> float | None:
        """Seconds that the share ``q`` of values does not exceed; None without values.

        The value of rank ``ceil(q * n)``, taken as the middle of its bucket (never above the
        maximum): the nearest-rank definition.
        """
        if not self.count:
            return None
        return self.at_rank(rank(q, self.count))

    def at_rank(self, wanted: int) -> float:
        """Seconds of the ``wanted``-th smallest value (from 1); the ends are clamped."""
        keys, counts = self._ranked
        at = bisect_left(list(accumulate(counts)), wanted)
        if at == len(keys):
            return self.max_us / 1e6
        low, high = bounds(keys[at])
        return min((low + high - 1) / 2, self.max_us) / 1e6

    def count_above(self, seconds: float) -> int:
        """How many values lie in buckets whose middle is above ``seconds``."""
        us = seconds * 1e6
        return sum(n for key, n in self.items() if sum(bounds(key)) - 1 > 2 * us)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Buckets in rising order with their counts."""
        return zip(*self._ranked, strict=True)

    def items(self) -> Iterable[tuple[int, int]]:
        """Buckets with their counts, in any order."""
        return self._counts.items() if self._packed is None else iter(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        mine = (self.counts, self.sum_us, self.max_us)
        return mine == (other.counts, other.sum_us, other.max_us)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Histogram(count={self.count}, max_us={self.max_us})"

    def to_json(self) -> str:
        """Compact text: varints of sum, maximum, then (step to the next bucket, count)."""
        packed = bytearray()
        _varint(packed, self.sum_us)
        _varint(packed, self.max_us)
        last = 0
        for key, n in self:
            _varint(packed, key - last)
            _varint(packed, n)
            last = key
        return base64.b64encode(zlib.compress(bytes(packed), 6)).decode()

    @classmethod
    def from_json(cls, text: object) -> Self:
        """Inverse of ``to_json``; raises ValueError for anything else."""
        if not isinstance(text, str):
            msg = "a histogram is written as text"
            raise ValueError(msg)  # noqa: TRY004  (msgspec turns it into a message with the path)
        numbers = list(_varints(_inflated(base64.b64decode(text, validate=True))))
        if len(numbers) < 2 or len(numbers) % 2:
            msg = "a histogram is cut off"
            raise ValueError(msg)
        steps, counts = numbers[2::2], numbers[3::2]
        if not all(steps[1:]) or not all(counts) or sum(steps) >= _BUCKETS:
            msg = "the buckets of a histogram are empty, do not rise, or are none"
            raise ValueError(msg)
        histogram = cls()
        histogram.sum_us, histogram.max_us = numbers[:2]
        try:
            histogram._packed = array("H", accumulate(steps)), array("I", counts)
        except OverflowError as error:
            raise ValueError(str(error)) from None
        histogram.count = sum(histogram._packed[1])
        return histogram


def rank(q: float, n: int) -> int:
    """Nearest rank of quantile ``q`` among ``n`` values, from 1."""
    wanted = -int(-q * n // 1)
    return min(max(wanted, 1), n)


def _varint(into: bytearray, number: int) -> None:
    while number > 0x7F:
        into.append(number & 0x7F | 0x80)
        number >>= 7
    into.append(number)


def _inflated(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(packed, _MOST_BYTES + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(found) > _MOST_BYTES:
        msg = "a histogram is larger than any can be"
        raise ValueError(msg)
    if not stream.eof:
        msg = "a histogram is cut off"
        raise ValueError(msg)
    return found


def _varints(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        if shift > _NUMBER_BITS:
            msg = "a number of a histogram is larger than any can be"
            raise ValueError(msg)
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
    if shift:
        msg = "a histogram is cut off"
        raise ValueError(msg)
