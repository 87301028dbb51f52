"""How long the shop works on a request: one log-normal distribution for each route.

Service times at ``--speed 1`` in milliseconds (``--speed 2`` halves them, ``--speed inf`` is
no delay at all). A log-normal time is ``median * exp(sigma * Z)`` with a standard normal Z,
so a quantile is ``median * exp(sigma * z)``.

| route | median | sigma | p95 | p99 |
| --- | --- | --- | --- | --- |
| POST /login | 15 | 0.3 | 24.6 | 30.1 |
| POST /auth/challenge | 5 | 0.3 | 8.2 | 10.0 |
| POST /auth/login | 15 | 0.3 | 24.6 | 30.1 |
| GET /private/session | 5 | 0.3 | 8.2 | 10.0 |
| GET /books | 12 | 0.5 | 27.3 | 38.4 |
| GET /books/{id} | 6 | 0.4 | 11.6 | 15.2 |
| GET /cart | 6 | 0.4 | 11.6 | 15.2 |
| POST /cart/items | 8 | 0.4 | 15.4 | 20.3 |
| POST /checkout | 30 | 0.6 | 80.5 | 121.1 |
| GET /orders/{id} | 8 | 0.4 | 15.4 | 20.3 |
| POST /uploads/init | 8 | 0.4 | 15.4 | 20.3 |
| PUT /objects/{id} | 10 | 0.5 | 22.8 | 32.0 |
| GET /uploads/{id} | 6 | 0.4 | 11.6 | 15.2 |
| POST /upload | 10 | 0.5 | 22.8 | 32.0 |
| POST /reports | 10 | 0.4 | 19.3 | 25.4 |
| GET /reports/{id} | 5 | 0.3 | 8.2 | 10.0 |
| POST /cbor | 5 | 0.3 | 8.2 | 10.0 |

``GET /health`` and ``/echo`` answer at once.
"""

from __future__ import annotations

from math import exp, log
from random import Random
from typing import Final, NamedTuple


class Delay(NamedTuple):
    """A log-normal distribution by its median (ms) and sigma; a median of 0 is no delay."""

    median_ms: float
    sigma: float = 0.0

    def quantile_ms(self, z: float) -> float:
        """The quantile at ``z`` standard deviations: 1.645 for p95, 2.326 for p99."""
        return self.median_ms * exp(self.sigma * z)


DELAYS: Final = {
    "GET /health": Delay(0),
    "POST /login": Delay(15, 0.3),
    "POST /auth/challenge": Delay(5, 0.3),
    "POST /auth/login": Delay(15, 0.3),
    "GET /private/session": Delay(5, 0.3),
    "GET /books": Delay(12, 0.5),
    "GET /books/{id}": Delay(6, 0.4),
    "GET /cart": Delay(6, 0.4),
    "POST /cart/items": Delay(8, 0.4),
    "POST /checkout": Delay(30, 0.6),
    "GET /orders/{id}": Delay(8, 0.4),
    "POST /uploads/init": Delay(8, 0.4),
    "PUT /objects/{id}": Delay(10, 0.5),
    "GET /uploads/{id}": Delay(6, 0.4),
    "POST /upload": Delay(10, 0.5),
    "POST /reports": Delay(10, 0.4),
    "GET /reports/{id}": Delay(5, 0.3),
    "POST /cbor": Delay(5, 0.3),
    "ANY /echo": Delay(0),
}
PATHS: Final = tuple(dict.fromkeys(route.partition(" ")[2] for route in DELAYS))


class Delays:
    """Draws service times; the same seed gives the same times in the same order of requests."""

    def __init__(self, *, speed: float, seed: int) -> None:
        self._random = Random(f"{seed} delays")  # noqa: S311  (repeatable, nothing secret)
        self._parameters = {
            route: (log(delay.median_ms / 1000 / speed), delay.sigma)
            for route, delay in DELAYS.items()
            if delay.median_ms / speed > 0
        }

    def draw(self, route: str) -> float:
        """Seconds of work for one request to ``route`` (a key of ``DELAYS``)."""
        parameters = self._parameters.get(route)
        return 0.0 if parameters is None else self._random.lognormvariate(*parameters)
