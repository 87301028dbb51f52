"""1 KB every 32 ms from each user, each message acknowledged: what it costs, and how late it is.

perfspec over a WebSocket and over Socket.IO beside Locust's own Socket.IO user. The generators have
core 0, the target core 1. Rounds are interleaved: read the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from perfspec import jsonio
from perfspec.judge.select import health_in, samples
from perfspec.measure.model import RunResult
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
WARM_S = 3
LOCUST_START_S = 8  # until all of Locust's users are connected
MESSAGES = {
    "websocket": """websocket: /ws
    messages:
      chunk:
        send: { json: { seq: "{{ seq }}", audio: "{{ pcm | b64encode }}" } }
        ack: { match: { $.seq: "{{ seq }}" } }""",
    "socketio": """socketio: {}
    messages:
      chunk:
        emit: audio_chunk
        json: { seq: "{{ seq }}", audio: "{{ pcm }}" }
        ack: { event: chunk_ack, match: { $.seq: "{{ seq }}" } }""",
}
SPEC = """perfspec: 1
name: talk
environments: {{ local: {{ url: "{url}" }} }}
endpoints:
  talk:
    {channel}
personas:
  speaker:
    on_start: [connect: talk]
    journey:
      - stream: talk.chunk
        every: 32ms
        for: 10m
        pcm: {{ rate: 16000, bits: 16 }}
tests:
  load: {{ users: {users}, duration: {seconds}s, warm_up: {warm}s, slo: {{ error_rate: 0% }} }}
"""


def main() -> None:
    """Measure and print a line for each round, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name, target() as url:
        for _ in range(options.rounds):
            for each in ("websocket", "socketio", "locust"):
                run = locust if each == "locust" else perfspec
                numbers = run(each, url, options, Path(name))
                found.setdefault(each, []).append(numbers)
                print(
                    each, json.dumps({key: round(n, 3) for key, n in numbers.items()}), flush=True
                )
    print("| generator | messages/s | of a core | ack p50 | ack p99 | late p99 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, rounds in found.items():
        middle = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        print(
            f"| {name} | {middle['messages'] / options.seconds:,.0f} | {middle['cpu']:.0%} "
            f"| {middle['ack_p50_ms']:.2f} ms | {middle['ack_p99_ms']:.1f} ms "
            f"| {middle['late_p99_ms']:.1f} ms |"
        )


@contextmanager
def target() -> Iterator[str]:
    """The URL of the target on core 1."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["taskset", "-c", "1", sys.executable, str(HERE / "talk_target.py"), str(port)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    """Until somebody listens."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    msg = "the target does not listen"
    raise SystemExit(msg)


def perfspec(
    protocol: str, url: str, options: argparse.Namespace, folder: Path
) -> dict[str, float]:
    """What perfspec measured of itself in the judged seconds."""
    spec, out = folder / "perfspec.yaml", folder / f"{protocol}-{time.monotonic_ns()}"
    seconds = options.seconds + WARM_S
    text = SPEC.format(
        url=url,
        channel=MESSAGES[protocol],
        users=options.users,
        seconds=seconds,
        warm=f"{min(WARM_S, seconds / 10):.3f}",
    )
    spec.write_text(text, encoding="utf-8")
    command = ["taskset", "-c", "0", sys.executable, "-m", "perfspec", "run", str(spec)]
    subprocess.run([*command, "--output", str(out)], check=False, capture_output=True)
    (path,) = out.rglob("result.json")
    (test,) = jsonio.read_json(path, RunResult).tests
    judged = (Span(start_s=float(WARM_S), end_s=float(seconds)),)
    window = samples(test, Subject(kind="request", name="talk.chunk"), judged)
    late = window.lateness
    return {
        "messages": window.count * options.seconds / measured_s(test.edges, judged[0]),
        "cpu": statistics.mean(each.cpu for each in health_in(test, judged)),
        "ack_p50_ms": (window.latency.quantile(0.5) or 0) * 1000,
        "ack_p99_ms": (window.latency.quantile(0.99) or 0) * 1000,
        "late_p99_ms": ((late.quantile(0.99) if late is not None else None) or 0) * 1000,
    }


def measured_s(edges: tuple[float, ...], span: Span) -> float:
    """Seconds of the windows whose middles lie in the span."""
    pairs = pairwise(edges)
    return sum(b - a for a, b in pairs if span.start_s <= (a + b) / 2 < span.end_s)


def locust(name: str, url: str, options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """What ``locust_talk.py`` tells in its last line."""
    seconds = options.seconds + LOCUST_START_S + 2
    command = ["taskset", "-c", "0", sys.executable, "-m", "locust", "-f"]
    command += [str(HERE / "locust_talk.py"), "--headless", "-H", url, "-t", f"{seconds}s"]
    command += ["-u", str(options.users), "-r", str(options.users), "--stop-timeout", "0"]
    times = {"BENCH_BEGIN": str(LOCUST_START_S), "BENCH_SECONDS": str(options.seconds)}
    environment = {**os.environ, **times}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    lines = [each for each in done.stdout.splitlines() if each.startswith("{")]
    if not lines:
        msg = f"{name} told nothing: {done.stderr[-500:]}"
        raise SystemExit(msg)
    numbers: dict[str, float] = json.loads(lines[-1])
    return numbers


if __name__ == "__main__":
    main()
