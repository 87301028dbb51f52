"""Events of Socket.IO are written as python-socketio writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import EVENT, Packet

from perfspec.run.driver.transports.events import encode_event
from perfspec.run.driver.transports.socketio import _Json

leaves = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
    | st.text(max_size=20) | st.binary(max_size=20) | st.binary(max_size=5).map(bytearray)
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


class Theirs(Packet):  # type: ignore[misc]  # python-socketio has no types
    json = _Json


def theirs(arguments: list[object], namespace: str, call: int | None) -> tuple[bytes, list[bytes]]:
    written = Theirs(EVENT, arguments, namespace, call).encode()
    text, attachments = (written, []) if isinstance(written, str) else (written[0], written[1:])
    return text.encode(), attachments


@given(
    st.lists(values, max_size=3),
    st.sampled_from(["/", "/talk"]),
    st.none() | st.integers(0, 10**9),
)
def test_an_event_is_what_python_socketio_makes_of_it(
    data: list[object], namespace: str, call: int | None
) -> None:
    arguments = ["said", *data]
    assert encode_event(arguments, namespace, call) == theirs(arguments, namespace, call)


def test_bytes_become_attachments_in_reading_order() -> None:
    data = {"a": b"one", "b": [b"two", {"c": b"three"}], "d": "text"}
    text, attachments = encode_event(["said", data], "/talk", 7)
    assert attachments == [b"one", b"two", b"three"]
    assert text.startswith(b'53-/talk,7["said",')
    assert data["a"] == b"one", "what is sent is left as it was"


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        encode_event(["said", object()], "/", None)
