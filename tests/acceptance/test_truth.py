"""What is measured is what the target saw: every request once, and no latency shorter than it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import Window
from perfspec.plan.metrics import QUANTILES
from tests.commands import Kept, check_agreement, perfspec, write_spec
from tests.demo_target import running_demo
from tests.targets import Target, running_target

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("truth")]

SPEC = """\
perfspec: 1
name: truth
environments:
  local: { url: "<url>", allow_hosts: ["<ledger>"] }
data:
  people: { generate: { name: "person-{01..12}" }, pick: unique }
  errands: { generate: { name: "errand-{0001..2000}" }, pick: unique, each: journey }
endpoints:
  sign: { request: "POST http://<ledger>/sign", json: { name: "{{ user.name }}" } }
  errand: { request: "POST http://<ledger>/errand", json: { name: "{{ errands.name }}" } }
  books: { request: GET /books }
  book: { request: GET /books/7 }
  cart: { request: GET /private/session, retry: { status: 503, attempts: 4, backoff: 1ms }, expect: { status: 401 } }
  report:
    request: POST /reports
    expect: { status: 202 }
    capture: { id: $.id }
    poll: { request: "GET /reports/{id}", until: { json: { $.status: done } }, every: 50ms }
personas:
  reader:
    data: people
    think: 1ms..5ms
    on_start: [sign]
    journey: [errand, books, book, book, cart, report: { chance: 10% }]
tests:
  load: { users: 12, duration: 4s, slo: { error_rate: 100% } }
"""
ROUTES = {
    "books": "GET /books",
    "book": "GET /books/{id}",
    "cart": "GET /private/session",
    "report": "POST /reports",
    "report.poll": "GET /reports/{id}",
}
SLACK_S = 0.005
PRECISION = 0.005  # of a latency in our histogram, 0.4 %, and in that of the target, 0.05 %


@dataclass(frozen=True)
class Ran:
    kept: Kept
    truth: Any
    ledger: Target

    def window(self, name: str) -> Window:
        """All samples of one endpoint or poll, of the whole test."""
        total = Window(index=-1)
        for series in self.kept.test("load").series:
            if series.key.name == name and series.key.kind in {"request", "poll"}:
                for window in series.windows:
                    total.merge(window)
        return total


@pytest.fixture(scope="module", params=["1", "2"], ids=["alone", "two processes"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder: Path = tmp_path_factory.mktemp("truth")
    fault = "--fault=error:/private/session:30%:503"
    with running_demo("--job-time=100ms", fault) as demo, running_target() as ledger:
        write_spec(folder, SPEC, url=demo.url, ledger=ledger.url.removeprefix("http://"))
        done = perfspec(folder, "run", "--workers", request.param)
        return Ran(check_agreement(done, folder), demo.truth(), ledger)


def test_the_target_saw_every_request_once(ran: Ran) -> None:
    result = ran.kept.test("load")
    assert result.status == "complete"
    seen = {name: ran.truth["routes"][route]["count"] for name, route in ROUTES.items()}
    counted = {name: ran.window(name).count + ran.window(name).extra for name in ROUTES}
    assert min(counted.values()) > 0
    if result.overrun == 0:
        assert counted == seen
    paths = Counter(each.path for each in ran.ledger.received)
    for name in ("sign", "errand"):
        counted[name], seen[name] = ran.window(name).count, paths[f"/{name}"]
    assert sum(counted.values()) + result.overrun == sum(seen.values())


def test_statuses_are_those_that_were_sent(ran: Ran) -> None:
    statuses = ran.truth["routes"][ROUTES["cart"]]["statuses"]
    cart = ran.window("cart")
    assert cart.extra > 0
    assert cart.errors.get(ErrorClass.SERVER, 0) + cart.extra == statuses["503"]
    assert cart.count - sum(cart.errors.values()) == statuses["401"]


def test_no_account_is_used_by_two_users_and_no_errand_done_twice(ran: Ran) -> None:
    names = Counter(each.json["name"] for each in ran.ledger.seen("/sign"))
    assert names == {f"person-{n:02}": 1 for n in range(1, 13)}
    errands = Counter(each.json["name"] for each in ran.ledger.seen("/errand"))
    assert len(errands) > 50
    assert {name: n for name, n in errands.items() if n > 1} == {}


def test_no_percentile_is_better_than_what_the_target_saw(ran: Ran) -> None:
    """A request takes its sender at least as long as the target: so in any order statistic.

    The target looks at its clock after it has sent an answer, and may have to wait for a core until
    then, which is what ``SLACK_S`` allows for. How close the two are shows bench_fidelity.py.
    """
    if ran.kept.test("load").overrun:
        pytest.skip("the target saw requests that were cut off and not measured")
    for name in ("books", "book", "report", "report.poll"):
        seen, latency = ran.truth["routes"][ROUTES[name]]["service_s"], ran.window(name).latency
        for quantile in ("p50", "p90", "p95"):
            found = latency.quantile(QUANTILES[quantile])
            assert found is not None
            assert found >= seen[quantile] * (1 - PRECISION) - SLACK_S, (name, quantile)
        middle = latency.quantile(0.5)
        assert middle is not None
        assert middle < seen["p50"] + 0.1  # on whatever machine


def test_the_run_knows_its_processes(ran: Ran, request: pytest.FixtureRequest) -> None:
    workers = 2 if "two" in request.node.callspec.id else 1
    assert ran.kept.result.machine.workers == workers
    assert {each.workers for each in ran.kept.test("load").health} == {workers}
