"""Laws of histograms: error bound, exact merge, exact round trip."""

from __future__ import annotations

import base64
import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec import jsonio
from perfspec.measure.histogram import Histogram, bounds, bucket

latencies = st.lists(st.integers(0, 10**9), max_size=200)


@given(st.integers(0, 2**40))
def test_a_value_lies_in_its_bucket(us: int) -> None:
    low, high = bounds(bucket(us))
    assert low <= us < high
    assert high - low <= max(1, us / 128)


@given(latencies.filter(bool), st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]))
def test_quantiles_are_at_most_half_a_percent_off(values: list[int], q: float) -> None:
    exact = sorted(values)[max(math.ceil(round(q * len(values), 9)), 1) - 1]
    measured = Histogram.of(values).quantile(q)
    assert measured is not None
    assert measured * 1e6 == pytest.approx(exact, rel=0.004, abs=0.51)


@given(latencies, latencies)
def test_merging_is_recording_together(one: list[int], other: list[int]) -> None:
    merged = Histogram.of(one)
    merged.merge(Histogram.of(other))
    assert merged == Histogram.of(one + other)
    assert merged.count == len(one) + len(other)
    assert merged.sum_us == sum(one) + sum(other)


@given(st.lists(st.tuples(latencies, st.booleans()), max_size=4))
def test_a_total_is_recording_together_and_leaves_its_parts(
    parts: list[tuple[list[int], bool]],
) -> None:
    histograms = [Histogram.of(values) for values, _ in parts]
    for each, (_, packed) in zip(histograms, parts, strict=True):
        if packed:
            each.pack()
    total = Histogram.total(histograms)
    assert total == Histogram.of([value for values, _ in parts for value in values])
    assert total.count == sum(len(values) for values, _ in parts)
    total.add_all([1])
    for each, (values, _) in zip(histograms, parts, strict=True):
        assert each == Histogram.of(values)


@given(latencies, latencies)
def test_a_packed_one_is_the_same(one: list[int], other: list[int]) -> None:
    open_one, packed = Histogram.of(one), Histogram.of(one)
    packed.pack()
    packed.pack()
    assert packed == open_one
    assert packed.counts == open_one.counts
    assert list(packed) == list(open_one)
    assert packed.to_json() == open_one.to_json()
    assert packed.quantile(0.9) == open_one.quantile(0.9)
    assert packed.count_above(0.001) == open_one.count_above(0.001)
    total = Histogram.of(other)
    total.merge(packed)
    packed.merge(Histogram.of(other))
    assert packed == total == Histogram.of(one + other)


@given(latencies)
def test_text_brings_everything_back(values: list[int]) -> None:
    histogram = Histogram.of(values)
    back = jsonio.decode(jsonio.encode(histogram), Histogram)
    assert back == histogram
    assert back.count == histogram.count


@given(st.text())
def test_other_text_is_refused(text: str) -> None:
    try:
        back = Histogram.from_json(text)
    except ValueError:
        return
    assert Histogram.from_json(back.to_json()) == back


def test_no_value_has_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None


def varint(number: int) -> bytes:
    *low, last = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(each | 0x80 for each in low), last])


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def text_of(*numbers: int) -> str:
    return packed(b"".join(map(varint, numbers)))


def test_the_text_is_what_the_tests_below_think() -> None:
    assert Histogram.from_json(text_of(301, 200, 101, 1, 99, 1)) == Histogram.of([101, 200])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (packed(bytes(2**24)), "larger than any can be"),
        (packed(b"\x01\x01" * 2**20), "larger than any can be"),
        (packed(b"\xff" * 11), "a number of a histogram is larger than any can be"),
        (text_of(5, 5, 3, 0), "are empty"),
        (text_of(9, 5, 3, 1, 0, 1), "do not rise"),
        (text_of(9, 5, 2**40, 1), "are none"),
        (text_of(9, 5, 7296, 1), "are none"),
        (text_of(9, 5, 3, 2**32), "greater than maximum"),
        (text_of(9, 5, 3), "cut off"),
        (text_of(9), "cut off"),
        (packed(b"\x01\x81"), "cut off"),
        (base64.b64encode(zlib.compress(b"\x01\x01")[:-3]).decode(), "cut off"),
        (base64.b64encode(b"no zlib at all").decode(), "incorrect header"),
    ],
)
def test_what_no_histogram_writes_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Histogram.from_json(text)


def test_the_largest_one_comes_back() -> None:
    """Every bucket that there is, each with the largest count."""
    largest = Histogram()
    largest.counts = dict.fromkeys(range(7296), 2**32 - 1)
    largest.sum_us, largest.max_us = 2**63 - 1, 2**63 - 1
    assert bucket(2**63 - 1) == 7295
    assert Histogram.from_json(largest.to_json()) == largest
