"""A run against the runs before it: what fails, what warns, what cannot be decided, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from perfspec.baseline.archive import Past
from perfspec.baseline.record import SeriesRecord
from perfspec.judge.change import Question
from perfspec.judge.compare import compare_test
from perfspec.judge.model import Change, Comparison, Outcome
from perfspec.measure.histogram import Histogram
from perfspec.plan.budget import BaselineRule, Budget, Waiver
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import metric_of
from tests.records import MACHINE, NAMES, record, series
from tests.results import place

if TYPE_CHECKING:
    from perfspec.baseline.record import Record

RULE = BaselineRule(store="dir:x")
SLOW = {"endpoint_3": 1.4}


def budget(
    metric: str = "p95",
    on: str = "endpoint_3",
    fail: float | None = 0.1,
    **rest: Any,  # noqa: ANN401  (fields of the struct)
) -> Budget:
    kind: Any = "total" if metric == "throughput" else "request"
    return Budget(
        id=f"{on}.{metric}",
        subject=Subject(kind=kind, name="" if kind == "total" else on),
        metric=metric_of(metric),
        fail=fail,
        place=place(7),
        origin=f"budget.{metric}",
        **({"min_samples": 500} | rest),
    )


EVERY = tuple(budget(metric, name) for name in NAMES for metric in ("p50", "p95"))


def past(n: int, **rest: Any) -> Past:  # noqa: ANN401  (fields of a record)
    return Past(tuple(record(number, **rest) for number in range(n)))


def compare(
    n: int,
    *budgets: Budget,
    head: dict[str, Any] | None = None,
    rule: BaselineRule = RULE,
    waivers: tuple[Waiver, ...] = (),
    accepted: str | None = None,
    problem: str | None = None,
    before: Past | None = None,
) -> Comparison:
    question = Question(budgets or EVERY, rule, waivers, accepted, problem)
    return compare_test(question, record(100, **(head or {})), before or past(n))


def of(comparison: Comparison, name: str) -> Change:
    return next(each for each in comparison.changes if each.budget == name)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_a_slower_endpoint_fails_and_no_other(n: int) -> None:
    comparison = compare(n, head={"slower": SLOW})
    failed = {each.budget for each in comparison.changes if each.outcome is Outcome.FAIL}
    assert failed == {"endpoint_3.p50", "endpoint_3.p95"}
    found = of(comparison, "endpoint_3.p95")
    assert (found.state, found.samples, len(found.history)) == ("regression", 1000, n)
    assert found.low is not None
    assert found.high is not None
    assert found.change is not None
    assert 0.1 < found.low < found.change < found.high
    assert comparison.false_alarms == 0.01


@pytest.mark.parametrize("n", [5, 10])
def test_an_unchanged_run_passes(n: int) -> None:
    comparison = compare(n, before=past(n, noise=0.01), head={"noise": 0.0})
    assert {each.outcome for each in comparison.changes} == {Outcome.PASS}
    assert all(each.detectable and 0.1 < each.detectable < 0.4 for each in comparison.changes)
    assert not comparison.suspect


def test_one_run_never_passes_but_fails_what_is_plain() -> None:
    comparison = compare(1, head={"slower": {"endpoint_3": 2.5}})
    outcomes = {each.budget: each.outcome for each in comparison.changes}
    assert outcomes["endpoint_3.p95"] is Outcome.FAIL
    assert Outcome.PASS not in outcomes.values()
    assert any("1 of 5 runs" in each for each in comparison.notes)


@pytest.mark.parametrize("missing", ["warn", "pass", "fail"])
def test_without_a_run_the_spec_says_what_that_means(missing: Any) -> None:  # noqa: ANN401
    comparison = compare(0, rule=msgspec.structs.replace(RULE, missing=missing))
    assert {each.outcome for each in comparison.changes} == {Outcome(missing)}
    assert {each.state for each in comparison.changes} == {"no_baseline"}
    assert comparison.false_alarms is None


def test_a_slower_host_is_no_regression() -> None:
    comparison = compare(10, head={"slower": dict.fromkeys(NAMES, 1.3)})
    assert Outcome.FAIL not in {each.outcome for each in comparison.changes}
    assert comparison.shift == pytest.approx(0.3, abs=0.1)
    assert comparison.suspect
    assert any("All endpoints together" in each for each in comparison.notes)


def test_the_way_back_from_an_improvement_of_everything_is_seen() -> None:
    """Runs from before it would make the old level look usual."""
    better = dict.fromkeys(NAMES, 0.8)
    improved = [record(n, slower=better if n >= 12 else None) for n in range(20)]
    comparison = compare(0, before=Past(tuple(improved)))
    assert comparison.shift == pytest.approx(0.25, abs=0.1)
    assert comparison.suspect


def test_runs_that_had_few_requests_lend_no_probe() -> None:
    few = [record(n, probe_s=0.001, requests=100 if n < 3 else 1000) for n in range(10)]
    comparison = compare(0, before=Past(tuple(few)), head={"probe_s": 0.001})
    assert {len(each.history) for each in comparison.changes} == {7}
    assert comparison.shift == pytest.approx(0.0, abs=0.1)
    assert not comparison.suspect


def test_the_probe_tells_the_host_from_the_code() -> None:
    slower = dict.fromkeys(NAMES, 1.3)
    probed = Past(tuple(record(number, probe_s=0.001) for number in range(10)))
    host = compare(0, before=probed, head={"slower": slower, "probe_s": 0.0013})
    assert host.probe == pytest.approx(0.3)
    assert host.shift == pytest.approx(0.0, abs=0.05)
    assert not host.suspect
    code = compare(0, before=probed, head={"slower": slower, "probe_s": 0.00101})
    assert code.probe == pytest.approx(0.01)
    assert code.suspect
    assert any("looks like the code, not the host" in each for each in code.notes)
    unknown = compare(0, before=Past((*past(9).records, record(9, probe_s=0.001))))
    assert unknown.probe is None


def test_with_few_endpoints_the_probe_stands_for_what_they_share() -> None:
    """A host that varies by 20 % hides a slowdown of 40 %, unless the probe tells of it."""
    names, rng = NAMES[3:5], np.random.default_rng(5)
    speeds = np.exp(rng.normal(0, 0.2, 11))

    def runs(probe: float) -> list[Record]:
        return [
            record(
                number if number < 10 else 100,
                names=names,
                slower=dict.fromkeys(names, speed)
                | ({names[0]: 1.4 * speed} if number == 10 else {}),
                probe_s=probe * speed or None,
            )
            for number, speed in enumerate(speeds)
        ]

    every = tuple(budget("p95", name) for name in names)
    outcomes = {}
    for probe in (0.0, 0.001):
        *before, head = runs(probe)
        found = compare_test(Question(every, RULE), head, Past(tuple(before)))
        outcomes[probe] = [each.outcome for each in found.changes]
    assert outcomes[0.001] == [Outcome.FAIL, Outcome.PASS]
    assert Outcome.FAIL not in outcomes[0.0]


def test_a_floor_must_be_exceeded_too() -> None:
    inside = budget(floor_s=1.0)
    assert of(compare(10, inside, head={"slower": SLOW}), inside.id).outcome is not Outcome.FAIL
    beyond = budget(floor_s=0.001)
    assert of(compare(10, beyond, head={"slower": SLOW}), beyond.id).outcome is Outcome.FAIL


def test_a_level_that_warns_only_warns() -> None:
    only = budget(fail=None, warn=0.1)
    assert of(compare(10, only, head={"slower": SLOW}), only.id).outcome is Outcome.WARN
    both = budget(fail=0.9, warn=0.1)
    found = of(compare(10, both, head={"slower": SLOW}), both.id)
    assert (found.outcome, found.state) == (Outcome.WARN, "regression")


def test_too_few_requests_decide_nothing() -> None:
    wanting = budget(min_samples=2000)
    found = of(compare(10, wanting, head={"slower": SLOW}), wanting.id)
    assert (found.outcome, found.state, found.p) == (Outcome.WARN, "undecided", None)
    assert "1,000 requests, 2,000 are needed" in found.reason


@pytest.mark.parametrize("largest_first", [False, True])
def test_each_of_two_budgets_on_the_same_numbers_has_its_own_needs(*, largest_first: bool) -> None:
    usual, wanting = budget(), msgspec.structs.replace(budget(min_samples=2000), id="more")
    asked = (wanting, usual) if largest_first else (usual, wanting)
    found = compare(10, *asked, head={"slower": SLOW})
    assert of(found, usual.id).outcome is Outcome.FAIL
    assert "1,000 requests, 2,000 are needed" in of(found, wanting.id).reason


def test_throughput_is_compared_with_the_runs_since_it_last_changed() -> None:
    more = Past(tuple(record(n, requests=1300 if n >= 10 else 1000) for n in range(20)))
    found = compare(0, budget("throughput", fail=0.05, min_samples=1), before=more)
    assert found.changes[0].outcome is Outcome.FAIL
    assert found.changes[0].change == pytest.approx(-0.23, abs=0.01)
    assert (found.changes[0].since, len(found.changes[0].history)) == (10, 20)


def test_a_noisy_history_says_what_it_cannot_exclude() -> None:
    comparison = compare(5, before=past(5, noise=0.15), head={"noise": 0.0})
    undecided = [each for each in comparison.changes if each.state == "undecided"]
    assert undecided
    assert all("can only be excluded" in each.reason for each in undecided)


def test_more_failures_than_before_fail() -> None:
    errors = tuple(budget("error_rate", name, fail=0.001) for name in NAMES)
    before = past(10, failed=dict.fromkeys(NAMES, 2))
    same = compare(10, *errors, before=before, head={"failed": dict.fromkeys(NAMES, 3)})
    assert {each.outcome for each in same.changes} == {Outcome.PASS}
    more = compare(10, *errors, before=before, head={"failed": {"endpoint_3": 40}})
    assert of(more, "endpoint_3.error_rate").outcome is Outcome.FAIL
    assert of(more, "endpoint_3.error_rate").change == pytest.approx(0.038)
    few = of(compare(10, *errors, head={"failed": {"endpoint_3": 4}}), "endpoint_3.error_rate")
    assert (few.outcome, few.reason) == (Outcome.PASS, "so few failed that it may be chance")


@pytest.mark.parametrize("missing", ["warn", "fail"])
def test_failures_that_are_few_but_more_than_the_budget_allows_do_not_pass(missing: Any) -> None:  # noqa: ANN401
    """Of 20 requests one may fail by chance where 0.1 % do (2 %), two hardly (0.02 %)."""
    asked = budget("error_rate", fail=0.001, min_samples=5)
    rule, before = msgspec.structs.replace(RULE, missing=missing), past(10, requests=20)
    for failed, reason in (
        (1, "so few failed that it may be chance"),
        (2, "2 of 20 requests failed: more than the budget allows"),
        (4, "4 of 20 requests failed: more than the budget allows"),
    ):
        head = {"requests": 20, "failed": {"endpoint_3": failed}}
        [found] = compare(10, asked, before=before, head=head, rule=rule).changes
        assert found.reason.startswith(reason)
        assert (found.state, found.p) == ("within" if failed == 1 else "undecided", 1.0)
        assert found.outcome is (Outcome.PASS if failed == 1 else Outcome(missing))


@pytest.mark.parametrize("missing", ["warn", "pass", "fail"])
def test_what_is_not_requested_any_more_is_not_decided_by_missing(missing: Any) -> None:  # noqa: ANN401
    """The baseline is there; what nothing is measured of can never pass."""
    rule = msgspec.structs.replace(RULE, missing=missing)
    every = budget(), budget("error_rate", min_samples=5)
    gone = compare(5, *every, rule=rule, head={"names": NAMES[:3]})
    assert {each.outcome for each in gone.changes} == {Outcome.INCONCLUSIVE}
    reason = "no request of it, at least 1,000 in each run of the baseline"
    assert {each.reason for each in gone.changes} == {reason}
    seldom = past(5, requests=0)
    rare = compare(5, *every, rule=rule, before=seldom, head={"names": NAMES[:3]})
    assert {each.outcome for each in rare.changes} == {Outcome(missing)}


def part(slower: float, number: int) -> SeriesRecord:
    """What a persona sees of the fourth endpoint."""
    rng = np.random.default_rng(1000 + number)
    return msgspec.structs.replace(
        series("endpoint_3", 70_000 * slower * np.exp(rng.normal(0, 0.02)), rng), persona="buyer"
    )


OF_BUYERS = msgspec.structs.replace(
    budget(), id="buyers", subject=Subject(kind="request", name="endpoint_3", persona="buyer")
)


def test_a_part_of_an_endpoint_is_compared_by_itself() -> None:
    """Most of its requests may be as fast as ever."""
    before = Past(tuple(record(number, parts=(part(1.0, number),)) for number in range(10)))
    every = (*EVERY, OF_BUYERS)
    found = compare(0, *every, before=before, head={"parts": (part(1.4, 100),)})
    failed = [each.budget for each in found.changes if each.outcome is Outcome.FAIL]
    assert failed == ["buyers"]
    assert of(found, "buyers").change == pytest.approx(0.4, abs=0.1)


def test_parts_never_stand_for_what_all_endpoints_share() -> None:
    """However many budgets there are on parts of one endpoint, it is one of eight."""
    names = tuple(f"persona_{index}" for index in range(12))

    def parts(slower: float, number: int) -> tuple[SeriesRecord, ...]:
        return tuple(
            msgspec.structs.replace(part(slower, number + 1000 * at), persona=name)
            for at, name in enumerate(names)
        )

    budgets = [
        msgspec.structs.replace(
            OF_BUYERS, id=name, subject=msgspec.structs.replace(OF_BUYERS.subject, persona=name)
        )
        for name in names
    ]
    before = Past(tuple(record(number, parts=parts(1.0, number)) for number in range(10)))
    head = {"parts": parts(1.4, 100), "slower": SLOW}
    found = compare(0, *EVERY, *budgets, before=before, head=head)
    failed = {each.budget for each in found.changes if each.outcome is Outcome.FAIL}
    assert failed == {"endpoint_3.p50", "endpoint_3.p95", *names}


def test_a_new_budget_is_compared_with_the_runs_that_recorded_it() -> None:
    old = tuple(record(number) for number in range(6))
    new = tuple(record(number, parts=(part(1.0, number),)) for number in range(6, 12))
    found = compare(0, *EVERY, OF_BUYERS, before=Past(old + new), head={"parts": (part(1.4, 100),)})
    assert (of(found, "buyers").outcome, len(of(found, "buyers").history)) == (Outcome.FAIL, 6)
    assert len(of(found, "endpoint_3.p95").history) == 12
    first = compare(0, OF_BUYERS, before=Past(old), head={"parts": (part(1.4, 100),)})
    assert of(first, "buyers").outcome is Outcome.WARN


def test_a_lower_throughput_fails() -> None:
    rate = budget("throughput", "total", fail=0.05)
    assert of(compare(10, rate), rate.id).outcome is Outcome.PASS
    found = of(compare(10, rate, head={"requests": 800}), rate.id)
    assert found.outcome is Outcome.FAIL
    assert found.change == pytest.approx(-0.2, abs=0.01)


def test_a_waiver_turns_a_failure_into_a_warning_until_its_day() -> None:
    def waived(until: str, metric: str | None = None) -> Waiver:
        return Waiver(
            endpoint="endpoint_3", metric=metric, until=until, reason="known", owner="jo", place=place(9)
        )  # fmt: skip

    for waiver, outcome in (
        (waived("2027-02-09"), Outcome.WARN),
        (waived("2027-02-08"), Outcome.FAIL),
        (waived("2027-12-31", "p50"), Outcome.FAIL),
        (waived("2027-12-31", "p95"), Outcome.WARN),
    ):
        found = of(compare(10, head={"slower": SLOW}, waivers=(waiver,)), "endpoint_3.p95")
        assert (found.outcome, found.waived) == (outcome, outcome is Outcome.WARN)


def test_a_waiver_of_an_endpoint_is_none_of_a_group_of_that_name() -> None:
    group = Subject(kind="group", name="endpoint_3", persona="buyer")
    about = msgspec.structs.replace(OF_BUYERS, subject=group)
    waiver = Waiver(
        endpoint="endpoint_3", until="2027-12-31", reason="known", owner="jo", place=place(9)
    )

    def visits(slower: float, number: int) -> tuple[SeriesRecord, ...]:
        return (msgspec.structs.replace(part(slower, number), kind="group"),)

    before = Past(tuple(record(number, parts=visits(1.0, number)) for number in range(10)))
    head = {"parts": visits(1.4, 100), "slower": SLOW}
    found = compare(0, *EVERY, about, before=before, head=head, waivers=(waiver,))
    assert of(found, "buyers").outcome is Outcome.FAIL
    assert of(found, "endpoint_3.p95").waived


def test_a_machine_that_is_not_in_the_baseline_only_warns() -> None:
    other = msgspec.structs.replace(MACHINE, cpu="another")
    comparison = compare(10, head={"slower": SLOW, "machine": other})
    assert of(comparison, "endpoint_3.p95").outcome is Outcome.WARN
    said = "No run of the baseline had this machine, so a regression only warns."
    assert said in comparison.notes


def test_on_such_a_machine_missing_fail_is_meant_literally() -> None:
    """A regression there is no more decided than what is less certain, and does no better."""
    other = msgspec.structs.replace(MACHINE, cpu="another")
    strict = msgspec.structs.replace(RULE, missing="fail")
    wanting = budget(on="endpoint_4", min_samples=2000)
    head = {"slower": SLOW, "machine": other}
    found = compare(10, *EVERY, wanting, head=head, rule=strict)
    assert of(found, "endpoint_3.p95").outcome is Outcome.FAIL
    assert found.changes[-1].outcome is Outcome.FAIL
    assert found.changes[-1].state == "undecided"
    assert "No run of the baseline had this machine." in found.notes
    mild = compare(10, *EVERY, wanting, head=head)
    assert {each.outcome for each in mild.changes} <= {Outcome.PASS, Outcome.WARN}


def test_runs_on_the_same_machine_are_preferred() -> None:
    other = msgspec.structs.replace(MACHINE, cpu="another")
    strange = tuple(record(number, machine=other, slower=SLOW) for number in range(10, 20))
    comparison = compare(0, before=Past((*past(6).records, *strange)), head={"slower": SLOW})
    assert comparison.runs == 6
    assert of(comparison, "endpoint_3.p95").outcome is Outcome.FAIL


def test_only_what_came_after_a_change_is_the_baseline() -> None:
    """An improvement of last week is no licence to lose it again."""
    old = tuple(record(number, slower=SLOW) for number in range(8))
    new = tuple(record(number) for number in range(8, 16))
    comparison = compare(0, before=Past(old + new), head={"slower": SLOW})
    found = of(comparison, "endpoint_3.p95")
    assert (found.outcome, len(found.history), found.since) == (Outcome.FAIL, 16, 8)
    assert of(comparison, "endpoint_4.p95").since == 0


def test_a_problem_leaves_everything_undecided() -> None:
    comparison = compare(10, head={"slower": SLOW}, problem="the run is invalid")
    assert {each.outcome for each in comparison.changes} == {Outcome.INCONCLUSIVE}
    probed = Past(tuple(record(number, probe_s=0.001) for number in range(6)))
    busy = compare(0, before=probed, head={"probe_s": 0.0016})
    assert {each.outcome for each in busy.changes} == {Outcome.INCONCLUSIVE}
    assert "1.6 times as long" in busy.changes[0].reason
    usual = compare(0, before=probed, head={"probe_s": 0.0014})
    assert Outcome.INCONCLUSIVE not in {each.outcome for each in usual.changes}


def test_what_has_no_time_tells_nothing_of_others() -> None:
    """Messages that nobody acknowledges: as many as requests, in every run."""

    def talking(each: Record) -> Record:
        chunk = SeriesRecord(
            kind="request", name="chat.chunk", latency=Histogram(), untimed=5000, errors={},
            windows=(), variance={},
        )  # fmt: skip
        return msgspec.structs.replace(each, series=(*each.series, chunk))

    runs, head = past(6).records, record(100, slower=SLOW)
    chunks = budget(on="chat.chunk")
    plain = compare_test(Question(EVERY, RULE), head, Past(runs))
    found = compare_test(
        Question((*EVERY, chunks), RULE), talking(head), Past(tuple(map(talking, runs)))
    )
    assert found.changes[:-1] == plain.changes
    assert (found.shift, found.suspect) == (plain.shift, plain.suspect)
    last = found.changes[-1]
    assert (last.outcome, last.state, last.base) == (Outcome.WARN, "undecided", None)
