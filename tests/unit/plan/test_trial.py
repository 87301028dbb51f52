"""What ``try`` runs of a plan."""

from __future__ import annotations

import pytest

from perfspec.errors import UsageError
from perfspec.plan.compile.trial import trial_of
from perfspec.plan.load import peak_users
from tests.shop import SHOP, plan_of


def test_one_user_of_each_persona() -> None:
    (trial,) = trial_of(plan_of(), ()).tests
    assert [(each.name, each.users) for each in trial.personas] == [("reader", 1), ("browser", 1)]
    assert peak_users(trial.stages) == 2
    assert (trial.objectives, trial.abort) == ((), ())


def test_only_the_personas_that_are_wanted() -> None:
    (trial,) = trial_of(plan_of(), ("browser",)).tests
    assert [each.name for each in trial.personas] == ["browser"]
    with pytest.raises(
        UsageError, match="no test has a persona 'buyer': they have reader, browser"
    ):
        trial_of(plan_of(), ("browser", "buyer"))


def test_it_has_the_name_of_the_test_that_it_stands_for() -> None:
    assert trial_of(plan_of(), ()).tests[0].name == "try"
    assert trial_of(plan_of(only=("load",)), ()).tests[0].name == "load"


def test_it_goes_round_where_the_test_has_journeys_arrive() -> None:
    text = SHOP.replace("smoke: { users: 5, ", "smoke: { arrivals: 5/s, max_users: 9, ")
    (trial,) = trial_of(plan_of(text, only=("smoke",)), ()).tests
    assert (trial.open_model, trial.peak_users) == (None, 2)
