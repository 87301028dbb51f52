"""Cost before a run and after it, by one calculation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perfspec.judge.verdict import judge_run
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.cost import Usage, cost_of
from perfspec.plan.prices import Prices
from perfspec.report.cost import measured_cost, planned_cost
from perfspec.report.html.report import report_html
from perfspec.report.markdown import summary_md
from perfspec.report.plan_view import render_plan
from tests.results import limit, make_plan, make_run, make_test, measure
from tests.specs import codes, spec

PRICES = Prices(
    currency="USD",
    generator_hour=6.0,
    ci_minute=0.008,
    received_gb=0.09,
    endpoints={"order": 0.02, "login": 0.001},
    instance_hours={"edge.instances": 3.0},
)
TEST = make_test(limit("error_rate", 0.01), hold_s=60.0)
PLAN = make_plan(TEST, prices=PRICES)


def usage(**rest: Any) -> Usage:  # noqa: ANN401  (fields)
    return Usage(**({"load_s": 3600.0, "wall_s": 3601.0} | rest))


def test_every_price_times_what_was_used() -> None:
    used = usage(
        requests={"order": 50.0, "search": 9.0},
        received=2e9,
        instance_s={"edge.instances": 7200.0, "edge.other": 1.0},
    )
    cost = cost_of(PRICES, used)
    assert {each.what: each.amount for each in cost.items} == pytest.approx(
        {
            "requests of order": 1.0,
            "GB received": 0.18,
            "instance h of edge.instances": 6.0,
            "h of the generator": 6.0,
            "min of CI": 61 * 0.008,
        }
    )
    assert cost.total == pytest.approx(13.668)
    assert cost.at(10) == pytest.approx(13.668 + 9 * 1.18)


def test_a_run_costs_what_it_used() -> None:
    result = measure(TEST, {"order": [0.1] * 500, "login": [0.1] * 30})
    instances = SampledSeries(
        name="instances", unit="count", at_s=[1.0, 2.0, 3.0], values=[2.0, None, 4.0]
    )
    result.monitors = [Monitored(name="edge", every_s=1.0, series=[instances])]
    run = make_run(PLAN, result)
    first, second = measured_cost(PLAN, run)
    assert first == (
        "Cost: 10.30 USD: 500 requests of order for 10.00 USD, 30 requests of login for 0.03 USD,"
        " 0.000795 GB received for 7.2e-05 USD, 0.05 instance h of edge.instances for 0.15 USD, 0.0167 h of the generator for 0.1 USD,"
        " 2 min of CI for 0.016 USD."
    )
    assert second == (
        "With more load for as long, on as many instances: 2 x 20.33 USD, 10 x 100.57 USD."
    )
    verdict = judge_run(PLAN, run)
    assert "10.30 USD" in summary_md(PLAN, run, verdict).replace("\\", "")
    page = report_html(PLAN, run, verdict)
    assert first.removeprefix("Cost: ") in page
    assert second in page


def test_a_plan_says_what_it_would_cost() -> None:
    first, _ = planned_cost(PLAN)
    assert first in render_plan(PLAN, 400).replace("  cost      ", "Cost: ")
    assert "requests of order" in first
    assert "1 min of CI" in first


def test_nothing_is_said_without_prices() -> None:
    free = msgspec.structs.replace(PLAN, prices=None)
    run = make_run(free, measure(TEST, {"order": [0.1]}))
    assert planned_cost(free) == measured_cost(free, run) == ()


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        ("{ generator_hour: 2 USD, endpoints: { home: 0.02 USD } }", []),
        ("{ generator_hour: 2 USD, ci_minute: 1 EUR }", ["PS376"]),
        ("{ endpoints: { hom: 0.02 USD } }", ["PS201"]),
        ("{ instance_hours: { edge.instances: 2 USD } }", ["PS215"]),
        ("{ generator_hour: 2 }", ["PS104"]),
        ("{ generator_hour: $2 }", ["PS104"]),
    ],
)
def test_prices_as_lint_sees_them(prices: str, found: list[str]) -> None:
    assert codes(spec(prices=prices)) == found
