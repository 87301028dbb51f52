from __future__ import annotations

import re
from math import inf
from statistics import quantiles

import pytest

from perfspec.demo import delays
from perfspec.demo.app import ROUTES
from perfspec.demo.delays import DELAYS, Delays


def test_every_route_has_a_delay_and_no_other() -> None:
    assert set(DELAYS) == set(ROUTES)


def test_the_documented_table_is_the_one_in_force() -> None:
    rows = re.findall(r"^\| ([A-Z]+ /\S*) \| (.*) \|$", str(delays.__doc__), re.MULTILINE)
    documented = {route: [float(each) for each in row.split(" | ")] for route, row in rows}
    assert documented == {
        route: [
            delay.median_ms,
            delay.sigma,
            round(delay.quantile_ms(1.645), 1),
            round(delay.quantile_ms(2.326), 1),
        ]
        for route, delay in DELAYS.items()
        if delay.median_ms
    }


@pytest.mark.parametrize("route", [name for name, delay in DELAYS.items() if delay.median_ms])
def test_drawn_times_follow_the_table(route: str) -> None:
    drawn = Delays(speed=2, seed=1)
    found = quantiles([drawn.draw(route) * 2000 for _ in range(20_000)], n=100)
    assert found[49] == pytest.approx(DELAYS[route].median_ms, rel=0.03)
    assert found[94] == pytest.approx(DELAYS[route].quantile_ms(1.645), rel=0.06)


def test_the_seed_decides() -> None:
    one, same, other = (Delays(speed=1, seed=seed) for seed in (1, 1, 2))
    first = [one.draw("GET /books") for _ in range(5)]
    assert first == [same.draw("GET /books") for _ in range(5)]
    assert first != [other.draw("GET /books") for _ in range(5)]


def test_infinite_speed_and_quick_routes_have_no_delay() -> None:
    assert {Delays(speed=inf, seed=1).draw(route) for route in DELAYS} == {0.0}
    assert Delays(speed=1, seed=1).draw("GET /health") == 0.0
