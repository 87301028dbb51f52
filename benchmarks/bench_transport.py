"""What the HTTP transport costs by itself: plain GETs on kept connections, and idle users.

Beside it Locust's FastHttpUser doing the same, and wrk, which shows what the machine can do at all.
The generator has core 0, nginx core 1. Rounds are interleaved, as the speed of a shared machine
drifts: read the ratios, best those of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PORT = 18802
HOST = f"http://127.0.0.1:{PORT}"
URL = f"{HOST}/"
NGINX = """
daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid {folder}/pid;
error_log {folder}/error.log; events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 300s;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    default_type application/json;
    location / {{ return 200 '{{"items": [1, 2, 3], "next": null}}'; }}
  }}
}}
"""


class Found(NamedTuple):
    """Of one round; memory is that of a user with an idle connection."""

    per_s: float
    cpu_ms_per_1000: float
    user_kb: float


def main() -> None:
    """Measure and print two tables. Called with a generator's name: be that generator."""
    options = parse()
    if options.generate:
        print(json.dumps(GENERATORS[options.generate](options)._asdict()))
        return
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)):
        speeds: dict[str, list[Found]] = {each: [] for each in [*GENERATORS, "wrk"]}
        for _ in range(options.rounds):
            for each, found in speeds.items():
                found.append(wrk(options) if each == "wrk" else run(each, options.users, options))
        crowds = {each: run(each, options.crowd, options) for each in GENERATORS}
    report(speeds, crowds, options)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=1.5, help="measured, of each round")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--crowd", type=int, default=1_000, help="users whose memory is measured")
    parser.add_argument("--generate", choices=GENERATORS, help=argparse.SUPPRESS)
    return parser.parse_args()


def run(name: str, users: int, options: argparse.Namespace) -> Found:
    """A generator in a process of its own, pinned."""
    command = [sys.executable, __file__, "--generate", name, "--users", str(users)]
    output = subprocess.run(
        ["taskset", "-c", "0", *command, "--seconds", str(options.seconds)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    ).stdout
    return Found(**json.loads(output.splitlines()[-1]))


def patched() -> None:
    """In the process of a generator only, before it imports anything else."""
    from gevent import monkey  # noqa: PLC0415  (see above)

    monkey.patch_all()


def transport(options: argparse.Namespace) -> Found:
    """Our transport under plain greenlets."""
    patched()
    from perfspec.run.driver.transports.exchange import Shape  # noqa: PLC0415  (patched first)
    from perfspec.run.driver.transports.http import Transport  # noqa: PLC0415  (patched first)

    transport = Transport(frozenset({"127.0.0.1"}))
    prepared = transport.prepare(Shape())

    def user() -> Callable[[], bool]:
        session = transport.session()
        return lambda: session.send(prepared, URL).status == 200

    return generate(user, options)


def fast_http_user(options: argparse.Namespace) -> Found:
    """Locust's fast client, with the event and the statistics of each request."""
    patched()
    from locust import FastHttpUser  # noqa: PLC0415  (patched first)
    from locust.env import Environment  # noqa: PLC0415  (patched first)

    environment = Environment()

    class Visitor(FastHttpUser):
        host = HOST

    def user() -> Callable[[], bool]:
        client = Visitor(environment).client
        return lambda: client.get("/").status_code == 200

    return generate(user, options)


GENERATORS = {"transport": transport, "FastHttpUser": fast_http_user}


def generate(user: Callable[[], Callable[[], bool]], options: argparse.Namespace) -> Found:
    """Let users connect, look at the memory, and let them send as fast as they can."""
    import gevent  # noqa: PLC0415  (patched first)
    from gevent.event import Event  # noqa: PLC0415  (patched first)

    go, end = Event(), 0.0
    connected = count = 0

    def live(send: Callable[[], bool]) -> None:
        nonlocal connected, count
        check(send())
        connected += 1
        go.wait()
        while time.perf_counter() < end:
            check(send())
            count += 1

    check(user()())  # what the first user loads is no user's
    before = psutil.Process().memory_info().rss
    users = [gevent.spawn(live, user()) for _ in range(options.users)]
    wait_until(lambda: connected == options.users, gevent.sleep)
    memory = psutil.Process().memory_info().rss - before
    began, used = time.perf_counter(), time.process_time()
    end = began + options.seconds
    go.set()
    gevent.joinall(users, raise_error=True)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    return Found(count / wall, cpu / count * 1e6, memory / options.users / 1024)


def check(good: bool) -> None:  # noqa: FBT001  (reads as a sentence)
    """A failed request makes the figures worthless."""
    if not good:
        msg = "a request failed"
        raise RuntimeError(msg)


def wrk(options: argparse.Namespace) -> Found:
    """The practical limit: no user code, no checks."""
    program = ["taskset", "-c", "0", "wrk", "-t1", f"-c{options.users}"]
    before = children_time()
    output = subprocess.run(
        [*program, f"-d{max(1, round(options.seconds))}s", URL],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    requests = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if requests is None or rate is None:
        raise RuntimeError(output)
    return Found(float(rate[1]), (children_time() - before) / int(requests[1]) * 1e6, 0.0)


def children_time() -> float:
    """Seconds of processor time of the processes that were waited for."""
    times = os.times()
    return times.children_user + times.children_system


def report(
    speeds: dict[str, list[Found]], crowds: dict[str, Found], options: argparse.Namespace
) -> None:
    """Ratios are those of neighbours in a round."""
    print(f"{options.users} users{'':8} requests/s   CPU ms per 1,000   CPU of the transport's")
    for name, found in speeds.items():
        ratios = [
            its.cpu_ms_per_1000 / ours.cpu_ms_per_1000
            for ours, its in zip(speeds["transport"], found, strict=True)
        ]
        rate = statistics.median(each.per_s for each in found)
        cpu = statistics.median(each.cpu_ms_per_1000 for each in found)
        middle = statistics.median(ratios)
        spread = f"{middle:.2f} times [{min(ratios):.2f} to {max(ratios):.2f}]"
        print(f"{name:14} {rate:12,.0f} {cpu:18.1f}   {spread}")
    print(f"\n{options.crowd:,} users{'':6} requests/s   CPU ms per 1,000   KB of memory a user")
    for name, one in crowds.items():
        print(f"{name:14} {one.per_s:12,.0f} {one.cpu_ms_per_1000:18.1f} {one.user_kb:22.1f}")


@contextmanager
def nginx(folder: Path) -> Iterator[None]:
    """The target, for as long as the block lasts."""
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=PORT))
    process = subprocess.Popen(["taskset", "-c", "1", "nginx", "-c", str(path)])
    try:
        wait_until(answers, time.sleep)
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


def wait_until(condition: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    """Raises TimeoutError after 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            msg = "the target does not answer"
            raise TimeoutError(msg)
        sleep(0.02)


if __name__ == "__main__":
    main()
