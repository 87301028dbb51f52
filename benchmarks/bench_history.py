"""How long a history takes: to be written by `perfspec history`, and to be opened in Chromium.

    python benchmarks/bench_history.py --runs 1000 --endpoints 20

Opened means: from the start of the navigation until the last chart is drawn, the slowest of five
times.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from playwright.sync_api import sync_playwright

from perfspec.baseline.archive import Archive
from perfspec.baseline.folder import FolderStore
from perfspec.baseline.record import GeneratorHealth, Record, SeriesRecord, WindowRecord
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
REQUESTS = 500
TIMES = 5
MACHINES = tuple(
    Machine(
        cpu=cpu, cores=4, memory=16 << 30, system="Linux 6.1", python="3.13.1", locust="2.47.0",
        libcurl="8.23.0", workers=1,
    )
    for cpu in ("EPYC 7763", "Xeon 8370C")
)  # fmt: skip
OPENED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
  () => done(sections.every((each) => each.charts.length) && performance.now()))))"""


def records(runs: int, endpoints: int) -> Iterator[Record]:
    """Runs every six hours; each endpoint becomes slower or faster now and then."""
    rng = np.random.default_rng(1)
    level = 20_000 * np.exp(rng.normal(0, 1, endpoints))
    for number in range(runs):
        level *= np.where(rng.random(endpoints) < 0.002, rng.choice([0.8, 1.3], endpoints), 1)
        host = np.exp(rng.normal(0, 0.03))
        yield Record(
            tool="0.1.0",
            run_id=f"run-{number:06}",
            commit=f"{number:040x}",
            branch="main",
            time=(BEGIN + timedelta(hours=6 * number)).isoformat(),
            test="load",
            environment="staging",
            fingerprint="5ca1ab1e5ca1ab1e",
            seed=1,
            warm_up_s=10,
            judged_s=60,
            machine=MACHINES[int(rng.random() < 0.2)],
            health=GeneratorHealth(cpu_max=0.4, hub_delay_s=0.001, workers=1),
            series=tuple(
                _series(index, centre * host * np.exp(rng.normal(0, 0.02)), rng)
                for index, centre in enumerate(level)
            ),
        )


def _series(index: int, centre_us: float, rng: np.random.Generator) -> SeriesRecord:
    times = (centre_us * np.exp(rng.normal(0, 0.3, REQUESTS))).astype(int).tolist()
    window = WindowRecord(requests=REQUESTS // 12, failed=0, p50=0.02, p95=0.03, p99=0.04)
    return SeriesRecord(
        kind="request",
        name=f"endpoint_{index}",
        latency=Histogram.of(times),
        errors={},
        windows=(window,) * 12,
        variance={"p50": 1e-4, "p95": 1e-3, "p99": 1e-2},
    )


def opened_s(page: Path) -> float:
    """Seconds until the page is drawn."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 900}, offline=True)
        tab.goto(page.as_uri())
        found: float = tab.evaluate(OPENED)
        browser.close()
    return found / 1000


def main() -> None:
    """Print one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--endpoints", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        Archive(FolderStore(folder / "store")).add(list(records(wanted.runs, wanted.endpoints)))
        command = [sys.executable, "-m", "perfspec", "history"]
        begin = perf_counter()
        subprocess.run(
            [*command, "--store", "dir:store", "--output", "site"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        written = perf_counter() - begin
        page = folder / "site/load-staging.html"
        slowest = max(opened_s(page) for _ in range(TIMES))
        size = page.stat().st_size / 1e6
    print("| runs | endpoints | written in | size | opened in |\n| --- | --- | --- | --- | --- |")
    print(
        f"| {wanted.runs:,} | {wanted.endpoints} | {written:.1f} s | {size:.1f} MB |"
        f" {slowest:.2f} s |"
    )


if __name__ == "__main__":
    main()
