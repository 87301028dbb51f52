"""Routes for tests and monitors: truth, faults, accounts, metrics; never delayed, never counted."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

import msgspec
import psutil
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from perfspec.demo.accounts import credentials
from perfspec.demo.effects import Effects
from perfspec.demo.web import Incoming, reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.demo.app import Bookshop

MOST_ACCOUNTS: Final = 10_000
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class NewFaults(msgspec.Struct):
    faults: list[str]


def truth(app: Bookshop, _request: Incoming) -> Response:
    """``{in_flight, faults, all, routes}``, see ``truth.Truth.report``."""
    seen = app.truth.report()
    return reply({"in_flight": app.in_flight, "faults": app.effects.written, **seen})


def reset(app: Bookshop, _request: Incoming) -> Response:
    """Forget what was seen so far; requests in flight count when they end."""
    app.truth.reset()
    return reply({"reset": True})


def show_faults(app: Bookshop, _request: Incoming) -> Response:
    """The faults in force, as they were written."""
    return reply({"faults": app.effects.written})


def change_faults(app: Bookshop, request: Incoming) -> Response:
    """Replace all faults; a malformed one changes nothing."""
    wanted = request.read(NewFaults).faults
    try:
        effects = Effects(wanted, seed=app.options.seed, now=app.now)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    app.effects.stop()
    app.effects = effects
    effects.start()
    gc.collect()  # a leak that ended gives its memory back now
    return show_faults(app, request)


def accounts(app: Bookshop, request: Incoming) -> Response:
    """``[{email, password, private_key, public_key}]`` for ``?count=N`` customers."""
    count = request.number("count", 1)
    if count > MOST_ACCOUNTS:
        msg = f"count must not be above {MOST_ACCOUNTS}"
        raise BadRequest(msg)
    password = app.options.password
    emails = (f"reader-{number:03}@example.com" for number in range(1, count + 1))
    return reply([credentials(email, password) for email in emails])


def metrics(app: Bookshop, _request: Incoming) -> Response:
    """Prometheus text; the counters go on through a reset of the truth."""
    process = psutil.Process()
    times = process.cpu_times()
    lines = ["# TYPE bookshop_requests_total counter"]
    for (route, status), count in sorted(app.requests.items()):
        lines.append(f'bookshop_requests_total{{route="{route}",status="{status}"}} {count}')
    lines += [
        "# TYPE bookshop_requests_in_flight gauge",
        f"bookshop_requests_in_flight {app.in_flight}",
        "# TYPE bookshop_instances gauge",
        f"bookshop_instances {app.effects.instances}",
        "# TYPE process_resident_memory_bytes gauge",
        f"process_resident_memory_bytes {process.memory_info().rss}",
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {times.user + times.system}",
    ]
    return Response("\n".join(lines) + "\n", content_type=_TEXT)


CONTROLS: Final[dict[str, Callable[[Bookshop, Incoming], Response]]] = {
    "GET /_truth": truth,
    "POST /_truth/reset": reset,
    "GET /_faults": show_faults,
    "POST /_faults": change_faults,
    "GET /_accounts": accounts,
    "GET /metrics": metrics,
}
