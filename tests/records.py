"""Records of runs that never were: latencies drawn around a level, on a host of some speed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from perfspec.baseline.record import Acceptance, GeneratorHealth, Record, SeriesRecord, WindowRecord
from perfspec.judge.statistics.jackknife import log_quantile_variances
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Machine

if TYPE_CHECKING:
    from collections.abc import Mapping


BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = tuple(f"endpoint_{index}" for index in range(8))
MACHINE = Machine(
    cpu="Xeon", cores=2, memory=8 << 30, system="Linux 6.1", python="3.11.2", locust="2.47.0",
    libcurl="8.23", workers=1,
)  # fmt: skip
WINDOWS = 10


def series(
    name: str, level_us: float, rng: np.random.Generator, *, requests: int = 1000, failed: int = 0
) -> SeriesRecord:
    """One endpoint with log-normal latencies."""
    parts = [
        Histogram.of(
            (level_us * np.exp(rng.normal(0, 0.3, requests // WINDOWS))).astype(int).tolist()
        )
        for _ in range(WINDOWS)
    ]
    errors: dict[ErrorClass, int] = {ErrorClass.SERVER: failed} if failed else {}
    whole = Histogram()
    for each in parts:
        whole.merge(each)
    return SeriesRecord(
        kind="request",
        name=name,
        latency=whole,
        errors=errors,
        windows=tuple(
            WindowRecord(requests=each.count, failed=0, p50=each.quantile(0.5)) for each in parts
        ),
        variance=log_quantile_variances(parts, {"p50": 0.5, "p95": 0.95, "p99": 0.99}),
    )


def record(
    number: int,
    *,
    noise: float = 0.02,
    slower: Mapping[str, float] | None = None,
    failed: Mapping[str, int] | None = None,
    names: tuple[str, ...] = NAMES,
    requests: int = 1000,
    **rest: Any,  # noqa: ANN401  (fields of the struct)
) -> Record:
    """Run ``number`` of a day each; ``slower`` are factors by endpoint."""
    time = BEGIN + timedelta(days=number)
    changes = tuple((slower or {}).items()), tuple((failed or {}).items())
    every = _measured(number, noise, *changes, names, requests)
    defaults: dict[str, Any] = {
        "tool": "0.1.0",
        "run_id": f"{time:%Y-%m-%dT%H-%M-%SZ}-{number:04x}",
        "commit": f"{number:040x}",
        "branch": "main",
        "time": time.isoformat(),
        "test": "load",
        "environment": "local",
        "fingerprint": "5ca1ab1e5ca1ab1e",
        "seed": 1,
        "warm_up_s": 5.0,
        "judged_s": 55.0,
        "machine": MACHINE,
        "health": GeneratorHealth(cpu_max=0.4, hub_delay_s=0.001, workers=1),
    }
    return Record(series=every, **(defaults | rest))


@lru_cache(maxsize=200)
def _measured(
    number: int,
    noise: float,
    slower: tuple[tuple[str, float], ...],
    failed: tuple[tuple[str, int], ...],
    names: tuple[str, ...],
    requests: int,
) -> tuple[SeriesRecord, ...]:
    """Drawn once: many tests look at the same runs."""
    rng = np.random.default_rng(number)
    host = np.exp(rng.normal(0, noise))
    return tuple(
        series(
            name,
            20_000
            * (index + 1)
            * host
            * np.exp(rng.normal(0, noise))
            * dict(slower).get(name, 1.0),
            rng,
            requests=requests,
            failed=dict(failed).get(name, 0),
        )
        for index, name in enumerate(names)
    )


def small(number: int, **rest: Any) -> Record:  # noqa: ANN401  (as above)
    """Run ``number`` with one endpoint and few requests."""
    return record(number, names=("books",), requests=20, **rest)


def told_history() -> tuple[list[Record], Acceptance]:
    """Sixty runs with all that a history can tell, and what was accepted meanwhile."""
    elsewhere = msgspec.structs.replace(MACHINE, cpu="EPYC 7763", cores=4)
    found = []
    for number in range(60):
        slower = {"order": 1.25} if number >= 22 else {}
        if 34 <= number < 46:
            slower["list_books"] = 1.4
        found.append(
            record(
                number,
                names=("login", "list_books", "get_book", "search", "order"),
                slower=slower,
                failed={"search": 4} if number % 9 == 5 else None,
                commit=hashlib.sha1(str(number).encode()).hexdigest(),
                fingerprint="5ca1ab1e5ca1ab1e" if number < 52 else "c0ffee00c0ffee00",
                machine=elsewhere if number in {8, 9, 29, 41} else MACHINE,
            )
        )
    return found, Acceptance(
        time=found[24].time,
        test="load",
        commit=found[22].commit,
        by="jo",
        reason="orders are checked for fraud",
    )
