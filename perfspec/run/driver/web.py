"""Locust's web UI for a test while it runs: to be looked at, from this machine, and no more.

The plan says what runs, so everything that would change it is refused. So is what a page of another
site asks for: Locust lets every site read the answers.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import gevent
from flask import abort, request
from gevent.pywsgi import WSGIServer
from locust import argument_parser
from locust.stats import stats_history

from perfspec.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from locust.env import Environment
    from locust.runners import Runner

HOST: Final = "127.0.0.1"
FORBIDDEN: Final = 403


@contextmanager
def web_ui(environment: Environment, runner: Runner, port: int | None) -> Iterator[None]:
    """Serve it at ``port``, if there is one. Raises RunError when the port is taken."""
    if port is None:
        yield
        return
    argument_parser.ui_extra_args_dict = _nothing  # it would parse the command line of this process
    app = environment.create_web_ui(HOST, port, delayed_start=True).app
    assert app is not None  # noqa: S101  (so since it was made)
    app.before_request(partial(_look_only, {f"{HOST}:{port}", f"localhost:{port}"}))
    server = WSGIServer((HOST, port), app, log=None, error_log=None)
    try:
        server.start()
    except OSError as error:
        msg = f"Locust's web UI cannot be served at {HOST}:{port}: {error.strerror or error}"
        raise RunError(msg) from None
    history = gevent.spawn(stats_history, runner)
    try:
        yield
    finally:
        history.kill()
        server.stop(timeout=1)


def _nothing(args: Any = None) -> dict[str, dict[str, Any]]:  # noqa: ANN401, ARG001  (its signature)
    return {}


def _look_only(hosts: Container[str]) -> None:
    """Pages of this host may name it as the origin of what they ask for."""
    origin = request.headers.get("Origin", request.host_url)
    foreign = request.host not in hosts or urlsplit(origin).netloc != request.host
    if request.method != "GET" or foreign:
        abort(FORBIDDEN)
