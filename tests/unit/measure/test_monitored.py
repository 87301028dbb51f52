"""What a file may hold of a monitor."""

from __future__ import annotations

import msgspec
import pytest

from perfspec import jsonio
from perfspec.measure.monitored import SampledSeries


@pytest.mark.parametrize(("at_s", "values"), [("[1, 2]", "[0.5]"), ("[]", "[null]")])
def test_every_value_has_its_moment(at_s: str, values: str) -> None:
    text = f'{{"name": "cpu", "unit": "ratio", "at_s": {at_s}, "values": {values}}}'
    with pytest.raises(msgspec.ValidationError, match=r"'cpu' has 1 values at [02] moments"):
        jsonio.decode(text, SampledSeries)
