"""Shares of the processors, and what is started on one of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from perfspec.run.processors import on_processors, processors, shares

ASK = [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="no such call elsewhere")


@pytest.mark.parametrize(
    ("cpus", "each"), [(range(4), 1), (range(5), 2), (range(8), 3), ((2, 5, 7, 9, 11, 13), 2)]
)
def test_shares_are_equal_and_apart_and_leave_something(cpus: range, each: int) -> None:
    found = shares(cpus)
    assert found is not None
    first, second = found
    assert len(first) == len(second) == each
    assert not first & second
    assert first | second < set(cpus)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_processors_are_not_shared(count: int) -> None:
    assert shares(range(count)) is None


@linux
def test_what_is_started_meanwhile_keeps_to_its_share() -> None:
    before = processors()
    one = frozenset({min(before)})
    with on_processors(one):
        done = subprocess.run(ASK, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(min(before))]
    assert os.sched_getaffinity(0) == before
    with on_processors(None):
        assert processors() == before
