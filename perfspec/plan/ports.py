"""Ports that services take from variables: what lets two copies of them run side by side.

``${PORT}`` and every ``${…_PORT}`` in what a service is started with is a port of its own. Where
the environment's address, or what is asked to see whether a service is ready, has the same port, it
follows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.plan.model import Environment, Service

_NAME: Final = re.compile(r"([A-Z][A-Z0-9_]*_)?PORT")
_HOLE: Final = re.compile(rf"\$\{{({_NAME.pattern})(?::-(\d+))?\}}")


def ports_of(environment: Environment, variables: Mapping[str, str]) -> dict[str, int]:
    """The ports by the names of their variables: as they are set, or the defaults in the spec."""
    found: dict[str, int] = {}
    for service in environment.services:
        for text in (service.run, *service.variables.values()):
            for match in _HOLE.finditer(text):
                value = variables.get(match[1]) or match[3] or ""
                if value.isdigit():
                    found[match[1]] = int(value)
        for name, text in service.variables.items():
            if _NAME.fullmatch(name) and text.isdigit():
                found[name] = int(text)
    return found


def why_fixed(environment: Environment, variables: Mapping[str, str]) -> str | None:
    """Why a second copy of the services cannot run beside the first; None where it can."""
    own = f"environments.{environment.name}"
    if not environment.services:
        return f"{own} has no services, so there is no way to start two commits of them"
    port = _port(environment.url)
    if port in ports_of(environment, variables).values():
        return None
    return (
        f"the port of {own}.url ({port or 'none'}) is not one that a service takes from a variable:"
        f" write ${{PORT:-{port or 8080}}} for it there and in services.{environment.services[0].name}"
    )


def moved(
    environment: Environment, before: Mapping[str, int], after: Mapping[str, int]
) -> Environment:
    """The environment at other ports; both mappings have the same names."""
    by_port = {before[name]: after[name] for name in before}

    def there(url: str) -> str:
        port = _port(url)
        if port not in by_port:
            return url
        scheme, rest = url.split("//", 1)
        host, slash, path = rest.partition("/")
        return f"{scheme}//{host.removesuffix(f':{port}')}:{by_port[port]}{slash}{path}"

    def of_host(host: str) -> str:
        return there(f"//{host}").removeprefix("//")

    return msgspec.structs.replace(
        environment,
        url=there(environment.url),
        hosts=tuple(map(of_host, environment.hosts)),
        services=tuple(_moved(each, there, after) for each in environment.services),
    )


def _moved(service: Service, there: Callable[[str], str], after: Mapping[str, int]) -> Service:
    ready = service.ready
    if ready is not None:
        ready = msgspec.structs.replace(ready, url=there(ready.url))
    variables = {
        name: str(after[name]) if name in after and text.isdigit() else text
        for name, text in service.variables.items()
    }
    return msgspec.structs.replace(service, ready=ready, variables=variables)


def _port(url: str) -> int | None:
    """None where none is written, or it is a variable that is not put in yet."""
    try:
        return urlsplit(url).port
    except ValueError:
        return None
