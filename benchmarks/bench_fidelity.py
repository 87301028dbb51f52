"""How true the percentiles are: what generators report beside what the target itself saw.

The target (timed_target.py) delays its answers by known distributions and times each of them from
the kernel's stamp of its arrival. First each generator's saturation is looked for; then it runs at
shares of that, and its percentiles are compared with those of the same requests at the target. An
honest generator that is overloaded says so: beside its errors stands what perfspec said of itself.

The target has core 0, the generator core 1. Locust is its FastHttpUser; k6 takes part when it is on
PATH. Percentiles are those that each reports, as precise as it reports them.

    python benchmarks/bench_fidelity.py                            half of saturation
    python benchmarks/bench_fidelity.py --shares 25 50 75 100 150  and beyond
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil

from perfspec import jsonio
from perfspec.judge.model import Verdict
from perfspec.measure.model import RunResult, Window
from perfspec.plan.metrics import QUANTILES
from perfspec.report.tables import generator_text
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from perfspec.measure.model import TestResult

ENDPOINTS = ("constant", "bimodal", "heavy_tail", "slow_body")
SHOWN = {"p50": "p50", "p95": "p95", "p99": "p99", "p99_9": "p99.9"}  # ours: the target's
RAMP_S = 5
CYCLE_S = 0.05 + 0.036  # a user's mean think time and latency, to reckon users from a rate
MANY = 1500  # users that no generator can serve
SPEC = """\
perfspec: 1
name: fidelity
environments: {{ local: {{ url: "{url}" }} }}
endpoints:
  constant: {{ request: GET /constant }}
  bimodal: {{ request: GET /bimodal }}
  heavy_tail: {{ request: GET /heavy_tail }}
  slow_body: {{ request: GET /slow_body }}
personas:
  visitor:
    think: 25ms..75ms
    mix: {{ constant: 1, bimodal: 1, heavy_tail: 1, slow_body: 1 }}
tests:
  load: {{ users: {users}, duration: {seconds}s, spawn_rate: {spawn}/s, slo: {{ error_rate: 0% }} }}
"""
LOCUST = """
from locust import FastHttpUser, between, task

class Visitor(FastHttpUser):
    host = "{url}"
    wait_time = between(0.025, 0.075)
"""
LOCUST_TASK = """
    @task
    def {name}(self):
        self.client.get("/{name}", name="{name}")
"""
K6 = """
import http from "k6/http";
import {{ sleep }} from "k6";
import {{ Trend }} from "k6/metrics";

const names = {names};
const trends = Object.fromEntries(names.map((name) => [name, new Trend(name, true)]));
export const options = {{
  stages: [{{ target: {users}, duration: "{ramp}s" }}, {{ target: {users}, duration: "{hold}s" }}],
  summaryTrendStats: ["count", "p(50)", "p(95)", "p(99)", "p(99.9)"],
}};

export default function () {{
  const name = names[Math.floor(Math.random() * names.length)];
  trends[name].add(http.get("{url}/" + name).timings.duration);
  sleep(0.025 + Math.random() * 0.05);
}}
"""


@dataclass
class Found:
    """What a generator reports: seconds by endpoint and quantile, and what it says of itself."""

    latency: dict[str, dict[str, float]] = field(default_factory=dict)
    ttfb: dict[str, dict[str, float]] = field(default_factory=dict)
    said: str = "-"


@dataclass(frozen=True)
class Load:
    """One run of one generator."""

    url: str
    users: int
    seconds: int

    @property
    def spawn(self) -> int:
        """Users a second, so that connections are not all opened at once."""
        return max(1, math.ceil(self.users / RAMP_S))


def perfspec(load: Load, folder: Path) -> Found:
    """A plan of our own."""
    text = SPEC.format(url=load.url, users=load.users, seconds=load.seconds, spawn=load.spawn)
    (folder / "perfspec.yaml").write_text(text)
    call(folder, [sys.executable, "-m", "perfspec", "run"], good={0, 1, 4})
    runs = RunFolder.latest(folder)
    test = jsonio.read_json(runs.result, RunResult).tests[0]
    verdict = jsonio.read_json(runs.verdict, Verdict).tests[0]
    found = Found(said=f"{verdict.invalid or 'valid'}; {generator_text(test, verdict)}")
    for name in ENDPOINTS:
        window = total(test, name)
        found.latency[name] = quantiles(window.latency.quantile)
        found.ttfb[name] = quantiles(window.ttfb.quantile)
    return found


def total(result: TestResult, name: str) -> Window:
    """All samples of an endpoint in the whole test, as the target's truth has them."""
    found = Window(index=-1)
    for series in result.series:
        if series.key.kind == "request" and series.key.name == name:
            for window in series.windows:
                found.merge(window)
    return found


def quantiles(of: Callable[[float], float | None]) -> dict[str, float]:
    """Those that are shown, in seconds."""
    return {shown: of(QUANTILES[name]) or math.nan for name, shown in SHOWN.items()}


