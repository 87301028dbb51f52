"""Which tests of a sequence run, and which of them need each other then."""

from __future__ import annotations

import pytest

from perfspec.errors import UsageError
from perfspec.plan.compile.choice import choose_tests, same_tests
from perfspec.plan.compile.plan import compile_plan
from tests.shop import SHOP
from tests.specs import load

SPEC = SHOP.replace(
    "  quick:",
    "  nightly: [smoke, load: { needs: [smoke] }, soak: { needs: all }]\n  quick:",
).replace("sequences:", "  soak: { users: 5, duration: 1h }\nsequences:")


def needs(*only: str, first: str | None = None) -> dict[str, tuple[str, ...]]:
    chosen = choose_tests(load(SPEC), "nightly", only, (), None, first)
    return {each.name: each.needs for each in chosen.tests}


def test_all_means_every_test_before() -> None:
    assert needs() == {"smoke": (), "load": ("smoke",), "soak": ("smoke", "load")}


def test_nobody_needs_what_is_left_out() -> None:
    assert needs("load", "soak") == {"load": (), "soak": ("load",)}
    assert needs(first="load") == {"load": (), "soak": ("load",)}
    assert needs("soak", first="load") == {"soak": ()}


def test_nothing_left_is_no_choice() -> None:
    with pytest.raises(UsageError, match="--only smoke stands before --from soak"):
        needs("smoke", first="soak")
    with pytest.raises(UsageError, match="there is no test of this sequence 'sok'"):
        needs(first="sok")


def test_a_plan_is_made_again_with_its_needs() -> None:
    document = load(SPEC, {"PASSWORD": "x"})
    chosen = choose_tests(document, "nightly", (), (), None)
    plan = compile_plan(document, chosen, variables={"PASSWORD": "x"})
    assert same_tests(plan).tests == chosen.tests
