"""Where requests may go, and the addresses of these hosts: settled before the first byte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias

from gevent import socket, spawn
from gevent.event import AsyncResult

from perfspec.measure.errors import ErrorClass

if TYPE_CHECKING:
    from collections.abc import Callable

Allowed: TypeAlias = "Callable[[str, int], bool] | frozenset[str]"

# Stricter than any URL parser: where two of them could find different hosts, there is none.
_AUTHORITY = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?"
    r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?=[/?#]|$)",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}


class RefusedError(Exception):
    """The request must not or cannot be sent; its response says ``error`` and ``str(self)``."""

    def __init__(self, error: ErrorClass, message: str) -> None:
        self.error = error
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (lower case, IPv6 in brackets) and port of a URL; equal means same origin."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Raises RefusedError for a URL whose host cannot be read without doubt."""
        match = _AUTHORITY.match(url)
        if match is None or int(match["port"] or 0) > 65_535:
            msg = "not an absolute http or https URL with a plain host name"
            raise RefusedError(ErrorClass.GENERATOR, msg)
        scheme = match["scheme"].lower()
        return cls(scheme, match["host"].lower(), int(match["port"] or _PORTS[scheme]))

    @property
    def bare_host(self) -> str:
        return self.host.strip("[]")


def beginning(url: str) -> str:
    """Scheme, host, port and the slash behind them: other URLs of the origin begin so, too.

    Empty for a URL without a path: then nothing may be concluded from it.
    """
    return url[: url.find("/", len("https://")) + 1]


def is_telling(start: str) -> bool:
    """Whether all URLs of this ``beginning`` are of one origin, and no password is in it."""
    return "@" not in start and _AUTHORITY.fullmatch(start[:-1]) is not None


def check_allowed(allowed: Allowed, origin: Origin) -> None:
    """Raises RefusedError for a host that is not the environment's own nor in ``allow_hosts``."""
    host, port = origin.bare_host, origin.port
    if callable(allowed):
        good = allowed(host, port)
    else:
        good = not allowed.isdisjoint({host, origin.host, f"{origin.host}:{port}"})
    if not good:
        shown = origin.host if port == _PORTS[origin.scheme] else f"{origin.host}:{port}"
        raise RefusedError(ErrorClass.GENERATOR, f"host {shown} is not allowed (allow_hosts)")


class Resolver:
    """One lookup for each host, however many users ask at once; libcurl never looks up itself.

    libcurl's own lookups take a thread each, some twenty at a time, and are not merged.
    """

    def __init__(self) -> None:
        self._lookups: dict[Origin, AsyncResult[str]] = {}

    def find(self, origin: Origin, timeout_s: float) -> str | None:
        """An entry for libcurl's RESOLVE, "host:port:address,…"; None for a numeric host.

        Raises RefusedError: class ``dns``, or ``timeout``. A failed lookup is not remembered.
        """
        if _is_address(origin.bare_host):
            return None
        lookup = self._lookups.get(origin)
        if lookup is None:
            lookup = self._lookups[origin] = AsyncResult()
            spawn(self._look_up, origin, lookup)
        lookup.wait(timeout_s)
        if not lookup.ready():
            msg = f"no address for {origin.host} after {timeout_s:g} s"
            raise RefusedError(ErrorClass.TIMEOUT, msg)
        if isinstance(lookup.exception, OSError):
            reason = lookup.exception.strerror or str(lookup.exception)
            msg = f"the name {origin.host} does not resolve: {reason}"
            raise RefusedError(ErrorClass.DNS, msg)
        return lookup.get()

    def _look_up(self, origin: Origin, lookup: AsyncResult[str]) -> None:
        try:
            found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            lookup.set_exception(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            addresses = dict.fromkeys(_written(str(each[4][0])) for each in found)
            lookup.set(f"{origin.host}:{origin.port}:{','.join(addresses)}")
        finally:
            del self._lookups[origin]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _written(address: str) -> str:
    return f"[{address.partition('%')[0]}]" if ":" in address else address
