"""One exchange as ``try`` shows it."""

from __future__ import annotations

import pytest

from perfspec.measure.trace import Exchange
from perfspec.report.trace_view import trace_lines


@pytest.mark.parametrize(
    ("latency_s", "said"), [(0.25, "ok, 250 ms, 0 B received"), (None, "ok, 0 B received")]
)
def test_what_nobody_acknowledges_took_no_time(latency_s: float | None, said: str) -> None:
    sent = Exchange(
        persona="reader", phase="journey", step="chat.ping", kind="message", method="SEND",
        url="", request_headers=[], latency_s=latency_s,
    )  # fmt: skip
    assert f"  {said}" in [text for text, _ in trace_lines(sent)]
