"""The history gate on this machine, with the tool itself: unchanged and slowed runs of the demo.

Each run is a whole `perfspec run` with a target of its own that draws other service times. The
first runs become the baseline. What follows is shuffled: unchanged runs are compared and then
recorded, as merged pull requests are; in slowed ones GET /books, one of eight endpoints, takes
longer, and they are compared only. A run that would fail by its budgets runs once more by itself
before it does. Beside it stand the rules of `gate_simulation`, on the p50 and p95 of the same first
runs.

    python -m benchmarks.gate_runs --svg gate.svg      40 runs, about half an hour
    python -m benchmarks.gate_runs --disturb           while another process takes a core by turns
"""

from __future__ import annotations

import argparse
import math
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import numpy as np

from benchmarks.disturbance import disturbance
from benchmarks.dots import Dot, plot
from benchmarks.gate_simulation import OTHERS
from perfspec import jsonio
from perfspec.baseline.archive import Archive, Comparable
from perfspec.baseline.folder import FolderStore
from perfspec.judge.model import Comparison, Verdict
from perfspec.judge.panel import log_latency
from perfspec.judge.record import record_of
from perfspec.measure.model import RunResult
from perfspec.plan.model import Plan
from perfspec.run.folder import RunFolder

METRICS = ("p50", "p95")
SLOWED = "books"
SPEC = """\
perfspec: 1
name: gate
environments:
  local:
    url: http://127.0.0.1:{port}
    services:
      shop:
        run: python -m perfspec.demo --port {port} --seed {seed} {fault}
        ready: GET /health
endpoints:
  login:
    request: POST /login
    auth: none
    json: {{ email: "{{{{ user.email }}}}", password: bookworm }}
    capture: {{ token: $.token }}
  books: {{ request: GET /books, capture: {{ ids: "$.books[*].id" }} }}
  book: {{ request: "GET /books/{{id}}", path: {{ id: "{{{{ ids | random }}}}" }} }}
  cart: {{ request: GET /cart }}
  add: {{ request: POST /cart/items, json: {{ book_id: "{{{{ ids | random }}}}", quantity: 1 }} }}
  pay: {{ request: POST /checkout }}
  health: {{ request: GET /health }}
  echo: {{ request: GET /echo }}
data:
  readers: {{ generate: {{ email: "reader-{{001..200}}@example.com" }}, pick: unique }}
personas:
  reader:
    data: readers
    auth: {{ bearer: "{{{{ token }}}}" }}
    think: 50ms..100ms
    journey: [login, books, book, cart, add, pay, health, echo]
budget: {{ p50: {budget}, p95: {budget} }}
baseline: {{ store: "dir:history" }}
tests:
  load: {{ users: {users}, duration: {seconds}s, warm_up: 3s, slo: {{ error_rate: 1% }} }}
"""


class Seen(NamedTuple):
    """One run after the baseline: what each rule failed, and what it measured of the slowed one.

    ``innocent``: perfspec failed an endpoint that is as it was. ``valid`` False: nothing decided.
    """

    slower: float
    valid: bool
    failed: frozenset[str]
    innocent: bool
    p95_s: float


