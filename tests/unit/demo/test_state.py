from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec.demo.accounts import Accounts
from perfspec.demo.catalogue import PAGE, SIZE, Catalogue
from perfspec.demo.newest import Newest
from perfspec.demo.orders import CART, EmptyCartError, NoCreditsError, Orders


@given(st.lists(st.integers(0, 20)), st.integers(1, 10))
def test_a_newest_mapping_keeps_the_last_ones(keys: list[int], limit: int) -> None:
    newest: Newest[int, int] = Newest(limit)
    kept: list[int] = []
    for number, key in enumerate(keys):
        newest[key] = number
        kept = (kept if key in kept else [*kept, key])[-limit:]
        assert newest[key] == number
        assert list(newest) == kept
    newest.setdefault(99, 0)
    assert list(newest) == [*kept, 99][-limit:]


def test_every_book_is_on_exactly_one_page() -> None:
    catalogue = Catalogue()
    pages = [catalogue.find("", number) for number in range(1, SIZE // PAGE + 1)]
    assert [book.id for page in pages for book in page.books] == list(range(1, SIZE + 1))
    assert catalogue.find("", SIZE).books == []
    assert catalogue.find("no such title", 1).pages == 0
    assert catalogue.find("RIVER", 1).books == catalogue.find("river", 1).books != []
    assert (catalogue.book(0), catalogue.book(SIZE + 1)) == (None, None)


def test_credits_are_used_by_paid_orders_only() -> None:
    orders, book = Orders(credits_left=1), Catalogue().book(1)
    assert book is not None
    with pytest.raises(EmptyCartError):
        orders.check_out("u1")
    orders.add("u1", book, 2)
    orders.add("u1", book, 1)
    paid = orders.check_out("u1")
    assert paid.total == round(3 * book.price, 2)
    assert orders.cart("u1").items == []
    assert orders.order("u1", paid.order_id) == paid
    assert orders.order("u2", paid.order_id) is None
    orders.add("u1", book, 1)
    with pytest.raises(NoCreditsError):
        orders.check_out("u1")
    assert len(orders.cart("u1").items) == 1


def test_a_cart_does_not_grow_for_ever() -> None:
    orders, catalogue = Orders(credits_left=None), Catalogue()
    for number in range(1, SIZE + 1):
        book = catalogue.book(number)
        assert book is not None
        orders.add("u1", book, 1)
    assert len(orders.cart("u1").items) == CART


def test_sessions_count_their_own_visits() -> None:
    accounts = Accounts(password="x", token_life_s=60)
    one, other = (accounts.open_session("a@example.com") for _ in range(2))
    accounts.visit(one)
    first, second = accounts.visit(one), accounts.visit(other)
    assert first is not None
    assert second is not None
    assert (first[1], second[1]) == (2, 1)
    assert first[0] == second[0]
    assert accounts.visit("") is None
