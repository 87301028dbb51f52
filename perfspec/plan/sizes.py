"""How many bytes a request body has, on average, before anything is rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

import msgspec

from perfspec.plan.channel import BinaryBody
from perfspec.plan.request import (
    CborBody,
    FileBody,
    FormBody,
    JsonBody,
    MsgpackBody,
    MultipartBody,
    TextBody,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.model import FileSet
    from perfspec.plan.request import Body


def mean_body_size(body: Body | BinaryBody | None, files: Sequence[FileSet]) -> float:
    """Bytes; a file from disk counts as nothing, since the plan does not open it."""
    match body:
        case None:
            return 0.0
        case TextBody():
            return float(len(body.text))
        case JsonBody() | CborBody() | MsgpackBody():
            return _size(body.value, files)
        case FormBody():
            return _size(body.fields, files)
        case MultipartBody():
            return _size(body.parts, files) + 120.0 * len(body.parts)
        case FileBody():
            return _size(body.file, files)
        case BinaryBody():
            return _size(body.content, files)
        case _:
            assert_never(body)


def _size(value: Any, files: Sequence[FileSet]) -> float:  # noqa: ANN401  (any JSON value)
    if isinstance(value, dict):
        if set(value) == {"from"}:
            return _mean_file(str(value["from"]), files)
        return 2.0 + sum(len(str(key)) + 4 + _size(each, files) for key, each in value.items())
    if isinstance(value, list):
        return 2.0 + sum(_size(each, files) + 1 for each in value)
    return float(len(msgspec.json.encode(value)))


def _mean_file(name: str, files: Sequence[FileSet]) -> float:
    for each in files:
        if each.name == name:
            weight = sum(one.weight for one in each.classes)
            return sum((one.size or 0) * one.weight for one in each.classes) / weight
    return 0.0