def measure(folder: Path, seed: int, slower: float, users: int, seconds: int) -> RunFolder:
    """One run with a new target; whatever its verdict is."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fault = f"--fault slow:/books:+{slower:.0%}" if slower else ""
    text = SPEC.format(
        port=port, seed=seed, fault=fault, users=users, seconds=seconds, budget="+10%"
    )
    (folder / "perfspec.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "perfspec", "run"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1, 4}:
        sys.exit(f"a run broke ({done.returncode}):\n{done.stderr}")
    return RunFolder.latest(folder)


def look(folder: Path, run: RunFolder, slower: float) -> Seen:
    """What the rules say of a run; the baseline holds what is before it."""
    plan, result = jsonio.read_json(run.plan, Plan), jsonio.read_json(run.result, RunResult)
    [test] = jsonio.read_json(run.verdict, Verdict).tests
    comparison = test.comparison
    if comparison is None:
        sys.exit("the run was compared with nothing")
    head = record_of(plan, plan.tests[0], result, result.tests[0])
    key = Comparable(head.test, head.environment, head.fingerprint)
    archive = Archive(FolderStore(folder / "history"))
    past = archive.past(key, "main", 30, head.time, head.run_id).records
    subjects = [each.subject for each in head.series]
    history, now = (
        np.array(
            [[[log_latency(r.find(s), m) for m in METRICS] for s in subjects] for r in records]
        )
        for records in (past, (head,))
    )
    mine = [each.name for each in subjects].index(SLOWED)
    looked_at = slice(mine, mine + 1) if slower else slice(None)
    failed = {name for name, rule in OTHERS.items() if rule(history, now[0])[looked_at].any()}
    ours = _failed(comparison)
    if SLOWED in ours or (ours and not slower):
        failed.add("perfspec")
    return Seen(
        slower=slower,
        valid=test.invalid is None and not comparison.busy,
        failed=frozenset(failed),
        innocent=bool(ours - {SLOWED} if slower else ours),
        p95_s=math.exp(now[0, mine, METRICS.index("p95")]),
    )


def _failed(comparison: Comparison) -> set[str]:
    """Names of endpoints whose latency fails."""
    failing = (each for each in comparison.changes if each.outcome == "fail")
    return {each.subject.name for each in failing if each.metric.name in METRICS}


def record(folder: Path, run: RunFolder) -> None:
    """Add it to the baseline, as the branch's own runs are."""
    command = [sys.executable, "-m", "perfspec", "baseline", "record", str(run.path.resolve())]
    subprocess.run(command, cwd=folder, check=False, capture_output=True)


def show(seen: list[Seen], baseline: int) -> None:
    """Print a table in markdown."""
    names = ("perfspec", *OTHERS)
    print(f"| after {baseline} runs | runs | valid | {' | '.join(names)} | innocent |")
    print("| --- " * (len(names) + 4) + "|")
    for slower in sorted({each.slower for each in seen}):
        some = [each for each in seen if each.slower == slower and each.valid]
        counts = Counter(name for each in some for name in each.failed)
        what = f"+{slower:.0%}" if slower else "unchanged"
        of_all = sum(each.slower == slower for each in seen)
        cells = [str(counts[name]) for name in names]
        innocent = sum(each.innocent for each in some)
        print(f"| {what} | {of_all} | {len(some)} | {' | '.join(cells)} | {innocent} |")


def main() -> None:
    """Run everything, then print a table in markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--baseline", type=int, default=10, help="runs before the first comparison")
    parser.add_argument("--unchanged", type=int, default=15)
    parser.add_argument(
        "--slowed", type=int, default=15, help="a third of them +10 %%, else +20 %%"
    )
    parser.add_argument("--seconds", type=int, default=30, help="of each run")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--disturb", action="store_true", help="beside a process that is busy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", type=Path, help="where to put a plot")
    given = parser.parse_args()
    dice = random.Random(given.seed)
    kinds = [0.0] * given.unchanged
    kinds += [0.1 if at % 3 == 0 else 0.2 for at in range(given.slowed)]
    dice.shuffle(kinds)
    seen: list[Seen] = []
    with tempfile.TemporaryDirectory() as name, disturbance(wanted=given.disturb):
        folder = Path(name)
        for at in range(given.baseline):
            record(folder, measure(folder, at, 0.0, given.users, given.seconds))
        for at, slower in enumerate(kinds, start=given.baseline):
            run = measure(folder, at, slower, given.users, given.seconds)
            seen.append(look(folder, run, slower))
            if not slower:
                record(folder, run)
            print(f"{at + 1} of {given.baseline + len(kinds)}: {seen[-1]}", file=sys.stderr)
    show(seen, given.baseline)
    if given.svg is not None:
        dots = [Dot(each.slower, each.p95_s * 1e3, "perfspec" in each.failed) for each in seen]
        most = max(each.value for each in dots) * 1.05
        plot(dots, "p95 of GET /books, run by run; filled: failed", (0, most), " ms", given.svg)


if __name__ == "__main__":
    main()
