"""Runs a plan as a process of its own, to be interrupted and killed; tells its events on stdout."""

# ruff: noqa: TID251  (a process of its own)

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

from perfspec import jsonio
from perfspec.errors import PerfspecError
from perfspec.plan.model import Plan
from perfspec.run.contracts import RunOptions
from tests.runs import Events, options, run


class Printing(list[str]):
    def append(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("plan", type=Path)
    parser.add_argument("--behave", default="steady", help="real: with real load")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--largest-file", type=int, help="what a full disk is like")
    arguments = parser.parse_args()
    if arguments.largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.largest_file,) * 2)
    chosen = options(arguments.behave, workers=arguments.workers)
    if arguments.behave == "real":
        chosen = RunOptions(workers=arguments.workers)
    events = Events()
    events.seen = Printing()
    try:
        result = run(jsonio.read_json(arguments.plan, Plan), events=events, options=chosen)
    except PerfspecError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(error.exit_code)
    sys.exit(130 if result.interrupted else 0)


if __name__ == "__main__":
    main()
