"""Why a request failed: the classes that limits, reports and diagnoses speak of."""

from __future__ import annotations

from enum import StrEnum


class ErrorClass(StrEnum):
    """One word for each kind of failure (docs/metrics.md).

    ``connect`` no connection · ``dns`` the name does not resolve · ``tls`` handshake, certificate ·
    ``reset`` the peer broke off · ``timeout`` no full answer in time · ``throttled`` 429 ·
    ``auth`` 401, 403 · ``payment`` 402 · ``client`` other 4xx · ``server`` 5xx · ``check`` a wrong
    answer: a status below 400 that was not expected, a failed expectation, a capture without a hit,
    an expression that cannot be computed · ``message`` no acknowledgement · ``generator`` our own
    side: a host that is not allowed, a request that could not be built.
    """

    CONNECT = "connect"
    DNS = "dns"
    TLS = "tls"
    RESET = "reset"
    TIMEOUT = "timeout"
    THROTTLED = "throttled"
    AUTH = "auth"
    PAYMENT = "payment"
    CLIENT = "client"
    SERVER = "server"
    CHECK = "check"
    MESSAGE = "message"
    GENERATOR = "generator"


def class_of_status(status: int) -> ErrorClass:
    """The class of a status that was not expected."""
    match status:
        case 401 | 403:
            return ErrorClass.AUTH
        case 402:
            return ErrorClass.PAYMENT
        case 429:
            return ErrorClass.THROTTLED
        case _ if status >= 500:
            return ErrorClass.SERVER
        case _:
            return ErrorClass.CLIENT if status >= 400 else ErrorClass.CHECK
