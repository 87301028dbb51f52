"""What every model of the spec is made of: strict mappings, written quantities, shorthands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from perfspec import units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema
    from pydantic_core.core_schema import ValidationInfo

T = TypeVar("T")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_NAMED = r"\$\{[A-Za-z_][A-Za-z0-9_]*"  # a variable, up to its default
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_DURATION = rf"({_NUMBER}(ms|s|m|h|d))+"
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
CALLED_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$"


class Strict(BaseModel):
    """Base of every mapping: unknown keys are errors, ``x-`` keys are ignored."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        defer_build=True,
        allow_inf_nan=False,
        json_schema_extra={"patternProperties": {"^x-": {}}},
    )

    @model_validator(mode="before")
    @classmethod
    def _ignore_extensions(cls, value: object) -> object:
        if isinstance(value, dict) and any(str(key).startswith("x-") for key in value):
            return {key: each for key, each in value.items() if not str(key).startswith("x-")}
        return value

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """A key that may be left out may not be null: that would disarm what it names."""
        schema = handler(source)
        fields: Any = schema
        while "fields" not in fields:
            fields = fields["schema"]
        for field in fields["fields"].values():
            inner = field["schema"]
            if inner["type"] == "default" and inner["schema"]["type"] == "nullable":
                inner["schema"] = inner["schema"]["schema"]
        return schema


def substitute(text: str, variables: Mapping[str, str]) -> str | None:
    """Put ``${NAME}`` and ``${NAME:-default}`` in; None when one is missing and has no default.

    As in a shell, the default counts for a variable that is unset or empty.
    """
    missing = False

    def put(match: re.Match[str]) -> str:
        nonlocal missing
        value = variables.get(match[1])
        if match[2] is not None:
            value = value or match[2]
        missing = missing or value is None
        return value or ""

    done = VARIABLE.sub(put, text)
    return None if missing else done.replace("$${", "${")


def wrong(message: str) -> PydanticCustomError:
    """An error of ours; the braces of a message are no fields of a template."""
    return PydanticCustomError("perfspec", "{message}", {"message": message})


def unfit(message: str) -> PydanticCustomError:
    """A written quantity that is none."""
    return PydanticCustomError("perfspec_quantity", "{message}", {"message": message})


def lacking(message: str) -> PydanticCustomError:
    """Something must be there that is not: no error of its own where a part was refused."""
    return PydanticCustomError("perfspec_lacking", "{message}", {"message": message})


def read_quantity(
    parse: Callable[[str], T], value: object, info: ValidationInfo, stand_in: T, fitting: str
) -> T:
    """Read a written quantity; a variable that is not known yet counts as ``stand_in``."""
    if isinstance(value, bool) or not isinstance(value, str):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        what = f"{value!r} has no unit" if number else "this is no quantity"
        text = f"{what}: write {fitting}"
        raise unfit(text)
    if VARIABLE.search(value):
        known = substitute(value, info.context or {})
        if known is None:
            return stand_in
        value = known
    try:
        return parse(value)
    except ValueError as error:
        raise unfit(str(error)) from None


def _variable(default: str) -> str:
    """A pattern for text with a variable: one without a default, or one whose default fits."""
    return rf"(^|[^$]){_NAMED}\}}|^\s*{_NAMED}:-{default}\}}\s*$"


def written_as(pattern: str, fitting: str, examples: list[str]) -> WithJsonSchema:
    """The JSON Schema of a quantity; ``fitting`` is what an editor says of another text."""
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^\s*({pattern})\s*$|" + _variable(rf"\s*({pattern})\s*"),
            "patternErrorMessage": f"Write {fitting}",
            "examples": examples,
        }
    )


_DURATION_FITS = "a duration with its unit, such as 300ms, 2s, 5m or 1h30m"


def read_duration(value: object, info: ValidationInfo) -> float:
    """Seconds."""
    return read_quantity(units.parse_duration, value, info, 1.0, _DURATION_FITS)


Duration = Annotated[
    float,
    PlainValidator(read_duration),
    written_as(_DURATION, _DURATION_FITS, ["300ms", "2s", "5m", "1h30m"]),
]
_RANGE_FITS = "a duration or a range of durations, such as 2s or 1s..5s"


def read_range(value: object, info: ValidationInfo) -> units.Range:
    """Seconds from and to."""
    stand_in = units.Range(1.0, 1.0)
    return read_quantity(units.parse_duration_range, value, info, stand_in, _RANGE_FITS)


DurationRange = Annotated[
    units.Range,
    PlainValidator(read_range),
    written_as(rf"{_DURATION}(\.\.{_DURATION})?", _RANGE_FITS, ["2s", "1s..5s"]),
]
_SIZE_FITS = "a size with its unit, such as 500B, 50KB or 2MiB"


def read_size(value: object, info: ValidationInfo) -> int:
    """Bytes."""
    return read_quantity(units.parse_size, value, info, 1, _SIZE_FITS)


