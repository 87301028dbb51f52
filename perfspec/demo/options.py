"""The demo's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from perfspec.demo import faults
from perfspec.demo.quantities import parse_duration, parse_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Options:
    """Durations in seconds; ``upload_port`` None means that ``port`` takes uploads too."""

    port: int = 8800
    upload_port: int | None = None
    speed: float = 1.0
    seed: int = 1
    faults: tuple[str, ...] = ()
    start_delay: float = 0.0
    password: str = "bookworm"  # noqa: S107,RUF100  (a public demo password)
    token_life: float = 3600.0
    credits: int | None = None
    job_time: float = 1.0
    rate_limit: float | None = None
    log: bool = False


def parse_options(argv: Sequence[str] | None) -> Options:
    """Options from the command line; ends the process with 2 when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m perfspec.demo",
        description="A small bookshop with real state, known service times and faults on demand.",
        epilog=faults.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=_port, default=8800, help="0 takes a free one and prints it (8800)")
    add("--upload-port", type=_port, metavar="PORT", help="a second port for presigned uploads")
    add("--speed", type=_speed, default=1.0, help="2 halves service times, inf has none (1)")
    add("--seed", type=int, default=1, help="of service times and faults (1)")
    add("--fault", type=_fault, action="append", default=[], dest="faults", metavar="SPEC",
        help="see below; may be given several times")  # fmt: skip
    add("--start-delay", type=_told(parse_duration), default=0.0, metavar="DURATION",
        help="answer 503 for so long after the start")  # fmt: skip
    add("--password", default="bookworm", help="of every account (bookworm)")
    add("--token-life", type=_told(parse_duration), default=3600.0, metavar="DURATION",
        help="of bearer tokens (60m)")  # fmt: skip
    add("--credits", type=_count, metavar="N", help="checkouts answer 402 after so many")
    add("--job-time", type=_told(parse_duration), default=1.0, metavar="DURATION",
        help="of a report (1s)")  # fmt: skip
    add("--rate-limit", type=_told(parse_rate), metavar="RATE", help="such as 50/s; beyond: 429")
    add("--log", action="store_true", help="an access log on standard error")
    given = vars(parser.parse_args(argv))
    return Options(**given | {"faults": tuple(given["faults"])})


def _told(parse: Callable[[str], float]) -> Callable[[str], float]:
    """``parse`` with its reason shown by argparse, which hides a ValueError's text."""

    def told(text: str) -> float:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return told


def _fault(text: str) -> str:
    try:
        faults.parse_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        msg = f"{text!r} is no port from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        msg = f"{text!r} is no whole number from 0"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= inf:
        msg = f"{text!r} is no speed: write a number from 0.001, such as 2, or inf"
        raise argparse.ArgumentTypeError(msg)
    return speed
