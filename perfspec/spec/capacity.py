"""How a spec writes a capacity: a number of users, and a part of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import PlainValidator

from perfspec import units
from perfspec.spec.base import read_quantity, written_as

if TYPE_CHECKING:
    from pydantic_core.core_schema import ValidationInfo

_LEVEL_FITS = "a number of users, such as 60 users"


def read_level(value: object, info: ValidationInfo) -> int:
    """Users."""
    return read_quantity(units.parse_users, value, info, 1, _LEVEL_FITS)


UserLevel = Annotated[
    int,
    PlainValidator(read_level),
    written_as(r"[0-9]{1,7} +users?", _LEVEL_FITS, ["60 users"]),
]


def read_part(value: object, info: ValidationInfo) -> float:
    """A ratio from 0 to 1, of the capacity."""
    return read_quantity(units.parse_part_of_capacity, value, info, 0.5, _PART_FITS)


_PART_FITS = "a share of it, such as 70% of capacity"
PartOfCapacity = Annotated[
    float,
    PlainValidator(read_part),
    written_as(
        r"0*(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)\s*% +of +capacity", _PART_FITS, ["70% of capacity"]
    ),
]