def locust(load: Load, folder: Path) -> Found:
    """Locust's own statistics, at its end."""
    tasks = "".join(LOCUST_TASK.format(name=name) for name in ENDPOINTS)
    (folder / "locustfile.py").write_text(LOCUST.format(url=load.url) + tasks)
    command = [sys.executable, "-m", "locust", "--headless", "--json", "--loglevel", "ERROR"]
    command += ["-u", str(load.users), "-r", str(load.spawn), "-t", f"{load.seconds}s"]
    found = Found()
    for entry in json.loads(call(folder, command, good={0})):
        times = sorted((float(ms) / 1000, n) for ms, n in entry["response_times"].items())
        found.latency[entry["name"]] = quantiles(partial(ranked, times))
    return found


def ranked(times: list[tuple[float, int]], q: float) -> float:
    """The nearest rank among values that came so often."""
    left = math.ceil(q * sum(n for _, n in times))
    for value, n in times:
        left -= n
        if left <= 0:
            return value
    return math.nan


def k6(load: Load, folder: Path) -> Found:
    """k6's summary."""
    script = K6.format(
        url=load.url,
        users=load.users,
        ramp=RAMP_S,
        hold=load.seconds - RAMP_S,
        names=json.dumps(ENDPOINTS),
    )
    (folder / "k6.js").write_text(script)
    call(folder, ["k6", "run", "--quiet", "--summary-export", "summary.json", "k6.js"], good={0})
    metrics = json.loads((folder / "summary.json").read_text())["metrics"]
    found = Found()
    for name in ENDPOINTS:
        found.latency[name] = {
            shown: metrics[name][f"p({shown[1:]})"] / 1000 for shown in SHOWN.values()
        }
    return found


GENERATORS: dict[str, Callable[[Load, Path], Found]] = {"perfspec": perfspec, "locust": locust}
if shutil.which("k6"):
    GENERATORS["k6"] = k6


def call(folder: Path, command: list[str], *, good: set[int]) -> str:
    """Its output; ends the program when it fails."""
    output = folder / "output"
    with output.open("w") as file, (folder / "errors").open("w+") as errors:
        process = psutil.Popen(command, cwd=folder, stdout=file, stderr=errors)
        while process.poll() is None:
            favour(process.children(recursive=True) or [process], core=1)
            time.sleep(0.2)
        errors.seek(0)
        if process.returncode not in good:
            sys.exit(output.read_text() + errors.read())
    return output.read_text()


def favour(processes: Iterable[psutil.Process], *, core: int) -> None:
    """Keep them on a core, where this machine has that many.

    For root they also go before what else this machine does: a generator that waits for its core is
    another measurement.
    """
    for each in processes:
        with suppress(ProcessLookupError):
            if (os.cpu_count() or 1) > 1:
                os.sched_setaffinity(each.pid, {core})
            if os.geteuid() == 0:
                os.sched_setscheduler(each.pid, os.SCHED_RR, os.sched_param(10))


@contextmanager
def target() -> Iterator[str]:
    """The address of a target in a process of its own."""
    program = [sys.executable, str(Path(__file__).with_name("timed_target.py"))]
    with psutil.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        favour([process], core=0)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def ask(url: str) -> Any:  # noqa: ANN401  (JSON)
    """The truth since it was asked last."""
    with urlopen(f"{url}/truth") as answer:
        return json.load(answer)


def measure(name: str, load: Load) -> tuple[Found, Any]:
    """What the generator reports, and the truth."""
    ask(load.url)
    with tempfile.TemporaryDirectory() as folder:
        found = GENERATORS[name](load, Path(folder))
    return found, ask(load.url)


def rate(truth: Any, load: Load) -> float:  # noqa: ANN401  (JSON)
    """Requests a second at the full number of users, of which the ramp had half on average."""
    return float(sum(seen["count"] for seen in truth.values()) / (load.seconds - RAMP_S / 2))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shares", type=int, nargs="+", default=[50], help="%% of saturation")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    return parser.parse_args()


def main() -> None:
    """Print a table for each generator and share."""
    options = parse()
    with target() as url:
        for name in options.generators:
            load = Load(url, MANY, options.seconds)
            _, truth = measure(name, load)
            most = rate(truth, load)
            print(f"{name} is saturated by {most:,.0f} requests/s", flush=True)
            for share in options.shares:
                compare(name, load, most * share / 100, share)


def compare(name: str, most: Load, wanted: float, share: int) -> None:
    """One run at that rate, and its table."""
    users = max(1, round(wanted * CYCLE_S))
    load = Load(most.url, users, most.seconds)
    found, truth = measure(name, load)
    print(f"\n{name} at {share} %: {users} users, {rate(truth, load):,.0f} requests/s")
    print(textwrap.indent(f"says of itself: {found.said}", "  "))
    print(f"  {'':24}" + "".join(f"{each:^30}" for each in SHOWN.values()))
    for endpoint in ENDPOINTS:
        seen = truth[f"/{endpoint}"]
        print(row(endpoint, found.latency[endpoint], seen["latency"]))
        if endpoint == "slow_body" and endpoint in found.ttfb:
            print(row("slow_body, first byte", found.ttfb[endpoint], seen["ttfb"]))
    sys.stdout.flush()


def row(name: str, measured: dict[str, float], true: dict[str, float]) -> str:
    """Measured, true and the error, for each quantile."""
    cells = [
        f"{ours * 1000:9.2f}{its * 1000:9.2f} ms{ours / its - 1:+7.1%}"
        for ours, its in ((measured[each], true[each]) for each in SHOWN.values())
    ]
    return f"  {name:24}" + "  ".join(cells)


if __name__ == "__main__":
    main()
