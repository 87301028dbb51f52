"""1 KB every 32 ms from each user, each message acknowledged: what it costs, and how late it is.

perfspec over a WebSocket and over Socket.IO beside Locust's own Socket.IO user, and Artillery where
that is on PATH. The generators have core 0, the target core 1. Rounds are interleaved: read the
ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from perfspec import jsonio
from perfspec.judge.select import health_in, samples
from perfspec.measure.model import RunResult
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span
from perfspec.run.machine import describe_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Numbers: TypeAlias = dict[str, float]
    Run: TypeAlias = Callable[[str, str, argparse.Namespace, Path], Numbers]

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
MARKS = ("<!-- measured: messages -->", "<!-- measured messages until here -->")
WARM_S = 3
MOST_S = 120  # that the others may take, from their start to their end
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


ARTILLERY = """\
config:
  target: {url}
  processor: {processor}
  phases: [{{ duration: 1, arrivalCount: {users} }}]
  socketio: {{ transports: [websocket] }}
scenarios: [{{ engine: socketio, flow: [{{ function: speak }}] }}]
"""


def main() -> None:
    """Measure, print, and with ``--write`` put it into docs/benchmarks.md."""
    options = parse()
    lines = []
    for line in report(options):
        print(line, flush=True)
        lines.append(line)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        whole = [before + MARKS[0], "", *lines, "", MARKS[1] + after]
        PAGE.write_text("\n".join(whole), encoding="utf-8")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


def report(options: argparse.Namespace) -> Iterator[str]:
    """What was measured, as Markdown."""
    machine, load = describe_machine(), os.getloadavg()[1]
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine.cpu}, {machine.cores} cores,"
    yield f"{machine.system}, Python {platform.python_version()}, Locust {machine.locust}, with"
    yield f"`{' '.join(['python', *sys.argv])}`"
    yield f"(a load of {load:.1f} in the five minutes before)."
    yield ""
    found = measure(options)
    yield "| generator | messages/s | of a core | µs a message | ack p50 | ack p99 | late p99 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, rounds in found.items():
        middle = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        per_s = middle["messages"] / options.seconds or float("nan")
        yield (
            f"| {name} | {per_s:,.0f} | {middle['cpu']:.0%} | {middle['cpu'] / per_s * 1e6:.0f} "
            f"| {middle['ack_p50_ms']:.2f} ms | {middle['ack_p99_ms']:.1f} ms "
            f"| {middle['late_p99_ms']:.1f} ms |"
        )


def measure(options: argparse.Namespace) -> dict[str, list[Numbers]]:
    """The numbers of each round by generator."""
    found: dict[str, list[Numbers]] = {}
    with tempfile.TemporaryDirectory() as name, target() as url:
        for _ in range(options.rounds):
            for each, (run, protocol) in GENERATORS.items():
                if run is artillery and shutil.which("artillery") is None:
                    continue
                numbers = run(protocol, url, options, Path(name))
                found.setdefault(each, []).append(numbers)
                shown = json.dumps({key: round(number, 3) for key, number in numbers.items()})
                print(f"… {each}: {shown}", file=sys.stderr, flush=True)
    return found


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


def perfspec(protocol: str, url: str, options: argparse.Namespace, folder: Path) -> Numbers:
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


def locust(_protocol: str, url: str, options: argparse.Namespace, folder: Path) -> Numbers:
    """What ``locust_talk.py`` tells."""
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locust_talk.py"), "--headless"]
    command += ["-H", url, "-t", f"{MOST_S}s", "--stop-timeout", "0"]
    command += ["-u", str(options.users), "-r", str(options.users)]
    return run_other(command, options, folder)


def artillery(_protocol: str, url: str, options: argparse.Namespace, folder: Path) -> Numbers:
    """What ``artillery_talk.js`` tells."""
    script = folder / "artillery.yaml"
    processor = HERE / "artillery_talk.js"
    text = ARTILLERY.format(url=url, processor=processor, users=options.users)
    script.write_text(text, encoding="utf-8")
    return run_other(["artillery", "run", "--quiet", str(script)], options, folder)


def run_other(command: list[str], options: argparse.Namespace, folder: Path) -> Numbers:
    """The JSON object that a generator on core 0 prints."""
    numbers = {"USERS": options.users, "WARM": WARM_S, "SECONDS": options.seconds}
    told = {f"BENCH_{name}": str(number) for name, number in numbers.items()}
    done = subprocess.run(
        ["taskset", "-c", "0", *command],
        cwd=folder,
        env={**os.environ, **told, "WORKERS": "1", "ARTILLERY_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [each for each in done.stdout.splitlines() if each.startswith("{")]
    if not lines:
        msg = f"{command[0]} told nothing: {done.stdout[-500:]}{done.stderr[-500:]}"
        raise SystemExit(msg)
    found: Numbers = json.loads(lines[-1])
    return found


GENERATORS: dict[str, tuple[Run, str]] = {
    "perfspec, WebSocket": (perfspec, "websocket"),
    "perfspec, Socket.IO": (perfspec, "socketio"),
    "Locust, Socket.IO": (locust, "socketio"),
    "Artillery, Socket.IO": (artillery, "socketio"),
}

if __name__ == "__main__":
    main()
