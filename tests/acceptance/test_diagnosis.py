"""A target with every common failure at once: each is told with its likely cause and evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.commands import check_agreement, perfspec, write_spec
from tests.demo_target import running_demo
from tests.runs import free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: "<url>", allow_hosts: [127.0.0.1, nothing.invalid] }
data:
  readers: { generate: { email: "reader-{01..20}@example.com" } }
endpoints:
  login:
    request: POST /login
    auth: none
    json: { email: "{{ user.email }}", password: bookworm }
    capture: { token: $.token }
  cart: { request: GET /cart }
  pay: { request: POST /checkout, auth: none }
  limited: { request: "GET <limited>/books" }
  refused: { request: "GET http://127.0.0.1:<closed>/" }
  unknown: { request: "GET http://nothing.invalid/" }
  plain: { request: "GET https://127.0.0.1:<plain>/" }
  broken: { request: GET /books/7 }
personas:
  buyer:
    users: 2
    data: readers
    auth: { bearer: "{{ token }}" }
    think: 100ms
    on_start: [login]
    journey: [cart]
  payer: { users: 1, think: 100ms, journey: [pay] }
  hurried: { users: 4, think: 20ms, journey: [limited] }
  lost: { users: 1, think: 100ms, journey: [refused] }
  astray: { users: 1, think: 100ms, journey: [unknown] }
  wary: { users: 1, think: 100ms, journey: [plain] }
  unlucky: { users: 2, think: 50ms, journey: [broken] }
tests:
  all: { users: 12, duration: 10s, slo: { error_rate: 0% } }
"""
CAUSES = {
    "payment": "asks for payment (402)",
    "auth": "and no persona renews its own",
    "throttled": "A rate limit (429)",
    "connect": "Nothing listens at this address",
    "dns": "The name of the host is not known here",
    "tls": "The certificate or the handshake was refused",
    "reset": "Connections were broken off, and not by load",
}


def test_each_common_failure_is_told_with_its_evidence(tmp_path: Path) -> None:
    faults = ("--fault=error:/checkout:100%:402", "--fault=reset:/books/{id}:30%")
    with (
        running_demo("--speed=inf", "--token-life=3s", *faults) as demo,
        running_demo("--speed=inf", "--rate-limit=20/s") as limited,
    ):
        write_spec(
            tmp_path, SPEC, url=demo.url, limited=limited.url, closed=free_port(),
            plain=demo.url.rpartition(":")[2],
        )  # fmt: skip
        done = perfspec(tmp_path, "run")
    kept = check_agreement(done, tmp_path)
    (test,) = kept.verdict.tests
    assert {
        each.error: CAUSES[each.error] in each.cause for each in test.diagnoses if each.error
    } == dict.fromkeys(CAUSES, True)
    (limit,) = [each for each in test.diagnoses if each.error == "throttled"]
    rate = float(limit.cause.partition("about ")[2].split(" ")[0])
    assert "on limited" in limit.evidence
    assert rate > 0
    for text in CAUSES.values():
        assert text in " ".join(done.out.split())
