"""What a long run costs: memory of the processes, size of the result, time to judge it.

Requests without think time against nginx on 20 endpoints, as many as are asked for: a day's worth
in minutes. Each process is looked at by itself, in the second half of the run, when all is loaded
and caches are full. What sends may not grow; the parent and the result may grow with endpoints and
windows, of which there are at most some 1,500, and not with requests.

    python benchmarks/bench_soak.py                        half a million requests
    python benchmarks/bench_soak.py --requests 10000000    some ten minutes
    python benchmarks/bench_soak.py --workers 2            parent, master and two workers
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

import psutil

from perfspec import jsonio
from perfspec.measure.model import RunResult
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PORT = 18804
SPARE = 1.15  # of the time: the first seconds are the fastest
URL = f"http://127.0.0.1:{PORT}"
ENDPOINTS = [f"endpoint_{n:02}" for n in range(1, 21)]
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder};
  proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096; default_type application/json;
    location / {{ return 200 '{{"items": [1, 2, 3], "id": "$request_id"}}'; }}
    location = /endpoint_20 {{ return 503; }}
  }}
}}
"""
SPEC = """\
perfspec: 1
name: soak
environments: {{ local: {{ url: "{url}" }} }}
endpoints:
{endpoints}
personas:
  visitor: {{ journey: [{journey}] }}
tests:
  soak:
    users: {users}
    duration: {seconds}s
    slo: {{ p95: 10s, error_rate: 100% }}
"""
ENDPOINT = """\
  {name}:
    request: GET /{name}?q={{{{ uuid() }}}}
    expect: {{ json: {{ "$.items[0]": 1 }} }}
    capture: {{ id_{number}: $.id }}
    slo: {{ p99: 10s }}
"""
CALIBRATION_S = 6
LOOK_S = 0.25


class Look(NamedTuple):
    """Resident megabytes at a moment, by the name of the process."""

    at_s: float
    sizes: dict[str, float]


class Ran(NamedTuple):
    """A run and what its processes needed."""

    requests: int
    result: RunResult
    size: int
    looks: list[Look]


def main() -> None:
    """Find the rate, run as long as it takes, judge and report."""
    options = parse()
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)):
        folder = Path(name)
        ran = run(folder, options, options.seconds or duration(folder, options))
        judged, reported = timed(folder, "judge"), timed(folder, "report")
    report(ran, judged, reported)


def duration(folder: Path, options: argparse.Namespace) -> int:
    """Seconds, found by a short run."""
    rate = run(folder, options, CALIBRATION_S).requests / CALIBRATION_S
    seconds: int = max(20, round(SPARE * options.requests / rate))
    print(f"{rate:,.0f} requests/s: {seconds} s for {options.requests:,} requests", flush=True)
    return seconds


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--requests", type=int, default=500_000)
    length.add_argument("--seconds", type=int, help="however many requests that makes")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


def run(folder: Path, options: argparse.Namespace, seconds: int) -> Ran:
    """One run, and its processes while it lasts."""
    (folder / "perfspec.yaml").write_text(spec(options.users, seconds))
    command = ["perfspec", "run", "--workers", str(options.workers)]
    looks: list[Look] = []
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(
            [*on_core(1), sys.executable, "-m", *command],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        began = time.monotonic()
        while process.poll() is None:
            looks.append(Look(time.monotonic() - began, memory(process.pid)))
            time.sleep(LOOK_S)
        if process.returncode not in {0, 4}:
            output.seek(0)
            sys.exit(output.read())
    latest = RunFolder.latest(folder)
    result = jsonio.read_json(latest.result, RunResult)
    series = result.tests[0].series
    requests = sum(
        window.count for each in series if each.key.kind == "request" for window in each.windows
    )
    return Ran(requests, result, latest.result.stat().st_size, looks)


def spec(users: int, seconds: int) -> str:
    """Twenty endpoints, one of which always fails."""
    endpoints = "".join(ENDPOINT.format(name=name, number=name[-2:]) for name in ENDPOINTS)
    return SPEC.format(
        url=URL,
        endpoints=endpoints,
        journey=", ".join(ENDPOINTS),
        users=users,
        seconds=seconds,
    )


def memory(pid: int) -> dict[str, float]:
    """Megabytes of the parent and of each process that belongs to the load; empty when it ends."""
    found = {}
    try:
        parent = psutil.Process(pid)
        found["parent"] = parent.memory_info().rss / 1e6
        for each in sorted(parent.children(recursive=True), key=lambda child: child.pid):
            words = each.cmdline()
            if "perfspec.run.driver" in words:
                found[role(words, found)] = each.memory_info().rss / 1e6
    except psutil.NoSuchProcess:
        return {}
    return found


def role(words: list[str], others: Collection[str]) -> str:
    """What a process of the load is called by its command line: the only one, or one of several."""
    if "--worker" in words:
        return f"worker {1 + sum(each.startswith('worker') for each in others)}"
    return "master" if "--workers" in words else "load"


def timed(folder: Path, command: str) -> float:
    """Seconds of processor time that a command takes with the last run."""
    before = os.times()
    subprocess.run(
        [*on_core(1), sys.executable, "-m", "perfspec", command],
        cwd=folder,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def report(ran: Ran, judged: float, reported: float) -> None:
    """Tenths of the run, and what is left of it."""
    test = ran.result.tests[0]
    names = max((each.sizes for each in ran.looks), key=len)
    looks = [each for each in ran.looks if each.sizes.keys() == names.keys()]
    ended_s = looks[-1].at_s  # of the load; what is before its beginning is the start of the rest
    during = [each.sizes for each in looks if ended_s - each.at_s < test.measured_s]
    tenths = [
        {name: median(each[name] for each in part) for name in names} for part in cut(during, 10)
    ]
    print(f"\n{ran.requests:,} requests in {test.measured_s:.0f} s, status {test.status}")
    heads = "".join(f"{name:>12}" for name in names)
    print(f"\n{'tenth':>6}{heads}   MB resident (median)")
    for number, sizes in enumerate(tenths, 1):
        print(f"{number:6}{''.join(f'{size:12.1f}' for size in sizes.values())}")
    windows = len(test.edges) - 1
    for name in names:
        growth = (tenths[9][name] - tenths[4][name]) / windows * 2 * 1000
        print(f"{name}: {growth:+.0f} KB a window in the second half")
    cells = sum(len(each.windows) for each in test.series)
    print(
        f"\nresult.json: {ran.size / 1e6:.2f} MB, {len(test.series)} series in {windows} windows,"
        f" {ran.size / max(cells, 1):.0f} bytes for each of {cells:,} cells"
    )
    print(f"perfspec judge: {judged:.1f} s of processor time, perfspec report: {reported:.1f} s")


def cut(looks: list[dict[str, float]], parts: int) -> list[list[dict[str, float]]]:
    """Parts of the same size; a rest is left out."""
    size = len(looks) // parts
    return [looks[n * size : (n + 1) * size] for n in range(parts)]


def on_core(core: int) -> list[str]:
    """Words before a command that keep it on a core, where this machine has that many."""
    return ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []


@contextmanager
def nginx(folder: Path) -> Iterator[None]:
    """The target, for as long as the block lasts."""
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=PORT))
    process = subprocess.Popen([*on_core(0), "nginx", "-c", str(path), "-e", f"{folder}/error.log"])
    try:
        deadline = time.monotonic() + 20
        while not answers():
            if time.monotonic() > deadline:
                sys.exit("nginx does not answer")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


def answers() -> bool:
    """Whether nginx is there."""
    try:
        with urlopen(URL):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