Size = Annotated[
    int,
    PlainValidator(read_size),
    written_as(rf"{_NUMBER}\s*(B|KB|MB|GB|KiB|MiB|GiB)", _SIZE_FITS, ["50KB", "2MiB"]),
]
_RATE_FITS = "a rate, such as 10/s or 600/min"


def read_rate(value: object, info: ValidationInfo) -> float:
    """Events per second."""
    return read_quantity(units.parse_rate, value, info, 1.0, _RATE_FITS)


Rate = Annotated[
    float,
    PlainValidator(read_rate),
    written_as(rf"{_NUMBER}\s*/\s*(s|min|h)", _RATE_FITS, ["10/s", "600/min"]),
]
_SHARE_FITS = "a percentage from 0% to 100%, such as 20%"


def read_share(value: object, info: ValidationInfo) -> float:
    """A ratio from 0 to 1."""
    return read_quantity(units.parse_share, value, info, 0.5, _SHARE_FITS)


Share = Annotated[
    float,
    PlainValidator(read_share),
    written_as(r"0*(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)\s*%", _SHARE_FITS, ["1%", "20%"]),
]


def read_count(value: object, info: ValidationInfo) -> object:
    """A whole number, of which pydantic checks the bounds."""
    if isinstance(value, str) and VARIABLE.search(value):
        known = substitute(value, info.context or {})
        if known is None:
            return 1
        value = int(known) if re.fullmatch(r"\s*[0-9]{1,9}\s*", known) else known
    if isinstance(value, bool) or not isinstance(value, int):
        what = repr(value) if isinstance(value, str | float) else "this"
        text = f"{what} is no whole number: write one, such as 10, or ${{NAME}}"
        raise unfit(text)
    return value


def _count(lowest: int, highest: int) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": ["integer", "string"],
            "minimum": lowest,
            "maximum": highest,
            "pattern": _variable(rf"\s*0*([{lowest}-9][0-9]{{0,5}}|1000000)\s*"),
            "patternErrorMessage": "Write a whole number or ${NAME}",
        }
    )


MAX_USERS = 1_000_000
Users = Annotated[int, Field(ge=0, le=MAX_USERS), BeforeValidator(read_count), _count(0, MAX_USERS)]
Count = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(read_count), _count(1, 1_000_000)]


def read_times(value: object) -> units.Range:
    """Whole numbers from and to."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        text = "this is no count: write a whole number or a range, such as 3 or 1..3"
        raise unfit(text)
    try:
        return units.parse_count_range(value)
    except ValueError as error:
        raise unfit(str(error)) from None


Times = Annotated[
    units.Range,
    PlainValidator(read_times),
    WithJsonSchema(
        {
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": 999_999,
            "pattern": r"^\s*[0-9]{1,6}(\.\.[0-9]{1,6})?\s*$",
            "patternErrorMessage": "Write a whole number or a range, such as 3 or 1..3",
            "examples": [3, "1..3"],
        }
    ),
]

Name = Annotated[
    str,
    Field(
        pattern=NAME_PATTERN,
        max_length=64,
        json_schema_extra={
            "patternErrorMessage": "A name is lower-case letters, digits and _, a letter first"
        },
    ),
]
CalledName = Annotated[
    str,
    Field(
        pattern=CALLED_PATTERN,
        max_length=129,
        json_schema_extra={
            "patternErrorMessage": "Write the name of an endpoint, or ENDPOINT.MESSAGE"
        },
    ),
]
"""An endpoint, or a message of one."""
Text = Annotated[str, Field(min_length=1)]
Scalar = str | int | float | bool
Weight = Annotated[float, Field(gt=0, le=1_000_000)]


def shape_of(value: object) -> str | None:
    """The tag of a union's member by what is written: ``<text>``, ``<map>`` or ``<list>``.

    Numbers and booleans are of shape ``<text>`` too, so that their message speaks of units.
    """
    match value:
        case dict() | BaseModel():
            return "<map>"
        case list() | tuple():
            return "<list>"
        case None:
            return None
        case _:
            return "<text>"


def by_shape(expected: str) -> Discriminator:
    """Choose the member of a union by ``shape_of``; ``expected`` says what may be written."""
    return Discriminator(
        shape_of, custom_error_type="perfspec", custom_error_message=f"write {expected}"
    )


def literally(*, expected: int) -> BeforeValidator:
    """Refuse ``true`` for 1 and 1 for ``true``, which are equal to Python."""

    def check(value: object) -> object:
        if isinstance(value, bool) is not isinstance(expected, bool):
            raise PydanticKnownError("literal_error", {"expected": str(expected).lower()})  # noqa: EM101  (pydantic's name of a kind)
        return value

    return BeforeValidator(check)


def only_one(model: Strict, choices: tuple[str, ...], what: str) -> str:
    """The one of ``choices`` that is written; an error that names them otherwise."""
    written = [name.rstrip("_") for name in choices if name in model.model_fields_set]
    if len(written) > 1:
        text = f"{' and '.join(written)} exclude each other: {what} has one of them"
        raise wrong(text)
    if not written:
        text = f"{what} needs one of {', '.join(name.rstrip('_') for name in choices)}"
        raise lacking(text)
    return written[0]
