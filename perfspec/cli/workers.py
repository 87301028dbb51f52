"""Options about workers of other machines, shared by ``run`` and ``worker``."""

from __future__ import annotations

import os
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from perfspec.cli.parsed import DURATION, Parsed
from perfspec.errors import UsageError
from perfspec.run.contracts import Remote
from perfspec.run.join import KEY, Address

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

SHORTEST_KEY = 16
LONGEST_WAIT = "2m"


ADDRESS: Final = Parsed("address", Address.parse)

wait_option = click.option(
    "--wait",
    type=DURATION,
    default=LONGEST_WAIT,
    show_default=True,
    help="How long run and workers wait for each other.",
)


_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Load processes on this machine, one for each core; 1 unless given.",
    ),
    click.option(
        "--expect-workers",
        type=click.IntRange(min=1),
        help="Load processes of other machines, instead.",
    ),
    click.option(
        "--bind",
        type=ADDRESS,
        metavar="ADDRESS",
        help="HOST or HOST:PORT of this machine, where they come.",
    ),
    wait_option,
    click.option(
        "--web",
        type=click.IntRange(1, 65535),
        metavar="PORT",
        help="Locust's web UI at this port of 127.0.0.1 while a test runs, to look at.",
    ),
)


class Chosen(NamedTuple):
    """How many load processes, and where they come when they are those of other machines.

    ``web`` is the port of Locust's web UI.
    """

    workers: int
    remote: Remote | None
    web: int | None = None


def worker_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options of ``run``; the function gets them as ``chosen``, a ``Chosen``."""

    @wraps(function)
    def wrapper(
        *args: Any,  # noqa: ANN401  (those of the function)
        workers: int | None,
        expect_workers: int | None,
        bind: Address | None,
        wait: float,
        web: int | None,
        **rest: Any,  # noqa: ANN401  (those of the function)
    ) -> int:
        chosen = _choose(workers, expect_workers, bind, wait)._replace(web=web)
        return function(*args, chosen=chosen, **rest)

    for option in reversed(_OPTIONS):
        option(wrapper)
    return wrapper


def _choose(
    workers: int | None, expected: int | None, bind: Address | None, wait_s: float
) -> Chosen:
    """Raises UsageError for options that do not go together."""
    if expected is None and bind is None:
        return Chosen(workers or 1, None)
    if expected is None or bind is None:
        msg = "--expect-workers and --bind go together: how many workers, and where they come"
        raise UsageError(msg)
    if workers is not None:
        msg = "--workers are processes of this machine: leave it out with --expect-workers"
        raise UsageError(msg)
    return Chosen(expected, Remote(bind=bind, wait_s=wait_s, key=take_key(dict(os.environ))))


def take_key(variables: MutableMapping[str, str]) -> str:
    """The key, which is no business of services, hooks or user code; raises UsageError without."""
    key = variables.pop(KEY, "")
    if len(key) < SHORTEST_KEY:
        what = "is too short" if key else "is not set"
        msg = (
            f"{KEY} {what}: plan and data travel to workers sealed with it; set it to the same"
            f" random text of {SHORTEST_KEY} characters or more here and on every worker, such as"
            " that of `openssl rand -hex 32`"
        )
        raise UsageError(msg)
    os.environ.pop(KEY, None)
    return key
