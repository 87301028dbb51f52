"""Which tests become duets: as they say, where it can be, and with what of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from perfspec.errors import UsageError
from perfspec.plan.duet import SUFFIX, block_spans, one_block
from perfspec.plan.load import Stage, judged
from perfspec.plan.model import Environment, OpenModel, Service
from perfspec.plan.pairing import only_duets, paired_as, with_duets
from tests.duets import DUET, budget
from tests.results import limit, make_plan, make_test

if TYPE_CHECKING:
    from perfspec.plan.model import Plan, Test

LOCAL = Environment(
    name="local",
    url="http://127.0.0.1:8801",
    hosts=("127.0.0.1:8801",),
    services=(Service(name="api", run="serve ${PORT:-8801}"),),
)
P95, THROUGHPUT = budget(), budget("throughput")
RAMPED = (
    Stage(users=5, hold_s=30),
    Stage(users=20, ramp_s=10, hold_s=60),
    Stage(users=2, hold_s=5),
)


def load(name: str = "load", **rest: Any) -> Test:  # noqa: ANN401  (fields)
    defaults: dict[str, Any] = {"stages": RAMPED, "warm_up_s": 3.0, "budgets": (P95, THROUGHPUT)}
    return make_test(limit("p95", 0.3), name=name, **(defaults | rest))


def plan(*tests: Test, environment: Environment = LOCAL) -> Plan:
    return make_plan(*tests, environment=environment)


def names(of: Plan) -> list[str]:
    return [each.name for each in of.tests]


def test_blocks_hold_the_highest_level_and_judge_what_follows_the_cut() -> None:
    [test] = only_duets(plan(load()), DUET, {}).tests
    assert test.name == f"load{SUFFIX}"
    assert test.stages == (Stage(users=20, ramp_s=3.0, hold_s=12.0),) * 16
    assert one_block(test).stages == test.stages[:1]
    assert judged(test.stages, "hold", test.warm_up_s) == block_spans(DUET)
    assert test.budgets == (P95, THROUGHPUT)
    assert test.objectives == ()


def test_a_test_that_says_so_keeps_its_limits_and_gives_its_budgets_away() -> None:
    before = plan(load(compare="duet"), load("other", compare="history"))
    found, reasons = with_duets(before, DUET, {})
    assert names(found) == ["load", "load.duet", "other"]
    assert [len(each.budgets) for each in found.tests] == [0, 2, 2]
    assert [len(each.objectives) for each in found.tests] == [1, 0, 1]
    assert reasons == ()
    assert found.fingerprint != before.fingerprint


def test_a_test_without_limits_is_its_duet() -> None:
    only = msgspec.structs.replace(load(budgets=(P95,)), objectives=())
    assert names(with_duets(plan(only), DUET, {})[0]) == ["load.duet"]


@pytest.mark.parametrize("objectives", [(), (limit("p95", 0.3),)])
def test_the_history_compares_the_throughput_of_a_test_beside_its_duet(objectives: Any) -> None:  # noqa: ANN401
    test = msgspec.structs.replace(load(), objectives=objectives)
    run, pair = with_duets(plan(test), DUET, {})[0].tests
    assert (run.name, run.duet, run.budgets) == ("load", None, (THROUGHPUT,))
    assert (pair.name, pair.budgets) == ("load.duet", (P95,))


def test_auto_is_a_duet_where_it_can_be() -> None:
    assert names(with_duets(plan(load()), DUET, {})[0]) == ["load", "load.duet"]
    assert names(with_duets(plan(load()), None, {})[0]) == ["load"]
    bare = msgspec.structs.replace(LOCAL, services=())
    found, reasons = with_duets(plan(load(), load("spike"), environment=bare), DUET, {})
    assert names(found) == ["load", "spike"]
    assert len(reasons) == 1
    assert "no services" in reasons[0]


@pytest.mark.parametrize(
    ("test", "duet", "said"),
    [
        (load(compare="duet"), None, r"load \(perfspec.yaml:60:3\) says compare: duet: name the"),
        (load(compare="duet", budgets=(THROUGHPUT,)), DUET, "has no budget on a latency"),
        (load(compare="duet", open_model=OpenModel(max_users=9)), DUET, "has arrivals"),
    ],
)
def test_what_cannot_be_says_why(test: Test, duet: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(UsageError, match=said):
        with_duets(plan(test), duet, {})


def test_the_command_takes_what_can_be_and_needs_something() -> None:
    assert names(only_duets(plan(load(), load("smoke", budgets=())), DUET, {})) == ["load.duet"]
    with pytest.raises(UsageError, match="test smoke has no budget"):
        only_duets(plan(load("smoke", budgets=())), DUET, {})


def test_a_run_is_judged_again_with_the_duets_that_it_had() -> None:
    before, _ = with_duets(plan(load(), load("smoke", budgets=())), DUET, {})
    looser = msgspec.structs.replace(P95, fail=0.9)
    today = plan(load(budgets=(looser,)), load("smoke", budgets=()))
    found = paired_as(today, before)
    assert names(found) == names(before)
    assert found.fingerprint == before.fingerprint
    assert [each.budgets for each in found.tests] == [(), (looser,), ()]


@pytest.mark.parametrize("compare", ["auto", "duet"])
def test_no_budget_gets_lost_when_a_run_is_judged_again(compare: Any) -> None:  # noqa: ANN401
    without = msgspec.structs.replace(load(compare=compare, budgets=(P95,)), objectives=())
    for test in (load(compare=compare), without):
        before, _ = with_duets(plan(test), DUET, {})
        found = paired_as(plan(load()), before)
        assert names(found) == names(before)
        budgets = [each for test in found.tests for each in test.budgets]
        assert sorted(each.metric.name for each in budgets) == ["p95", "throughput"]
