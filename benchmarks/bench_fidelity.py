"""How true the percentiles are: those that perfspec measures beside what the target itself saw.

The demo target stamps a request when it arrives in the kernel and again when it has handed the last
byte of the answer to its socket; perfspec measures from the outside, so it can only be slower.
Users think, so that both have time to spare. The target has core 0, the load generator core 1,
where there are two. Read the ratios, beside the longest iteration of the event loop: the most that
perfspec itself may have added to a latency.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from perfspec import jsonio
from perfspec.measure.model import RunResult, Window
from perfspec.plan.metrics import QUANTILES
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.model import TestResult

ROUTES = {"find": "GET /books", "get": "GET /books/{id}", "buy": "POST /checkout"}
SHOWN = ("p50", "p95", "p99", "p99_9")
SPEC = """\
perfspec: 1
name: fidelity
environments: {{ local: {{ url: "{url}" }} }}
data: {{ readers: {{ generate: {{ email: "reader-{{001..300}}@example.com" }}, pick: unique }} }}
endpoints:
  login:
    request: POST /login
    auth: none
    json: {{ email: "{{{{ user.email }}}}", password: bookworm }}
    capture: {{ token: $.token }}
  find: {{ request: GET /books }}
  get: {{ request: GET /books/7 }}
  add:
    request: POST /cart/items
    json: {{ book_id: 7, quantity: 1 }}
    expect: {{ status: 201 }}
  buy: {{ request: POST /checkout, expect: {{ status: 201 }} }}
personas:
  buyer:
    data: readers
    auth: {{ bearer: "{{{{ token }}}}" }}
    think: {think}
    on_start: [login]
    journey: [find, get, add, buy]
tests:
  load: {{ users: {users}, duration: {seconds}s, slo: {{ error_rate: 0% }} }}
"""


def main() -> None:
    """Run the load once and print the table."""
    options = parse()
    with tempfile.TemporaryDirectory() as name, demo() as url:
        folder = Path(name)
        (folder / "perfspec.yaml").write_text(
            SPEC.format(url=url, users=options.users, seconds=options.seconds, think=options.think)
        )
        run(folder, options.workers)
        truth = ask(f"{url}/_truth")
        result = jsonio.read_json(RunFolder.latest(folder).result, RunResult)
    report(result.tests[0], truth)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--think", default="80ms..160ms")
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


def run(folder: Path, workers: int) -> None:
    """Run perfspec.yaml of the folder; ends the program when that does not pass."""
    command = [sys.executable, "-m", "perfspec", "run", "--workers", str(workers)]
    done = subprocess.run(
        [*pinned(1), *command], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def pinned(core: int) -> list[str]:
    """Words before a command that keep it on a core, where this machine has that many."""
    return ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []


@contextmanager
def demo() -> Iterator[str]:
    """The address of a demo target."""
    command = [*pinned(0), sys.executable, "-m", "perfspec.demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.terminate()


def ask(url: str) -> Any:  # noqa: ANN401  (JSON)
    """What the target answers."""
    with urlopen(Request(url)) as answer:
        return json.load(answer)


def total(result: TestResult, name: str) -> Window:
    """All samples of an endpoint in the whole test, as the target's truth has them."""
    found = Window(index=-1)
    for series in result.series:
        if series.key.kind == "request" and series.key.name == name:
            for window in series.windows:
                found.merge(window)
    return found


def report(result: TestResult, truth: Any) -> None:  # noqa: ANN401  (JSON)
    """Print what was measured beside what the target saw."""
    delay_ms = max(each.hub_delay_us for each in result.health) / 1000
    requests = sum(total(result, name).count for name in ("login", "find", "get", "add", "buy"))
    print(f"{requests / result.measured_s:.0f} requests/s, {result.overrun} cut off at the end")
    print(f"longest iteration of the event loop: {delay_ms:.2f} ms")
    print(f"\n{'endpoint':10}{'requests':>9}  {'':6}{'measured':>11}{'truth':>11}{'ratio':>8}")
    for name, route in ROUTES.items():
        window, seen = total(result, name), truth["routes"][route]
        counts = f"{window.count:9,}" if window.count == seen["count"] else "  differ!"
        for quantile in SHOWN:
            measured = window.latency.quantile(QUANTILES[quantile]) or 0.0
            true = seen["service_s"][quantile.replace("_", ".")]
            label = f"{name:10}{counts}" if quantile == SHOWN[0] else " " * 19
            times = f"{measured * 1000:8.2f} ms{true * 1000:8.2f} ms"
            print(f"{label}  {quantile:6}{times}{measured / true:8.4f}")


if __name__ == "__main__":
    main()
