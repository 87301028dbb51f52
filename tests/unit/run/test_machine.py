"""What a machine is told apart by must not differ from boot to boot."""

from __future__ import annotations

import pytest

from perfspec.run.machine import GIB, as_sold, describe_machine


@pytest.mark.parametrize(
    ("kib", "sold"), [(16_373_764, 16), (16_379_648, 16), (8_130_572, 8), (16 << 20, 16), (1, 1)]
)
def test_memory_is_told_as_it_is_sold(kib: int, sold: int) -> None:
    assert as_sold(kib << 10) == sold * GIB


def test_this_machine_is_the_same_each_time() -> None:
    found = describe_machine()
    assert found == describe_machine()
    assert found.memory % GIB == 0
    assert found.memory > 0
