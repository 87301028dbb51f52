"""Signing in: password, Ed25519 challenge and response, cookie session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.demo.accounts import user_id
from perfspec.demo.web import Incoming, Shop, refuse, reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from perfspec.demo.web import View

COOKIE: Final = "session"


class Login(msgspec.Struct):
    email: str
    password: str


class Challenge(msgspec.Struct):
    email: str


class SignedLogin(msgspec.Struct):
    """``signature`` is base64, over the decoded bytes of the challenge."""

    email: str
    signature: str


def log_in(shop: Shop, request: Incoming) -> Response:
    """``{email, password}`` → 200 ``{token, user_id}`` and a session cookie, or 401."""
    given = request.read(Login)
    if not shop.accounts.knows(given.email, given.password):
        refuse("unknown e-mail address or wrong password")
    return _welcome(shop, given.email)


def challenge(shop: Shop, request: Incoming) -> Response:
    """``{email}`` → 200 ``{challenge}``: base64, to be signed once."""
    return reply({"challenge": shop.accounts.challenge(request.read(Challenge).email)})


def log_in_signed(shop: Shop, request: Incoming) -> Response:
    """``{email, signature}`` → like ``log_in``."""
    given = request.read(SignedLogin)
    if not shop.accounts.signed(given.email, given.signature):
        refuse("the signature fits no open challenge of this account")
    return _welcome(shop, given.email)


def session(shop: Shop, request: Incoming) -> Response:
    """With the cookie of a login: 200 ``{user_id, visits}``, else 401."""
    visit = shop.accounts.visit(request.cookies.get(COOKIE, ""))
    if visit is None:
        refuse("no session: sign in and send its cookie")
    user, visits = visit
    return reply({"user_id": user, "visits": visits})


def _welcome(shop: Shop, email: str) -> Response:
    answer = reply({"token": shop.accounts.token(email), "user_id": user_id(email)})
    answer.set_cookie(COOKIE, shop.accounts.open_session(email), httponly=True, samesite="Lax")
    return answer


ROUTES: Final[dict[str, View]] = {
    "POST /login": log_in,
    "POST /auth/challenge": challenge,
    "POST /auth/login": log_in_signed,
    "GET /private/session": session,
}
