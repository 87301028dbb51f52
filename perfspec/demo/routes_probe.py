"""Routes that show what a client sent: echo, CBOR, health."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import cbor2
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Response

from perfspec.demo.web import Incoming, Shop, reply

if TYPE_CHECKING:
    from perfspec.demo.web import View

CBOR: Final = "application/cbor"
SHOWN: Final = 1000


def health(_shop: Shop, _request: Incoming) -> Response:
    """200 ``{status: ok}``, 503 during ``--start-delay``."""
    return reply({"status": "ok"})


def echo(_shop: Shop, request: Incoming) -> Response:
    """Method, path, query, headers (lower-case names) and a summary of the body."""
    body = request.get_data()
    seen = {
        "method": request.method,
        "path": request.path,
        "query": request.args.to_dict(),
        "headers": {name.lower(): value for name, value in request.headers},
        "body": {
            "size": len(body),
            "sha256": sha256(body).hexdigest(),
            "text": body[:SHOWN].decode(errors="replace"),
        },
    }
    return reply(seen)


def cbor(_shop: Shop, request: Incoming) -> Response:
    """The same value, encoded anew."""
    if request.mimetype != CBOR:
        msg = f"send Content-Type: {CBOR}"
        raise UnsupportedMediaType(msg)
    try:
        value = cbor2.loads(request.get_data())
    except (cbor2.CBORDecodeError, ValueError) as error:
        msg = f"the body is no CBOR: {error}"
        raise BadRequest(msg) from None
    return Response(cbor2.dumps(value), content_type=CBOR)


ROUTES: Final[dict[str, View]] = {
    "GET /health": health,
    "ANY /echo": echo,
    "POST /cbor": cbor,
}
