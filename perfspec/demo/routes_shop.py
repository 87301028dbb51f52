"""Looking for books, filling a cart, paying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from werkzeug.exceptions import Conflict, HTTPException

from perfspec.demo.orders import EmptyCartError, NoCreditsError
from perfspec.demo.web import Incoming, Shop, customer, found, reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from perfspec.demo.web import View


class Item(msgspec.Struct):
    book_id: int
    quantity: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


class PaymentRequired(HTTPException):
    code = 402
    description = "the shop's payment credits are used up"


def books(shop: Shop, request: Incoming) -> Response:
    """``?q=WORDS&page=N`` → ``{page, pages, total, books: [{id, title, author, price}]}``."""
    page = shop.catalogue.find(request.args.get("q", ""), request.number("page", 1))
    return reply(page)


def book(shop: Shop, request: Incoming) -> Response:
    """Details with an ETag: 304 when the client has them, 404 for an unknown one."""
    number = int(request.part) if request.part.isascii() and request.part.isdigit() else 0
    answer = reply(found(shop.catalogue.details(number), "book"))
    answer.cache_control.max_age = 60
    answer.add_etag()
    return answer.make_conditional(request)


def cart(shop: Shop, request: Incoming) -> Response:
    """``{items: [{book_id, quantity, price}], total}`` of the signed-in user."""
    return reply(shop.orders.cart(customer(shop, request)))


def add_to_cart(shop: Shop, request: Incoming) -> Response:
    """``{book_id, quantity}`` → 201 with the cart."""
    user = customer(shop, request)
    item = request.read(Item)
    chosen = found(shop.catalogue.book(item.book_id), "book")
    return reply(shop.orders.add(user, chosen, item.quantity), 201)


def check_out(shop: Shop, request: Incoming) -> Response:
    """201 with the order; 409 for an empty cart, 402 when the credits are used up."""
    try:
        order = shop.orders.check_out(customer(shop, request))
    except EmptyCartError:
        msg = "the cart is empty"
        raise Conflict(msg) from None
    except NoCreditsError:
        raise PaymentRequired from None
    return reply(order, 201, {"Location": f"/orders/{order.order_id}"})


def order(shop: Shop, request: Incoming) -> Response:
    """The user's own order, 404 for any other."""
    user = customer(shop, request)
    return reply(found(shop.orders.order(user, request.part), "order"))


ROUTES: Final[dict[str, View]] = {
    "GET /books": books,
    "GET /books/{id}": book,
    "GET /cart": cart,
    "POST /cart/items": add_to_cart,
    "POST /checkout": check_out,
    "GET /orders/{id}": order,
}
