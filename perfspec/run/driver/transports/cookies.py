"""Which of a user's cookies go with a request that libcurl does not send."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HTTP_ONLY = "#HttpOnly_"  # before the domain


def cookies_for(url: str, cookies: Iterable[Sequence[str]]) -> str | None:
    """The value of the header Cookie (RFC 6265, 5.4), None where no cookie fits.

    ``cookies`` are in Netscape's format: domain, subdomains, path, secure, expires, name, value.
    """
    target = urlsplit(url)
    host, path = (target.hostname or "").lower(), target.path or "/"
    fitting = [
        each
        for each in cookies
        if _is_of(host, each[0], subdomains=each[1] == "TRUE")
        and _is_below(path, each[2])
        and (each[3] == "FALSE" or target.scheme == "https")
    ]
    fitting.sort(key=lambda each: -len(each[2]))
    return "; ".join(f"{each[5]}={each[6]}" for each in fitting) or None


def _is_of(host: str, written: str, *, subdomains: bool) -> bool:
    domain = written.removeprefix(_HTTP_ONLY).lstrip(".").lower()
    return host == domain or (subdomains and host.endswith(f".{domain}"))


def _is_below(path: str, of: str) -> bool:
    return path == of or path.startswith(of if of.endswith("/") else f"{of}/")
