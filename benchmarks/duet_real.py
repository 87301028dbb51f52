"""The duet on this machine, with the tool itself: unchanged and slowed commits of the demo target.

Each duet is a whole `perfspec duet` between two commits of a small repository, whose server is the
demo target. In the head of a slowed one GET /books, one of eight endpoints, takes longer.

    python -m benchmarks.duet_real                       50 duets of 90 s to 4 min: some two hours
    python -m benchmarks.duet_real --unchanged 1 --slowed 1 --by 0.1 --block 5s
    python -m benchmarks.duet_real --disturb             while another process takes a core by turns
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.disturbance import disturbance
from benchmarks.dots import Dot, plot
from benchmarks.gate_runs import SLOWED, SPEC
from perfspec import jsonio
from perfspec.judge.model import Verdict
from perfspec.run.folder import RunFolder

PORT = "${PORT:-18840}"
BUDGET = "+5%"  # half of the least that is to be found
SERVE = "exec python -m perfspec.demo --port $1 --seed 1 {fault}\n"


class Seen(NamedTuple):
    """One duet. ``found``: the slowed endpoint failed; ``innocent``: one failed that is as it was.

    ``change`` is that of the slowed endpoint's p50, ``seconds`` what both ran for in the end.
    """

    slower: float
    valid: bool
    found: bool
    innocent: bool
    blocks: int
    change: float | None
    seconds: float


def repository(folder: Path, users: int) -> None:
    """A commit of the shop, on ``main``."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    text = SPEC.format(port=PORT, seed=1, fault="", users=users, seconds=60, budget=BUDGET)
    command = f"python -m perfspec.demo --port {PORT} --seed 1"
    text = text.replace(command, f"sh serve.sh {PORT}")
    (folder / "perfspec.yaml").write_text(text, encoding="utf-8")
    (folder / ".gitignore").write_text(".perfspec\n", encoding="utf-8")
    commit(folder, 0.0)


def commit(folder: Path, slower: float) -> None:
    """A commit of a server that is so much slower, as a share."""
    fault = f"--fault slow:/{SLOWED}:+{slower:.0%}" if slower else ""
    (folder / "serve.sh").write_text(SERVE.format(fault=fault), encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", f"+{slower:.0%}")


def git(folder: Path, *words: str) -> None:
    """One command of git, by nobody in particular."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def duet(folder: Path, slower: float, extra: list[str]) -> Seen:
    """One duet between ``main`` and a commit on top of it."""
    git(folder, "checkout", "--quiet", "-B", "change", "main")
    commit(folder, slower)
    done = subprocess.run(
        [sys.executable, "-m", "perfspec", "duet", "--base", "main", *extra],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1, 4}:
        sys.exit(f"a duet broke ({done.returncode}):\n{done.stderr}")
    [test] = jsonio.read_json(RunFolder.latest(folder).verdict, Verdict).tests
    if test.comparison is None or test.comparison.duet is None:
        sys.exit("nothing was compared")
    failed = {each.subject.name for each in test.comparison.changes if each.outcome == "fail"}
    [mine] = [
        each
        for each in test.comparison.changes
        if (each.subject.name, each.metric.name) == (SLOWED, "p50")
    ]
    return Seen(
        slower=slower,
        valid=test.invalid is None,
        found=bool(slower) and SLOWED in failed,
        innocent=bool(failed - {SLOWED} if slower else failed),
        blocks=test.comparison.duet.blocks,
        change=mine.change,
        seconds=test.comparison.duet.blocks * test.comparison.duet.block_s,
    )


def show(seen: list[Seen]) -> None:
    """Print a table in markdown."""
    print(f"| /{SLOWED} | duets | valid | found | innocent failed | blocks | measured p50 |")
    print("| --- " * 7 + "|")
    for slower in sorted({each.slower for each in seen}):
        some = [each for each in seen if each.slower == slower]
        valid = [each for each in some if each.valid]
        changes = sorted(each.change for each in valid if each.change is not None)
        reach = f"{changes[0]:+.1%} to {changes[-1]:+.1%}" if changes else "-"
        blocks = sum(each.blocks for each in some) / len(some)
        found = str(sum(each.found for each in valid)) if slower else "-"
        innocent = sum(each.innocent for each in valid)
        what = f"+{slower:.0%}" if slower else "unchanged"
        cells = (what, len(some), len(valid), found, innocent, f"{blocks:.1f}", reach)
        print(f"| {' | '.join(map(str, cells))} |")


def main() -> None:
    """Run everything, then print a table in markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--unchanged", type=int, default=30)
    parser.add_argument("--slowed", type=int, default=20)
    parser.add_argument("--by", type=float, nargs="+", default=[0.2, 0.1], help="in turn")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--block", help="of each block, 15s unless given")
    parser.add_argument("--blocks", help="so many of them, without looks before")
    parser.add_argument("--disturb", action="store_true", help="beside a process that is busy")
    parser.add_argument("--seed", type=int, default=1, help="of the order")
    parser.add_argument("--svg", type=Path, help="where to put a plot")
    given = parser.parse_args()
    lengths = {"--block": given.block, "--blocks": given.blocks}
    extra = [word for name, value in lengths.items() if value for word in (name, value)]
    kinds = [0.0] * given.unchanged + [given.by[at % len(given.by)] for at in range(given.slowed)]
    random.Random(given.seed).shuffle(kinds)
    seen: list[Seen] = []
    with tempfile.TemporaryDirectory() as name, disturbance(wanted=given.disturb):
        repository(Path(name), given.users)
        for at, slower in enumerate(kinds, start=1):
            seen.append(duet(Path(name), slower, extra))
            print(f"{at} of {len(kinds)}: {seen[-1]}", file=sys.stderr)
    show(seen)
    if given.svg is not None:
        dots = [
            Dot(each.slower, each.change * 100, each.found or each.innocent)
            for each in seen
            if each.valid and each.change is not None
        ]
        plot(
            dots, "p50 of GET /books, head against base; filled: failed", (-10, 30), " %", given.svg
        )


if __name__ == "__main__":
    main()
