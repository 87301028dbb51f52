"""Carts and orders of the shop's customers."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.demo.newest import Newest

if TYPE_CHECKING:
    from perfspec.demo.catalogue import Book

CART: Final = 20
KEPT: Final = 100_000


class Line(msgspec.Struct, frozen=True):
    book_id: int
    quantity: int
    price: float


class Cart(msgspec.Struct, frozen=True):
    items: list[Line]
    total: float


class Order(msgspec.Struct, frozen=True):
    order_id: str
    user_id: str
    status: str
    items: list[Line]
    total: float


class EmptyCartError(Exception):
    """There is nothing to pay for."""


class NoCreditsError(Exception):
    """The shop's payment credits are used up."""


class Orders:
    """``credits_left`` is how many orders can still be paid; None is without end."""

    def __init__(self, *, credits_left: int | None) -> None:
        self._credits = credits_left
        self._carts: Newest[str, Newest[int, Line]] = Newest(KEPT)
        self._orders: Newest[str, Order] = Newest(KEPT)

    def add(self, user: str, book: Book, quantity: int) -> Cart:
        """Put more of a book into the cart, which keeps its 20 newest titles."""
        lines = self._carts.setdefault(user, Newest(CART))
        had = lines[book.id].quantity if book.id in lines else 0
        lines[book.id] = Line(book.id, had + quantity, book.price)
        return self.cart(user)

    def cart(self, user: str) -> Cart:
        lines = list(self._carts.get(user, {}).values())
        return Cart(items=lines, total=round(sum(x.price * x.quantity for x in lines), 2))

    def check_out(self, user: str) -> Order:
        """Turn the cart into a paid order; raises EmptyCartError or NoCreditsError."""
        cart = self.cart(user)
        if not cart.items:
            raise EmptyCartError
        if self._credits is not None:
            if self._credits == 0:
                raise NoCreditsError
            self._credits -= 1
        order = Order(token_hex(8), user, "paid", cart.items, cart.total)
        self._orders[order.order_id] = order
        del self._carts[user]
        return order

    def order(self, user: str, order_id: str) -> Order | None:
        """The user's own order, None for a foreign or an unknown one."""
        order = self._orders.get(order_id)
        return order if order is not None and order.user_id == user else None
