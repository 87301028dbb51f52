"""A TCP or TLS connection to a host that is allowed, for protocols that libcurl does not speak.

The sockets are gevent's own: they give way to other greenlets while they wait, patched or not.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import certifi
import pycurl
from gevent import socket, ssl

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.errors import explain
from perfspec.run.driver.transports.origins import RefusedError, Resolver, check_allowed

if TYPE_CHECKING:
    from perfspec.run.driver.transports.origins import Allowed, Origin
    from perfspec.run.driver.transports.stamps import Stamps


class Dialer:
    """Opens sockets, which are stamped; each host is looked up once.

    ``open_connections`` is counted by those that have a use for it.
    """

    def __init__(self, allowed: Allowed, stamps: Stamps, *, ca_file: str | None = None) -> None:
        """``allowed`` as in ``Transport``; ``ca_file`` defaults to the machine's own bundle."""
        self.open_connections = 0
        self.stamps = stamps
        self._allowed = allowed
        self._ca_file = ca_file or ssl.get_default_verify_paths().cafile or certifi.where()
        self._tls: ssl.SSLContext | None = None
        self._resolver = Resolver()
        self._addresses: dict[Origin, list[str]] = {}

    def dial(self, origin: Origin, timeout_s: float) -> socket.socket:
        """A connected socket without a timeout of its own, over TLS for https.

        Raises RefusedError: not allowed, no address, no connection, or a wrong certificate.
        """
        check_allowed(self._allowed, origin)
        line = self._connected(origin, timeout_s)
        if origin.scheme == "http":
            return line
        try:  # a handshake within wrap_socket that is given up would leave the socket open
            line = self._context().wrap_socket(
                line, server_hostname=origin.bare_host, do_handshake_on_connect=False
            )
            line.do_handshake()
        except OSError as error:  # ssl.SSLError is one
            line.close()
            raise RefusedError(ErrorClass.TLS, f"TLS: {error}") from None
        except BaseException:
            line.close()
            raise
        return line

    def _connected(self, origin: Origin, timeout_s: float) -> socket.socket:
        number = 0
        addresses = self._look_up(origin, timeout_s)
        share_s = timeout_s / len(addresses)  # one that answers nothing leaves time for the next
        for address in addresses:
            limit = None if address == addresses[-1] else share_s
            try:
                line = socket.create_connection((address, origin.port), timeout=limit)
            except OSError as error:
                number = error.errno or 0
                continue
            line.settimeout(None)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.stamps.begin(line.fileno())
            return line
        had_socket = number not in {errno.EMFILE, errno.ENFILE}
        raise RefusedError(
            *explain(pycurl.E_COULDNT_CONNECT, "", number=number, had_socket=had_socket)
        )

    def _look_up(self, origin: Origin, timeout_s: float) -> list[str]:
        found = self._addresses.get(origin)
        if found is None:
            entry = self._resolver.find(origin, timeout_s)
            if entry is None:
                found = [origin.bare_host]
            else:
                listed = entry.removeprefix(f"{origin.host}:{origin.port}:")
                found = [each.strip("[]") for each in listed.split(",")]
            self._addresses[origin] = found
        return found

    def _context(self) -> ssl.SSLContext:
        """Made when first needed: reading the bundle takes a moment."""
        if self._tls is None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # gevent's, patched or not
            self._tls.load_verify_locations(self._ca_file)
        return self._tls
