"""The shop as a WSGI application: find the route, work as long as it should, fail if told to."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from math import ceil
from typing import TYPE_CHECKING, Final

import gevent
from werkzeug.exceptions import HTTPException, ServiceUnavailable, TooManyRequests
from werkzeug.routing import Map, Rule

from perfspec.demo import routes_account, routes_files, routes_probe, routes_shop
from perfspec.demo.accounts import Accounts
from perfspec.demo.catalogue import Catalogue
from perfspec.demo.control import CONTROLS
from perfspec.demo.delays import Delays
from perfspec.demo.effects import RESET, Effects
from perfspec.demo.limiter import Limiter
from perfspec.demo.orders import Orders
from perfspec.demo.reports import Reports
from perfspec.demo.truth import Truth
from perfspec.demo.uploads import Uploads
from perfspec.demo.web import Incoming, Shop, View, problem, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from werkzeug.wrappers import Response

    from perfspec.demo.options import Options

ROUTES: Final[dict[str, View]] = {
    **routes_probe.ROUTES,
    **routes_account.ROUTES,
    **routes_shop.ROUTES,
    **routes_files.ROUTES,
}
UNKNOWN: Final = "(unknown)"
ROUTE_KEY: Final = "bookshop.route"
RESET_KEY: Final = "bookshop.reset"


class _ResetConnectionError(Exception):
    pass


class Bookshop:
    """One shop with its state, faults and truth; ``now`` is a monotonic clock in seconds."""

    def __init__(self, options: Options, *, now: Callable[[], float]) -> None:
        self.options = options
        self.now = now
        self.truth = Truth()
        self.requests: Counter[tuple[str, str]] = Counter()
        self.in_flight = 0
        self.effects = Effects(options.faults, seed=options.seed, now=now)
        self.shop = _open(options, now)
        self._delays = Delays(speed=options.speed, seed=options.seed)
        self._limiter = None if options.rate_limit is None else Limiter(options.rate_limit, now=now)
        self._ready_at = now() + options.start_delay
        self._routes = Map([_rule(route) for route in (*ROUTES, *CONTROLS)]).bind("127.0.0.1")

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request; a reset is left to the server by ``RESET_KEY``."""
        request = Incoming(environ)
        try:
            answer = self._answer(environ, request)
        except HTTPException as error:
            answer = problem(error, request)
        except _ResetConnectionError:
            environ[RESET_KEY] = True
            return []
        return answer(environ, start)

    def record(
        self, route: str, status: str, ns: int, *, bytes_in: int, bytes_out: int, stamped: bool
    ) -> None:
        """See ``Truth.record``."""
        self.requests[route, status] += 1
        self.truth.record(
            route, status, ns, bytes_in=bytes_in, bytes_out=bytes_out, stamped=stamped
        )

    def _answer(self, environ: WSGIEnvironment, request: Incoming) -> Response:
        environ[ROUTE_KEY] = UNKNOWN
        route, parts = self._routes.match(environ["PATH_INFO"], environ["REQUEST_METHOD"])
        request.part = parts.get("id", "")
        if route in CONTROLS:
            del environ[ROUTE_KEY]
            return CONTROLS[route](self, request)
        environ[ROUTE_KEY] = route
        self._admit(route)
        path = route.partition(" ")[2]
        with self.effects.at_work():
            self._work(route, path)
        status = self.effects.failure(path)
        if status == RESET:
            raise _ResetConnectionError
        if status is not None:
            return reply({"error": "this request was chosen to fail"}, status)
        return ROUTES[route](self.shop, request)

    def _admit(self, route: str) -> None:
        starting_s = self._ready_at - self.now()
        if starting_s > 0:
            msg = "the shop is starting"
            raise ServiceUnavailable(msg, retry_after=ceil(starting_s))
        if self._limiter is None or route == "GET /health":
            return
        wait_s = self._limiter.wait_s()
        if wait_s:
            msg = "more requests than --rate-limit"
            raise TooManyRequests(msg, retry_after=ceil(wait_s))

    def _work(self, route: str, path: str) -> None:
        self.effects.wait_for_stall()
        service_s = self.effects.service_s(path, self._delays.draw(route))
        if service_s:
            places = self.effects.places
            with nullcontext() if places is None else places:
                gevent.sleep(service_s)
        self.effects.wait_for_stall()


def _open(options: Options, now: Callable[[], float]) -> Shop:
    return Shop(
        accounts=Accounts(password=options.password, token_life_s=options.token_life),
        catalogue=Catalogue(),
        orders=Orders(credits_left=options.credits),
        uploads=Uploads(now=now),
        reports=Reports(job_s=options.job_time, now=now),
    )


def _rule(route: str) -> Rule:
    method, _, path = route.partition(" ")
    methods = None if method == "ANY" else [method]
    return Rule(path.replace("{", "<").replace("}", ">"), methods=methods, endpoint=route)
