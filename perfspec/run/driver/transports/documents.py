"""JSON that came over the network."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Document: TypeAlias = object  # decoded JSON
NO_JSON = object()  # the document of a body that is none


def decode(body: bytes) -> Document:
    """The JSON of a body, or NO_JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NO_JSON
