"""Ports that services take from variables: what lets two copies of them run side by side.

``${PORT}`` and every ``${…_PORT}`` in what a service is started with is a port of its own. The
addresses of the environment, of endpoints and of ``ready`` follow where they have the same port.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.plan.model import Environment, Plan, Service
    from perfspec.plan.request import Endpoint

_NAME: Final = re.compile(r"([A-Z][A-Z0-9_]*_)?PORT")
_AT_PORT: Final = re.compile(r"((?:[a-z]+:)?//[^/\s]*:)(\d+)(?=/|\?|$)")
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
    first = environment.services[0].name
    return (
        f"the port of {own}.url ({port or 'none'}) is not one that a service takes from a variable:"
        f" write ${{PORT:-{port or 8080}}} for it there and in services.{first}"
    )


def moved(plan: Plan, variables: Mapping[str, str], after: Mapping[str, int]) -> Plan:
    """The plan at other ports: services, and whatever is asked at one that they had before."""
    before = ports_of(plan.environment, variables)
    by_port = {before[name]: port for name, port in after.items()}

    def there(url: str) -> str:
        found = _AT_PORT.match(url)
        if found is None or int(found[2]) not in by_port:
            return url
        return f"{found[1]}{by_port[int(found[2])]}{url[found.end() :]}"

    environment = plan.environment
    return msgspec.structs.replace(
        plan,
        environment=msgspec.structs.replace(
            environment,
            url=there(environment.url),
            hosts=tuple(there(f"//{host}")[2:] for host in environment.hosts),
            services=tuple(_moved(each, there, after) for each in environment.services),
        ),
        endpoints=tuple(_asked(each, there) for each in plan.endpoints),
        channels=tuple(
            msgspec.structs.replace(each, url=there(each.url)) for each in plan.channels
        ),
        variables=plan.variables
        | {name: str(port) for name, port in after.items() if name in plan.variables},
    )


def _asked(endpoint: Endpoint, there: Callable[[str], str]) -> Endpoint:
    poll = endpoint.poll
    if poll is not None:
        poll = msgspec.structs.replace(poll, url=there(poll.url))
    return msgspec.structs.replace(endpoint, url=there(endpoint.url), poll=poll)


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
