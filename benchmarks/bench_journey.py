"""How many requests a core sends: a plan's journey in perfspec beside Locust's own users and k6.

One journey is a POST with a JSON body whose answer's token is captured, and three GETs with a
header rendered from it; every status is checked. 50 users, no think time. The generator has core 0,
nginx core 1, and nginx counts. Rounds are interleaved, as the speed of a shared machine drifts:
read the ratios, best those of processor time, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import os
import shutil
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

from perfspec import jsonio
from perfspec.plan.base import Place
from perfspec.plan.journey import Persona, RequestStep
from perfspec.plan.load import Stage
from perfspec.plan.model import Environment, Plan, Test
from perfspec.plan.request import Capture, Endpoint, Expect, JsonBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PORT = 18801
URL = f"http://127.0.0.1:{PORT}"
PLACE = Place(file="journey.py", line=1, column=1)
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 64k;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location = /login {{ return 200 '{{"user": "ann", "token": "eyJhbGciOiJIUzI1NiJ9"}}'; }}
    location = /count {{ stub_status; }}
    location / {{ return 200 '{{"items": [1, 2, 3], "next": null}}'; }}
  }}
}}
"""
LOCUST = """
from locust import {base}, constant, task

class Visitor({base}):
    host = "{url}"
    wait_time = constant(0)

    @task
    def journey(self):
        body = {{"user": "ann", "password": "secret"}}
        with self.client.post("/login", json=body, name="login", catch_response=True) as answer:
            if answer.status_code != 200:
                return answer.failure("status")
            token = answer.json()["token"]
        headers = {{"Authorization": f"Bearer {{token}}"}}
        for name in ("one", "two", "three"):
            path = "/" + name
            with self.client.get(path, headers=headers, name=name, catch_response=True) as answer:
                if answer.status_code != 200:
                    return answer.failure("status")
"""
K6 = """
import http from "k6/http";
import {{ check }} from "k6";

export const options = {{ vus: {users}, duration: "{seconds}s" }};
const body = JSON.stringify({{ user: "ann", password: "secret" }});
const json = {{ headers: {{ "Content-Type": "application/json" }} }};

export default function () {{
  const answer = http.post("{url}/login", body, json);
  check(answer, {{ status: (r) => r.status === 200 }});
  const headers = {{ headers: {{ Authorization: `Bearer ${{answer.json("token")}}` }} }};
  for (const name of ["one", "two", "three"]) {{
    check(http.get("{url}/" + name, headers), {{ status: (r) => r.status === 200 }});
  }}
}}
"""


class Speed(NamedTuple):
    """Requests a second, and requests for each second of processor time of the generator."""

    per_s: float
    per_cpu_s: float


def main() -> None:
    """Measure and print a table."""
    options = parse()
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)):
        generators = make_generators(Path(name), options)
        speeds: dict[str, list[Speed]] = {each: [] for each in generators}
        for _ in range(options.rounds):
            for each, command in generators.items():
                speeds[each].append(measure(command, options))
    report(speeds)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="measured, of each round")
    parser.add_argument("--warm-up", type=float, default=2.5, help="start and first seconds")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--only", nargs="*", help="names of generators")
    return parser.parse_args()


def make_generators(folder: Path, options: argparse.Namespace) -> dict[str, list[str]]:
    """Commands that send load for as long as they are let, by name."""
    length = options.warm_up + options.seconds + 10
    jsonio.write_json(folder / "plan.json", make_plan(options.users, length))
    module = [sys.executable, "-m", "perfspec.run.driver"]
    found = {"perfspec": [*module, "--plan", str(folder / "plan.json"), "--test", "load"]}
    for base in ("FastHttpUser", "HttpUser"):
        path = folder / f"{base}.py"
        path.write_text(LOCUST.format(base=base, url=URL))
        load = ["-u", str(options.users), "-r", str(options.users), "-t", f"{length:.0f}s"]
        program = [sys.executable, "-m", "locust", "-f", str(path)]
        found[base] = [*program, "--headless", "--only-summary", *load]
    if k6 := shutil.which("k6"):
        path = folder / "journey.js"
        path.write_text(K6.format(url=URL, users=options.users, seconds=round(length)))
        found["k6"] = [k6, "run", "--quiet", str(path)]
    return {name: found[name] for name in options.only or found}


def make_plan(users: int, seconds: float) -> Plan:
    """The journey as perfspec plans it."""
    expect = Expect(status=((200, 200),))
    login = Endpoint(
        name="login",
        method="POST",
        url="/login",
        body=JsonBody(value={"user": "ann", "password": "secret"}),
        expect=expect,
        captures=(Capture(name="token", source="json", query="$.token"),),
        place=PLACE,
    )
    headers = {"Authorization": "Bearer {{ token }}"}
    pages = [
        Endpoint(
            name=name, method="GET", url=f"/{name}", headers=headers, expect=expect, place=PLACE
        )
        for name in ("one", "two", "three")
    ]
    endpoints = (login, *pages)
    journey = tuple(RequestStep(endpoint=each.name, place=PLACE) for each in endpoints)
    test = Test(
        name="load",
        place=PLACE,
        personas=(Persona(name="visitor", weight=1.0, journey=journey),),
        stages=(Stage(users=users, hold_s=seconds),),
        objectives=(),
    )
    return Plan(
        tool="benchmark",
        name="journey",
        file="journey.py",
        directory=".",
        sequence="default",
        environment=Environment(name="local", url=URL, hosts=(f"127.0.0.1:{PORT}",)),
        endpoints=endpoints,
        tests=(test,),
    )


def measure(command: list[str], options: argparse.Namespace) -> Speed:
    """What nginx saw and what the generator used, once that is warm."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        time.sleep(options.warm_up)
        began, used, before = time.monotonic(), processor_time(process.pid), count()
        time.sleep(options.seconds)
        after, spent, ended = count(), processor_time(process.pid) - used, time.monotonic()
    finally:
        process.terminate()
        process.wait()
    return Speed((after - before) / (ended - began), (after - before) / spent)


def processor_time(pid: int) -> float:
    """Seconds that a process has used, all its threads together."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def count() -> int:
    """Requests that nginx has had."""
    with urlopen(f"{URL}/count") as answer:
        return int(answer.read().split()[9])


def report(speeds: dict[str, list[Speed]]) -> None:
    """One line for each generator, with the ratio of each round's neighbours."""
    print(f"{'generator':14} {'requests/s':>11} {'per CPU second':>15}   perfspec is")
    mine = speeds.get("perfspec")
    for name, found in speeds.items():
        ratio = ""
        if mine and name != "perfspec":
            rounds = [ours.per_cpu_s / its.per_cpu_s for ours, its in zip(mine, found, strict=True)]
            middle = statistics.median(rounds)
            ratio = f"{middle:.1f} times as fast [{min(rounds):.1f} to {max(rounds):.1f}]"
        seen = statistics.median(each.per_s for each in found)
        cpu = statistics.median(each.per_cpu_s for each in found)
        print(f"{name:14} {seen:11,.0f} {cpu:15,.0f}   {ratio}")


@contextmanager
def nginx(folder: Path) -> Iterator[None]:
    """The target, for as long as the block lasts."""
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=PORT))
    process = subprocess.Popen(["taskset", "-c", "1", "nginx", "-c", str(path)])
    try:
        wait_until(answers)
        yield
    finally:
        process.terminate()
        process.wait()


def answers() -> bool:
    """Whether nginx is there."""
    try:
        return count() > 0
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Raises TimeoutError after 10 s."""
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            msg = "nginx does not answer"
            raise TimeoutError(msg)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
