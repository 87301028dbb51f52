"""Arrivals of the spec as the plan has them, and what it foresees of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.plan.expect import Forecast
from perfspec.plan.load import Stage, judged, window_edges
from perfspec.plan.model import OpenModel
from perfspec.report.plan_view import curve, render_plan
from tests.shop import SHOP, plan_of

if TYPE_CHECKING:
    from perfspec.plan.model import Test

SPEC = SHOP.replace(
    "sequences:",
    """\
  rush:
    stages:
      - { arrivals: [5/s, 10/s], ramp: 10s, hold: 1m }
      - { arrivals: { rate: 1200/min, spacing: poisson }, hold: 1m, jitter: { by: 50%, every: 10s } }
      - { arrivals: 0/s, ramp: 10s }
    max_users: 50
    finish_within: 45s
    slo: { dropped: 0%, journeys: 4/s, journey_error_rate: { warn: 1%, fail: 2% }, lateness: 20ms }
  short: { arrivals: 2/s, duration: 30s, max_users: 9, slo: { error_rate: 1% } }
sequences:""",
)


def rush(**rest: float) -> Test:
    (test,) = plan_of(SPEC, sequence="rush", **rest).tests  # type: ignore[arg-type]
    return test


def test_every_level_is_a_stage_and_rates_are_per_second() -> None:
    test = rush()
    levels = [(each.arrivals, each.spacing, each.users) for each in test.stages]
    assert levels == [
        (5, "even", None),
        (10, "even", None),
        (20, "poisson", None),
        (0, "even", None),
    ]
    assert test.open_model == OpenModel(max_users=50, finish_within_s=45)
    assert (test.peak_users, test.finish_within_s) == (50, 45)


def test_the_short_form_is_one_stage() -> None:
    (test,) = plan_of(SPEC, sequence="short").tests
    assert test.stages == (Stage(arrivals=2.0, hold_s=30.0),)
    assert test.open_model == OpenModel(max_users=9, finish_within_s=30)


def test_a_test_with_users_has_no_open_model() -> None:
    (test,) = plan_of(SPEC, sequence="smoke").tests
    assert (test.open_model, test.peak_users, test.finish_within_s) == (None, 5, 0)


def test_time_is_scaled_and_nothing_else() -> None:
    whole, short = rush(), rush(time_scale=0.1)
    assert [each.arrivals for each in short.stages] == [each.arrivals for each in whole.stages]
    assert [each.spacing for each in short.stages] == [each.spacing for each in whole.stages]
    assert [each.hold_s for each in short.stages] == [6, 6, 6, 0]
    assert short.open_model == whole.open_model


def test_what_arrives_is_judged_up_to_the_highest_level() -> None:
    test = rush()
    spans = judged(test.stages, "hold", test.warm_up_s)
    assert [(each.start_s, each.end_s) for each in spans] == [(16, 70), (80, 140), (140, 200)]


def test_what_happens_after_the_load_has_a_window_of_its_own() -> None:
    test = rush()
    edges = window_edges(test.stages, test.warm_up_s, test.finish_within_s)
    assert edges[-2:] == (210, 255)
    assert edges[:-1] == window_edges(test.stages, test.warm_up_s)


def test_limits_on_journeys_have_journeys_as_their_subject() -> None:
    found = {
        each.metric.name: each for each in rush().objectives if each.origin.startswith("tests")
    }
    assert {name: str(each.subject) for name, each in found.items()} == {
        "dropped": "all journeys",
        "journeys": "all journeys",
        "journey_error_rate": "all journeys",
        "lateness": "all requests",
    }
    assert found["dropped"].id == "journeys.dropped"
    assert found["journeys"].expected == pytest.approx(5 * 54 + 10 * 60 + 20 * 60)


def test_the_forecast_counts_arrivals_and_not_rounds() -> None:
    (test,) = plan_of(SPEC, sequence="short").tests
    forecast = Forecast(test)
    assert forecast.journeys("whole") == {"reader": pytest.approx(48), "browser": pytest.approx(12)}
    assert forecast.requests()["upload"] == pytest.approx(48)
    assert 2 < forecast.users_needed() < 30


def test_the_fingerprint_knows_the_model() -> None:
    prints = {
        plan_of(text, sequence="rush").tests[0].fingerprint
        for text in (
            SPEC,
            SPEC.replace("max_users: 50", "max_users: 51"),
            SPEC.replace("finish_within: 45s", "finish_within: 46s"),
            SPEC.replace("spacing: poisson", "spacing: even"),
            SPEC.replace("1200/min", "1260/min"),
        )
    }
    assert len(prints) == 5
    same = SPEC.replace("1200/min", "20/s").replace("dropped: 0%", "dropped: 1%")
    assert plan_of(same, sequence="rush").tests[0].fingerprint in prints


def test_the_plan_shows_rates_shares_and_the_users_that_are_needed() -> None:
    plan = plan_of(SPEC, sequence="rush")
    text = render_plan(plan, 120)
    assert "rush: 3m40s, at most 50 users\n" not in text
    assert "5/s in 10s for 1m, 10/s in 10s for 1m, 20/s, by chance ±50% for 1m" in text
    assert "  journeys  reader 80%, browser 20%\n" in text
    assert "busy at once, at most 50\n" in text
    assert "  finish    journeys under way at the end have 45s more\n" in text
    assert "(sign-in and retries not counted)" in text
    drawn = curve(plan.tests[0], 30)
    assert drawn[0] == "▁"
    assert drawn[22] == "█"
