"""Where the load goes once the secrets of its addresses are known: in memory, never in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.model import Environment, Service


def own_host(url: str) -> str:
    """``host`` or ``host:port`` of a URL, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def resolved(environment: Environment, fill: Callable[[str], str]) -> Environment:
    """The environment with ``${NAME}`` put in where addresses hold some; ``fill`` puts in."""

    def known(text: str) -> str:
        return fill(text) if "${" in text else text

    url = known(environment.url)
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
