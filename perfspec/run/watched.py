"""Where monitors read once the secrets of their addresses are known: in memory, never in a file."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from perfspec.clock import SystemClock
from perfspec.expr import Tools, parse_template
from perfspec.plan.monitor import (
    CloudWatchSource,
    HttpSource,
    PostgresSource,
    PrometheusSource,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PASSWORD: Final = re.compile(r"\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")
_ANY_SOURCE: Final[Any] = Source  # a union is no type to mypy


def resolved(source: Source, variables: Mapping[str, str]) -> Source:
    """The source with ``${NAME}`` put in; raises ExpressionError for a text that is malformed."""
    tools = Tools(rng=Random(0), now=SystemClock().now)  # noqa: S311  (addresses draw nothing)

    def put(value: object) -> object:
        match value:
            case str() if "${" in value:
                return parse_template(value).compile_text(tools, variables)({})
            case dict():
                return {key: put(each) for key, each in value.items()}
            case _:
                return value

    found: Source = msgspec.convert(put(msgspec.to_builtins(source)), _ANY_SOURCE)
    return found


def address_of(source: Source) -> str | None:
    """What says where it is; empty means that there is no such thing here. None: it needs none."""
    match source:
        case PostgresSource():
            return source.dsn
        case PrometheusSource() | HttpSource():
            return source.url
        case CloudWatchSource():
            return source.region
        case _:
            return None


def secrets_in(source: Source) -> Iterator[str]:
    """Passwords in addresses and values of headers, in a ``source`` that is resolved."""
    if isinstance(source, PrometheusSource | HttpSource):
        for value in source.headers.values():
            yield value
            yield value.rpartition(" ")[2]  # without the word before a token
    address = address_of(source) or ""
    if isinstance(source, PostgresSource):
        for match in _PASSWORD.finditer(address):
            yield match[1].strip("'")
    password = urlsplit(address).password if "://" in address else None
    if password:
        yield from (password, unquote(password))
