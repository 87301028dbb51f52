"""Prices: what a run uses up, in money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, PlainValidator, model_validator

from perfspec import units
from perfspec.spec.base import Name, Strict, lacking, read_quantity, written_as
from perfspec.spec.levels import SeriesName

if TYPE_CHECKING:
    from pydantic_core.core_schema import ValidationInfo

_FITS = "an amount of money with its currency, such as 0.20 USD"


def read_price(value: object, info: ValidationInfo) -> units.Price:
    """An amount from 0 and its currency."""
    return read_quantity(units.parse_price, value, info, units.Price(0.0, ""), _FITS)


Price = Annotated[
    units.Price,
    PlainValidator(read_price),
    written_as(r"[0-9]+(\.[0-9]+)? +[A-Z]{3}", _FITS, ["0.20 USD", "15 EUR"]),
]


class Prices(Strict):
    """All in one currency; what has no price costs nothing."""

    generator_hour: Price | None = Field(
        None,
        description="An hour of the machines that send the load. Example: `generator_hour: 2 USD`",
    )
    ci_minute: Price | None = Field(
        None, description="A begun minute of CI. Example: `ci_minute: 0.008 USD`"
    )
    sent_gb: Price | None = Field(
        None, description="A gigabyte sent to the target. Example: `sent_gb: 0.01 USD`"
    )
    received_gb: Price | None = Field(
        None, description="A gigabyte that the target sends. Example: `received_gb: 0.09 USD`"
    )
    endpoints: dict[Name, Price] | None = Field(
        None,
        min_length=1,
        description="One request of an endpoint. Example: `endpoints: { to_audio: 0.02 USD }`",
    )
    instance_hours: dict[SeriesName, Price] | None = Field(
        None,
        min_length=1,
        description="An hour of one of the instances that a monitor counts. "
        "Example: `instance_hours: { edge.instances: 0.10 USD }`",
    )

    @model_validator(mode="after")
    def _some_price(self) -> Self:
        if not self.model_fields_set:
            text = "write a price, such as generator_hour: 2 USD"
            raise lacking(text)
        return self
