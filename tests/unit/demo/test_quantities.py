from __future__ import annotations

import pytest

from perfspec.demo.quantities import parse_duration, parse_flow, parse_rate, parse_share


def test_written_quantities_have_their_value() -> None:
    assert [parse_duration(each) for each in ("300ms", "1.5s", "60m", "1h")] == [
        0.3,
        1.5,
        3600,
        3600,
    ]
    assert parse_share("2.5%") == 0.025
    assert parse_rate("50/s") == 50
    assert parse_flow("1MB/s") == 1_000_000
    assert parse_flow("500KB/s") == 500_000


@pytest.mark.parametrize("text", ["", "10", "10 s", "-1s", "s", "1e3s", "infs", "٣s", "1s\n"])
def test_a_duration_needs_its_unit(text: str) -> None:
    with pytest.raises(ValueError, match="with a unit, such as"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["101%", "2", "%", "-1%", "nan%"])
def test_a_share_is_a_percentage(text: str) -> None:
    with pytest.raises(ValueError, match="from 0% to 100%"):
        parse_share(text)


@pytest.mark.parametrize("text", ["0/s", "50", "50/min", ""])
def test_a_rate_is_above_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="requests a second"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["0MB/s", "1MB", "1/s", ""])
def test_a_flow_is_bytes_a_second(text: str) -> None:
    with pytest.raises(ValueError, match="bytes a second"):
        parse_flow(text)
