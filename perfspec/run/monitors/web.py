"""One GET request, with a bound on time and size."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final

from perfspec import __version__
from perfspec.run.monitors.source import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 16 * 1024 * 1024
_SHOWN: Final = 200


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Credentials in headers go to the address that was written, and to no other."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_StayHere)


def get(url: str, headers: Mapping[str, str], timeout_s: float) -> bytes:
    """The body of an answer 2xx; raises ReadError for any other."""
    request = urllib.request.Request(  # noqa: S310  (the spec allows http and https only)
        url, headers={"User-Agent": f"perfspec/{__version__}", **headers}
    )
    try:
        with _OPENER.open(request, timeout=timeout_s) as answer:
            content: bytes = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            said = " ".join(error.read(_SHOWN).decode("utf-8", "replace").split())
        msg = f"it answered {error.code}{f': {said}' if said else ''}"
        raise ReadError(msg) from None
    except urllib.error.URLError as error:
        msg = f"it cannot be reached: {error.reason}"
        raise ReadError(msg) from None
    except TimeoutError:
        msg = f"it did not answer within {timeout_s:g}s"
        raise ReadError(msg) from None
    if len(content) > MOST_BYTES:
        msg = f"its answer is longer than {MOST_BYTES // 1024**2} MiB"
        raise ReadError(msg)
    return content
