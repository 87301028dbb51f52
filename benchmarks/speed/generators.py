"""The same journey for every generator: a sign-in whose token is captured, and three pages with it.

Every status is checked. wrk and hey check and capture nothing: they show what the machine can do.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_S = 600
ROOT = Path(__file__).parents[2]


class Case(NamedTuple):
    """What is to be sent, by how many users, and where the generator's files may lie."""

    mode: str
    url: str
    ca: Path
    users: int
    folder: Path
    think_s: int = 0
    workers: int = 1

    def write(self, name: str, text: str) -> str:
        """A file for a generator, with ``<url>``, ``<users>`` … replaced."""
        values = {"url": self.url, "ca": self.ca, "users": self.users, "think": self.think_s}
        for key, value in {**values, "long": LONG_S}.items():
            text = text.replace(f"<{key}>", str(value))
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    @property
    def variables(self) -> dict[str, str]:
        """Where the generators look for the authority."""
        ca = str(self.ca)
        trusted = {"SSL_CERT_FILE": ca, "NODE_EXTRA_CA_CERTS": ca}
        return {**os.environ, **trusted, "PYTHONPATH": str(ROOT)}


SPEC = """\
perfspec: 1
name: speed
x-headers: &signed_in { Authorization: "Bearer {{ token }}" }
environments: { local: { url: <url> } }
endpoints:
  login:
    request: POST /login
    json: { user: ann, password: secret }
    expect: { status: 200 }
    capture: { token: $.token }
  one: { request: GET /one, headers: *signed_in, expect: { status: 200 } }
  two: { request: GET /two, headers: *signed_in, expect: { status: 200 } }
  three: { request: GET /three, headers: *signed_in, expect: { status: 200 } }
personas: { visitor: { think: <think>s, journey: [login, one, two, three] } }
tests: { load: { users: <users>, duration: <long>s } }
"""
LOCUST = """\
from locust import BASE, constant, task

class Visitor(BASE):
    host = "<url>"
    wait_time = constant(<think>)

    def on_start(self):
        self.client.verify = "<ca>"

    @task
    def journey(self):
        body = {"user": "ann", "password": "secret"}
        with self.client.post("/login", json=body, name="login", catch_response=True) as answer:
            if answer.status_code != 200:
                return answer.failure("status")
            token = answer.json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        for name in ("one", "two", "three"):
            path = "/" + name
            with self.client.get(path, headers=headers, name=name, catch_response=True) as answer:
                if answer.status_code != 200:
                    return answer.failure("status")
"""
K6 = """\
import http from "k6/http";
import { check, sleep } from "k6";

export const options = { vus: <users>, duration: "<long>s" };
const body = JSON.stringify({ user: "ann", password: "secret" });
const json = { headers: { "Content-Type": "application/json" } };

export default function () {
  const answer = http.post("<url>/login", body, json);
  check(answer, { status: (r) => r.status === 200 });
  const headers = { headers: { Authorization: `Bearer ${answer.json("token")}` } };
  for (const name of ["one", "two", "three"]) {
    check(http.get("<url>/" + name, headers), { status: (r) => r.status === 200 });
  }
  sleep(<think>);
}
"""
ARTILLERY = """\
config:
  target: <url>
  phases: [{ duration: 1, arrivalCount: <users> }]
  plugins: { expect: { outputFormat: silent } }
scenarios:
  - flow:
      - loop:
          - post:
              url: /login
              json: { user: ann, password: secret }
              capture: { json: $.token, as: token }
              expect: { statusCode: 200 }
          - get:
              url: /one
              headers: { Authorization: "Bearer {{ token }}" }
              expect: { statusCode: 200 }
          - get:
              url: /two
              headers: { Authorization: "Bearer {{ token }}" }
              expect: { statusCode: 200 }
          - get:
              url: /three
              headers: { Authorization: "Bearer {{ token }}" }
              expect: { statusCode: 200 }
        count: 100000000
"""
WRK = """\
local json = { ["Content-Type"] = "application/json" }
local token = { ["Authorization"] = "Bearer eyJhbGciOiJIUzI1NiJ9" }
local requests, turn = {}, 0

init = function()
  requests[0] = wrk.format("POST", "/login", json, '{"user": "ann", "password": "secret"}')
  for index, path in ipairs({ "/one", "/two", "/three" }) do
    requests[index] = wrk.format("GET", path, token)
  end
end

request = function()
  turn = (turn + 1) % 4
  return requests[turn]
end
"""


def perfspec(case: Case) -> list[str]:
    """The whole of it: ``perfspec run`` on a perfspec.yaml, with its parent process."""
    path = case.write("perfspec.yaml", SPEC)
    words = ["run", path, "--output", str(case.folder)]
    if case.workers > 1:
        words += ["--workers", str(case.workers)]
    return [sys.executable, "-m", "perfspec", *words]


def locust(case: Case, base: str) -> list[str]:
    """A locustfile written by hand for one of Locust's users."""
    path = case.write(f"{base}.py", LOCUST.replace("BASE", base))
    load = ["-u", str(case.users), "-r", str(case.users), "-t", f"{LONG_S}s"]
    return [sys.executable, "-m", "locust", "-f", path, "--headless", "--only-summary", *load]


def fast_http_user(case: Case) -> list[str]:
    """Locust's fast client."""
    return locust(case, "FastHttpUser")


def http_user(case: Case) -> list[str]:
    """Locust's usual client, requests."""
    return locust(case, "HttpUser")


def k6(case: Case) -> list[str]:
    """A script that does and checks the same."""
    return ["k6", "run", "--quiet", case.write("journey.js", K6)]


def artillery(case: Case) -> list[str]:
    """The expect plugin comes with it."""
    return ["artillery", "run", "--quiet", case.write("artillery.yaml", ARTILLERY)]


def wrk(case: Case) -> list[str]:
    """The same requests in turn, made ready before."""
    script = case.write("journey.lua", WRK)
    return ["wrk", "-t1", f"-c{case.users}", f"-d{LONG_S}s", "-s", script, case.url]


def hey(case: Case) -> list[str]:
    """One page, over and over: it has no journeys."""
    two = ["-h2"] if case.mode == "h2" else []
    return ["hey", *two, "-c", str(case.users), "-z", f"{LONG_S}s", f"{case.url}/one"]


class Generator(NamedTuple):
    """``modes`` are what it speaks; ``crowds`` tells whether it has users who can think."""

    command: Callable[[Case], list[str]]
    modes: tuple[str, ...]
    crowds: bool


ONE, ALL = ("plain", "tls"), ("plain", "tls", "h2")
GENERATORS = {
    "perfspec": Generator(perfspec, ALL, crowds=True),
    "FastHttpUser": Generator(fast_http_user, ONE, crowds=True),
    "HttpUser": Generator(http_user, ONE, crowds=True),
    "k6": Generator(k6, ALL, crowds=True),
    "Artillery": Generator(artillery, ONE, crowds=False),
    "hey": Generator(hey, ALL, crowds=False),
    "wrk": Generator(wrk, ONE, crowds=False),
}


def found() -> list[str]:
    """Those that this machine has."""
    programs = {"k6": "k6", "Artillery": "artillery", "hey": "hey", "wrk": "wrk"}
    return [name for name in GENERATORS if name not in programs or shutil.which(programs[name])]
