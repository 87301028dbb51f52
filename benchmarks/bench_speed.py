"""How fast perfspec sends, beside other generators that do the same: one run, one table for each.

The generators have core 0, nginx core 1, and nginx counts. Rounds are interleaved, as the speed of
a shared machine drifts: read the ratios, best those of processor time, which other work on the
machine disturbs least. wrk, hey, k6 and Artillery take part where they are on PATH.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from speed.generators import GENERATORS, Case, found
from speed.meter import Speed, TooLateError, crowd_memory, measure
from speed.tables import TITLES, memory_table, picture, speed_table
from speed.target import nginx

from perfspec.run.machine import describe_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from speed.target import Target

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PICTURE = PAGE.parent / "images" / "speed.svg"
MARKS = ("<!-- measured: speed -->", "<!-- measured until here -->")
IDLE_S = 900
FEW = 2  # cores: one for the generator, one for the target


def main() -> None:
    """Measure, print, and with ``--write`` put it into docs/benchmarks.md."""
    options = parse()
    with tempfile.TemporaryDirectory() as name, nginx(Path(name), "1") as target:
        os.sched_setaffinity(0, {1})
        bench = Bench(Path(name), target, options)
        lines = []
        for line in bench.lines():
            print(line, flush=True)
            lines.append(line)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        whole = [before + MARKS[0], "", *lines, MARKS[1] + after]
        PAGE.write_text("\n".join(whole), encoding="utf-8")
        PICTURE.write_text(picture(bench.plain), encoding="utf-8")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="measured, of each round")
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds of load before them")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--crowds", type=int, nargs="*", default=[100, 1000, 5000])
    parser.add_argument("--only", nargs="*", choices=GENERATORS, help="beside perfspec")
    parser.add_argument("--modes", nargs="*", choices=TITLES, default=list(TITLES))
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


class Bench:
    """``plain`` is what was measured without TLS, by generator."""

    def __init__(self, folder: Path, target: Target, options: argparse.Namespace) -> None:
        self.plain: dict[str, list[Speed]] = {}
        self._folder = folder
        self._target = target
        self._options = options
        only = options.only
        self._names = [each for each in found() if only is None or each in ("perfspec", *only)]

    def lines(self) -> Iterator[str]:
        """Everything, as Markdown."""
        machine = describe_machine()
        yield f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine.cpu}, {machine.cores} cores,"
        yield f"{machine.system}, Python {platform.python_version()}, Locust {machine.locust}, with"
        yield f"`{' '.join(['python', *sys.argv])}`."
        yield ""
        for mode in self._options.modes:
            speeds = self._speeds(mode)
            if mode == "plain":
                self.plain = speeds
            yield from speed_table(mode, speeds)
        if self._options.crowds:
            yield from memory_table(self._crowds())
        yield from self._two_workers()

    def _case(self, mode: str, users: int, **rest: int) -> Case:
        target = self._target
        return Case(mode, target.url(mode), target.ca, users, self._folder, **rest)

    def _speeds(self, mode: str) -> dict[str, list[Speed]]:
        case = self._case(mode, self._options.users)
        names = [each for each in self._names if mode in GENERATORS[each].modes]
        speeds: dict[str, list[Speed]] = {each: [] for each in names}
        for _ in range(self._options.rounds):
            for name in names:
                speeds[name].append(self._measure(name, case, "0"))
        return speeds

    def _measure(self, name: str, case: Case, cores: str) -> Speed:
        options, command = self._options, GENERATORS[name].command(case)
        note(f"{name}, {case.mode}")
        return measure(
            command,
            case,
            self._target,
            cores=cores,
            warm_s=options.warm_up,
            seconds=options.seconds,
        )

    def _crowds(self) -> dict[str, dict[int, float]]:
        """KB that each user costs beyond the first one."""
        crowds: dict[str, dict[int, float]] = {}
        for name in self._names:
            if not GENERATORS[name].crowds:
                continue
            alone, crowds[name] = self._memory(name, 1), {}
            for size in self._options.crowds:
                try:
                    used = self._memory(name, size) - alone
                except TooLateError:
                    break  # a dash in the table
                crowds[name][size] = used / (size - 1) / 1024
        return crowds

    def _memory(self, name: str, users: int) -> int:
        note(f"{name}, {users} users who think")
        case = self._case("plain", users, think_s=IDLE_S)
        return crowd_memory(GENERATORS[name].command(case), case, self._target, cores="0")

    def _two_workers(self) -> Iterator[str]:
        """Two against one, in neighbouring rounds; with two cores the target needs one of them."""
        one = self._case("plain", self._options.users)
        two = self._case("plain", 2 * self._options.users, workers=2)
        enough = (os.cpu_count() or 1) > FEW
        ratios = []
        for _ in range(self._options.rounds):
            alone = self._measure("perfspec", one, "0")
            both = self._measure("perfspec", two, "0,2" if enough else "0,1")
            by_cost = 2 * alone.cpu_ms / both.cpu_ms
            ratios.append(both.per_s / alone.per_s if enough else by_cost)
        middle, least, most = statistics.median(ratios), min(ratios), max(ratios)
        how = (
            "on a core of its own each"
            if enough
            else (
                "by the processor time of a request, as the target needs one of the two cores here"
            )
        )
        yield f"Two workers send {middle:.2f} [{least:.2f} to {most:.2f}] times what one sends,"
        yield f"{how}."
        yield ""


def note(text: str) -> None:
    """What goes on now."""
    print(f"… {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
