"""Where the load goes once the secrets of its addresses are known: in memory, never in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from perfspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.model import Environment, Service


def own_host(url: str) -> str:
    """``host`` or ``host:port`` of a URL, without user and password."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def is_base(url: str) -> bool:
    """Whether paths can be put behind it: http or https, a host, a real port, nothing after ?."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a bracket without its other, a port that is no number or beyond 65535
        return False
    named = parts.scheme in {"http", "https"} and parts.hostname and port != 0
    return bool(named) and not {"?", "#"} & {*url}


def resolved(environment: Environment, fill: Callable[[str], str]) -> Environment:
    """The environment with ``${NAME}`` put in where addresses hold some; ``fill`` puts in.

    Raises UsageError when that makes no URL of its ``url``.
    """

    def known(text: str) -> str:
        return fill(text) if "${" in text else text

    url = known(environment.url)
    if not is_base(url):
        msg = (
            f"environments.{environment.name}.url is no URL with its variables put in: "
            f"{environment.url} must become one such as https://api.example.com"
        )
        raise UsageError(msg)
    return msgspec.structs.replace(
        environment,
        url=url,
        hosts=(own_host(url), *map(known, environment.hosts[1:])),
        services=tuple(_resolved_service(each, known) for each in environment.services),
    )


def _resolved_service(service: Service, known: Callable[[str], str]) -> Service:
    if service.ready is None:
        return service
    ready = msgspec.structs.replace(service.ready, url=known(service.ready.url))
    return msgspec.structs.replace(service, ready=ready)
