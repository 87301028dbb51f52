"""Artillery at the same work as ``locust_talk.py``, as far as it can do it.

It has no absolute clock: a user waits 32 ms after each answer, so what is late shows in how many
messages it sends. It sends text of the same size, and knows no binary arguments.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
config:
  target: <url>
  phases: [{ duration: 1, arrivalCount: <users> }]
  socketio: { transports: [websocket] }
  variables: { audio: ["<audio>"] }
scenarios:
  - engine: socketio
    flow:
      - loop:
          - emit:
              channel: audio_chunk
              data: { seq: "{{ $loopCount }}", audio: "{{ audio }}" }
              response: { channel: chunk_ack }
          - think: 0.032
        count: <count>
"""
PERIOD_S = 10  # of Artillery's intermediate reports; the whole ones are counted


def talk(url: str, users: int, seconds: int, folder: Path) -> dict[str, float]:
    """Messages in ``seconds``, share of a core, and latency of the answers in ms."""
    periods = -(-seconds // PERIOD_S)
    whole_s = periods * PERIOD_S
    # it stops by itself: no user sends more messages than fit into the periods
    values = {"url": url, "users": users, "audio": "a" * 1366, "count": (periods + 2) * 10 * 31}
    text = SCRIPT
    for name, value in values.items():
        text = text.replace(f"<{name}>", str(value))
    script, out = folder / "talk.yaml", folder / "artillery.json"
    script.write_text(text, encoding="utf-8")
    command = [
        "taskset",
        "-c",
        "0",
        "artillery",
        "run",
        "--quiet",
        "--output",
        str(out),
        str(script),
    ]
    with psutil.Popen(command, env={**os.environ, "ARTILLERY_DISABLE_TELEMETRY": "1"}) as process:
        time.sleep(PERIOD_S)
        before = used_s(process)
        time.sleep(whole_s)
        cpu = (used_s(process) - before) / whole_s
        process.wait()
    reports = json.loads(out.read_text(encoding="utf-8"))["intermediate"][1 : 1 + periods]
    sent = sum(each["counters"].get("socketio.emit", 0) for each in reports)
    times = [each["summaries"]["socketio.response_time"] for each in reports]
    return {
        "messages": sent * seconds / whole_s,
        "cpu": cpu,
        "ack_p50_ms": max(each["p50"] for each in times),
        "ack_p99_ms": max(each["p99"] for each in times),
        "late_p99_ms": float("nan"),
    }


def used_s(process: psutil.Process) -> float:
    """Seconds of processor that it and its children have had."""
    family = [process, *process.children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in family)
