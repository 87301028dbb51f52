"""What of a run may enter a baseline."""

from __future__ import annotations

import pytest

from perfspec.baseline.origin import Origin
from perfspec.cli.compare import valid_records
from perfspec.judge.verdict import judge_run
from tests.results import limit, make_plan, make_run, make_test, measure

HERE = Origin(commit="c" * 40, branch="main", clean=True, pull_request=False)


@pytest.mark.parametrize(("ready", "recorded"), [(20, ["load"]), (10, [])])
def test_half_of_the_users_make_no_baseline(ready: int, recorded: list[str]) -> None:
    test = make_test(limit("p95", 0.3), name="load", users=20, record=True)
    plan = make_plan(test)
    result = make_run(plan, measure(test, {"login": [0.1] * 500}, health={"ready": ready}))
    records = valid_records(plan, result, judge_run(plan, result), HERE)
    assert [each.test for each in records] == recorded
