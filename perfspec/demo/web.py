"""What every route has at hand: the shop, the request, and ways to read and to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias, TypeVar

import jwt
import msgspec
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, Unauthorized
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.demo.accounts import Accounts
    from perfspec.demo.catalogue import Catalogue
    from perfspec.demo.orders import Orders
    from perfspec.demo.reports import Reports
    from perfspec.demo.uploads import Uploads

T = TypeVar("T")
MAX_BODY: Final = 64 * 2**20
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's state; one of each in a process."""

    accounts: Accounts
    catalogue: Catalogue
    orders: Orders
    uploads: Uploads
    reports: Reports


class Incoming(Request):
    """A request; ``part`` is the ``{id}`` of its path, empty where there is none."""

    max_content_length = MAX_BODY
    max_form_memory_size = MAX_BODY
    part = ""

    def read(self, kind: type[T]) -> T:
        """The JSON body as ``kind``; raises BadRequest with what is wrong."""
        try:
            return msgspec.json.decode(self.get_data(), type=kind)
        except msgspec.MsgspecError as error:
            raise BadRequest(str(error)) from None

    def number(self, name: str, default: int) -> int:
        """A whole number from 1 of the query; raises BadRequest."""
        text = self.args.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
            msg = f"{name} must be a whole number from 1"
            raise BadRequest(msg)
        return int(text)


View: TypeAlias = "Callable[[Shop, Incoming], Response]"


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as JSON."""
    body = msgspec.json.encode(value)
    return Response(body, status, headers=headers, content_type=JSON)


def problem(error: HTTPException, request: Request) -> Response:
    """An HTTP error as JSON, ``{"error": …}``, with the headers that belong to it."""
    answer = Response.force_type(error.get_response(request.environ), request.environ)
    answer.data = msgspec.json.encode({"error": error.description or error.name})
    answer.content_type = JSON
    return answer


def customer(shop: Shop, request: Incoming) -> str:
    """The user's id from the bearer token; raises Unauthorized."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        refuse("sign in first: Authorization: Bearer TOKEN")
    try:
        return shop.accounts.bearer(token.strip())
    except jwt.InvalidTokenError as error:
        refuse(str(error))


def refuse(reason: str) -> NoReturn:
    """End the request with 401 and this reason."""
    raise Unauthorized(reason, www_authenticate=WWWAuthenticate("bearer"))


def found(value: T | None, what: str) -> T:
    """``value``; raises NotFound when there is none."""
    if value is None:
        msg = f"no such {what}"
        raise NotFound(msg)
    return value
