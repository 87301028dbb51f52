"""Events of Socket.IO 5, as python-socketio's ``Packet`` writes them, at a third of its cost.

It looks for bytes in all arguments three times, and joins what then becomes bytes as text. The
tests compare the two; whatever is no event is left to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

_to_json = msgspec.json.Encoder().encode


def encode_event(
    arguments: Sequence[object], namespace: str, call: int | None
) -> tuple[bytes, list[bytes]]:
    """The packet and its attachments; ``call`` is the number that its acknowledgement will bear."""
    attachments: list[bytes] = []
    content = _to_json([_detached(each, attachments) for each in arguments])
    kind = f"5{len(attachments)}-" if attachments else "2"
    place = "" if namespace == "/" else f"{namespace},"
    number = "" if call is None else call
    return f"{kind}{place}{number}".encode() + content, attachments


def _detached(value: object, attachments: list[bytes]) -> object:
    """The value with a number in place of each bytes, which become attachments."""
    if isinstance(value, dict):
        return {key: _detached(each, attachments) for key, each in value.items()}
    if isinstance(value, list):
        return [_detached(each, attachments) for each in value]
    if isinstance(value, (bytes, bytearray)):
        attachments.append(cast("bytes", value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    return value
