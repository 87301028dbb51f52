"""One access token for all users: OAuth 2.0 client credentials (RFC 6749, section 4.4).

The token is renewed before it ends, by one greenlet, while everybody goes on with the old one.
"""

from __future__ import annotations

from base64 import b64encode
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote_plus, urlencode

import gevent
from gevent.lock import RLock

from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass, class_of_status
from perfspec.run.driver.actor import NEVER
from perfspec.run.driver.compile.hide import is_quotable, masked_head
from perfspec.run.driver.transports.documents import decode
from perfspec.run.driver.transports.exchange import Shape

if TYPE_CHECKING:
    from perfspec.expr import Scope
    from perfspec.plan.journey import OAuth2
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.compile.judge import Wrong
    from perfspec.run.driver.transports.exchange import Response

SERIES = "oauth2.token"
TIMEOUT_S = 30.0
AGAIN_S = 1.0  # between two attempts, and how young a token is that a 401 does not replace
EARLY_SHARE, MOST_EARLY_S = 0.1, 60.0  # of its life, where `renew_before` is not written
_FORM = "Content-Type: application/x-www-form-urlencoded"


class _Token(NamedTuple):
    line: str
    since: float
    due: float
    end: float


class SharedToken:
    """The credentials of every user with the same client."""

    names: Final = frozenset[str]()
    renewable: Final = True

    def __init__(self, bench: Bench, client: OAuth2, renew_before_s: float | None) -> None:
        own = bench.plan.environment.url.rstrip("/") if client.token_url.startswith("/") else ""
        fields = {"grant_type": "client_credentials"}
        if client.scope is not None:
            fields["scope"] = _text(bench, client.scope)
        name, secret = _text(bench, client.client_id), _text(bench, client.client_secret)
        pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
        self._url = own + _text(bench, client.token_url)
        self._body = urlencode(fields).encode()
        self._headers = (_FORM, f"Authorization: Basic {b64encode(pair).decode()}")
        self._secret = secret
        self._prepared = bench.prepare(Shape(method="POST", timeout_s=TIMEOUT_S))
        self._series = bench.series("request", SERIES)
        self._bench = bench
        self._renew_before_s = renew_before_s
        self._lock = RLock()
        self._token: _Token | None = None
        self._problem = ""
        self._tried = -NEVER

    def lines(self, scope: Scope) -> tuple[str, ...]:
        """The header; waits for the first token. Raises ExpressionError where there is none."""
        _ = scope  # the same for everybody
        token, now = self._token, perf_counter()
        if token is None or now >= token.end:
            self._fetch_once(now)
            token = self._token
            if token is None or perf_counter() >= token.end:
                msg = f"no access token: {self._problem}"
                raise ExpressionError(msg)
        elif now >= token.due and self._tried <= now - AGAIN_S:
            gevent.spawn(self._fetch_once, now)
        return (token.line,)

    def captured(self, me: Actor) -> None:
        """Nothing that a step captures is of use here."""

    def renew(self, me: Actor) -> bool:
        """After a 401: True if there is another token than the refused one may have been."""
        _ = me
        began, token = perf_counter(), self._token
        if token is None or token.since < began - AGAIN_S:
            self._fetch_once(began)
        return self._token is not None

    def _fetch_once(self, now: float) -> None:
        """Fetch, unless somebody else has tried since ``now``."""
        with self._lock:
            if self._tried < now and self._tried <= perf_counter() - AGAIN_S:
                self._tried = perf_counter()
                self._fetch()

    def _fetch(self) -> None:
        session = self._bench.session()
        try:
            response = session.send(self._prepared, self._url, self._body, self._headers)
        finally:
            session.close()
        wrong = self._take(response)
        sent, received = response.bytes_sent, response.bytes_received
        sample = (response.started, response.total_us, response.ttfb_us, sent, received)
        self._series.record((*sample, response.new_connection, 0))
        if wrong is not None:
            self._problem = wrong[1]
            new = is_quotable(response) and self._series.to_quote(wrong[1])
            body = masked_head(response, [self._secret]) if new else None
            self._bench.recorder.failed(self._series, response.started, *wrong, body)

    def _take(self, response: Response) -> Wrong | None:
        if response.error is not None:
            return response.error, response.message
        if response.status != 200:
            return class_of_status(response.status), f"status {response.status}, expected 200"
        answer = decode(response.body)
        found = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(found, str):
            return ErrorClass.CHECK, "the answer holds no access_token"
        life_s = answer.get("expires_in", NEVER)
        if isinstance(life_s, bool) or not isinstance(life_s, int | float):
            return ErrorClass.CHECK, "expires_in is no number of seconds"
        early_s = self._renew_before_s
        if early_s is None:
            early_s = min(life_s * EARLY_SHARE, MOST_EARLY_S)
        since = response.started
        end = since + life_s
        self._token = _Token(f"Authorization: Bearer {found}", since, end - early_s, end)
        return None


def _text(bench: Bench, template: str) -> str:
    """What stands there once environment variables are put in; users have no say in it."""
    return bench.text(template).render({})
