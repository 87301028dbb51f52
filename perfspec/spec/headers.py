"""Headers of requests: what HTTP takes as a name and as a value."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

NAME_OF_HEADER: Final = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
"""A token of RFC 9110, section 5.6.2."""
ONE_LINE: Final = r"^[^\r\n\x00]*$"
"""A line break in a value would begin another header."""
HeaderName = Annotated[
    str,
    Field(
        pattern=NAME_OF_HEADER,
        json_schema_extra={"patternErrorMessage": "Write letters, digits and -, such as X-Trace"},
    ),
]
_Line = Annotated[
    str,
    Field(
        pattern=ONE_LINE,
        json_schema_extra={
            "patternErrorMessage": "Write text without line breaks, a number, true or false"
        },
    ),
]
Headers = dict[HeaderName, _Line | int | float | bool]
