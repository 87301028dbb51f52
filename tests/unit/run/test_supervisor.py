"""A whole run: the order of its steps, and the way back when one of them goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.clock import SystemClock
from perfspec.errors import RunError, UsageError
from perfspec.measure.model import RunResult
from perfspec.plan.model import Hook, Plan, Protection
from perfspec.run.contracts import BrokenRunError
from perfspec.run.folder import RunFolder
from perfspec.run.warden import Warden
from tests.results import make_test
from tests.runs import (
    Events,
    Referee,
    environment,
    free_port,
    gone,
    options,
    run,
    service,
    small_plan,
)

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.measure.collect import Collector
    from perfspec.measure.model import AbortHit, TestResult
    from perfspec.plan.model import Test
    from tests.conftest import Eventually

pytestmark = pytest.mark.slow


def test_the_plan_is_written_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    result = run(plan, options=options())
    folder = RunFolder.latest(tmp_path)
    assert jsonio.read_json(folder.plan, Plan) == plan
    assert (result.run_id, result.plan_fingerprint) == (folder.id, plan.fingerprint)
    assert result.started <= result.finished


def test_on_fail_stop_skips_the_rest_with_its_reason(tmp_path: Path) -> None:
    smoke = make_test(name="smoke", hold_s=1.0, on_fail="stop")
    plan = small_plan(tmp_path, smoke, make_test(name="load", hold_s=1.0))
    events = Events()
    result = run(plan, options=options(), referee=Referee(stops=True), events=events)
    assert result.problem is None
    assert [test.status for test in result.tests] == ["complete", "skipped"]
    assert result.tests[1].reason == "test smoke did not pass, and says on_fail: stop"
    assert events.seen[-1] == "test ended load skipped"
    assert run(plan, options=options()).tests[1].status == "complete"


def test_without_on_fail_the_sequence_goes_on(tmp_path: Path) -> None:
    tests = make_test(name="smoke", hold_s=1.0), make_test(name="load", hold_s=1.0)
    result = run(small_plan(tmp_path, *tests), options=options(), referee=Referee(stops=True))
    assert [test.status for test in result.tests] == ["complete", "complete"]


def test_a_test_in_doubt_runs_once_more(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, *(make_test(name=each, hold_s=1.0) for each in ("smoke", "load")))
    events = Events()
    result = run(plan, options=options(), referee=Referee(doubted={"smoke"}), events=events)
    smoke, load = result.tests
    assert smoke.confirmation is not None
    assert (smoke.confirmation.name, smoke.confirmation.status) == ("smoke", "complete")
    assert load.confirmation is None
    assert events.steps == [
        "test started smoke 1/2",
        "test ended smoke complete",
        "warning test smoke runs once more: its orders are slower",
        "test started smoke 1/2",
        "test ended smoke complete",
        "test started load 2/2",
        "test ended load complete",
    ]
    written = jsonio.read_json(RunFolder.latest(tmp_path).result, RunResult)
    assert jsonio.encode(written) == jsonio.encode(result)


def test_a_test_runs_until_it_is_in_doubt_no_more(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, make_test(hold_s=1.0))
    result = run(plan, options=options(), referee=Referee(doubted=["load", "load"]))
    [load] = result.tests
    assert [each.status for each in load.repeats] == ["complete", "complete"]


def test_a_broken_test_skips_the_rest(tmp_path: Path) -> None:
    tests = make_test(name="smoke", hold_s=1.0), make_test(name="load", hold_s=1.0)
    with pytest.raises(BrokenRunError) as caught:
        run(small_plan(tmp_path, *tests), options=options("crash"))
    assert [test.status for test in caught.value.result.tests] == ["broken", "skipped"]
    assert caught.value.result.tests[1].reason == "the run broke in test smoke"


def test_a_test_that_needs_another_is_skipped_unless_that_passed(tmp_path: Path) -> None:
    smoke, load, soak = (
        make_test(name="smoke", hold_s=1.0),
        make_test(name="load", hold_s=1.0, needs=("smoke",)),
        make_test(name="soak", hold_s=1.0, needs=("smoke", "load")),
    )
    other = make_test(name="other", hold_s=1.0)
    plan = small_plan(tmp_path, smoke, other, load, soak)
    result = run(plan, options=options(), referee=Referee(failing={"smoke"}))
    assert [test.status for test in result.tests] == ["complete", "complete", "skipped", "skipped"]
    assert [test.reason for test in result.tests[2:]] == ["it needs smoke, which did not pass"] * 2
    passed = run(plan, options=options(), referee=Referee(failing={"other"}))
    assert [test.status for test in passed.tests] == ["complete"] * 4
    skipped = run(plan, options=options(), referee=Referee(failing={"load"}))
    assert skipped.tests[3].reason == "it needs load, which did not pass"


def test_an_interrupted_run_goes_on_with_the_first_test_that_is_not_whole(tmp_path: Path) -> None:
    names = ("smoke", "load", "soak")
    plan = small_plan(tmp_path, *(make_test(name=each, hold_s=2.0) for each in names))
    folder = RunFolder.create(tmp_path, SystemClock())
    first = run(plan, options=options(), folder=folder)
    first.tests[1].status, first.tests[2].status = "partial", "skipped"
    events = Events()
    result = run(plan, options=options(), folder=folder, before=first, events=events)
    assert [test.status for test in result.tests] == ["complete"] * 3
    assert result.tests[0] is first.tests[0]
    assert [each for each in events.steps if each.startswith("test started")] == [
        "test started load 2/3",
        "test started soak 3/3",
    ]
    assert (result.started, result.run_id) == (first.started, first.run_id)
    assert jsonio.read_json(folder.result, RunResult) == result


def test_what_is_kept_survives_a_second_failure(tmp_path: Path) -> None:
    smoke, load = make_test(name="smoke", hold_s=1.0), make_test(name="load", hold_s=1.0)
    plan = small_plan(tmp_path, smoke, load)
    first = run(plan, options=options())
    first.tests[1].status = "broken"
    broken = small_plan(tmp_path, smoke, load, hooks_before=Hook(run="false"))
    with pytest.raises(BrokenRunError) as caught:
        run(broken, options=options(), before=first)
    assert [test.status for test in caught.value.result.tests] == ["complete", "skipped"]


def test_what_the_guard_refuses_starts_nothing(tmp_path: Path) -> None:
    api = service("api", free_port())
    guarded = environment(api, protected=Protection())
    folder = RunFolder.create(tmp_path, SystemClock())
    events = Events()
    plan = small_plan(tmp_path, environment=guarded, hooks_after=Hook(run="touch cleaned"))
    with pytest.raises(UsageError, match="add --confirm local"):
        run(plan, options=options(), events=events, folder=folder)
    assert events.seen == []
    assert not (tmp_path / "cleaned").exists()
    assert not folder.path.exists()


def test_a_defect_on_the_way_is_cleaned_up_after(tmp_path: Path) -> None:
    class Faulty(Referee):
        def should_abort(self, test: Test, collector: Collector) -> AbortHit | None:  # noqa: ARG002
            msg = "no such metric"
            raise KeyError(msg)

    events = Events()
    plan = small_plan(
        tmp_path,
        environment=environment(service("api", free_port())),
        hooks_after=Hook(run="touch cleaned"),
    )
    with pytest.raises(KeyError):
        run(plan, options=options("steady"), referee=Faulty(), events=events)
    assert (tmp_path / "cleaned").exists()
    (pid,) = [each.split()[-1] for each in events.seen if each.startswith("service started")]
    assert gone(int(pid))
    result = jsonio.read_json(RunFolder.latest(tmp_path).result, RunResult)
    assert result.problem == "perfspec itself failed: KeyError('no such metric')"


def test_a_terminal_that_is_gone_keeps_nothing_running(tmp_path: Path) -> None:
    """Each call of the observer fails, on the way back too."""

    class Gone(Events):
        def test_ended(self, test: Test, result: TestResult) -> None:
            super().test_ended(test, result)
            raise BrokenPipeError

        def phase(self, text: str) -> None:
            super().phase(text)
            if text != "starting services":
                raise BrokenPipeError

    events = Gone()
    plan = small_plan(tmp_path, environment=environment(service("api", free_port())))
    with pytest.raises(BrokenPipeError):
        run(plan, options=options(), events=events)
    (pid,) = [each.split()[-1] for each in events.seen if each.startswith("service started")]
    assert gone(int(pid))
    written = jsonio.read_json(RunFolder.latest(tmp_path).result, RunResult)
    assert written.tests[0].status == "complete"
    assert written.problem is not None


def test_without_its_watchman_nothing_is_started(eventually: Eventually) -> None:
    with Warden() as warden:
        warden.watch(999_999_999)
        warden._process.kill()
        eventually(lambda: warden._process.poll() is not None)
        with pytest.raises(RunError, match="which would clean up after the run, was killed"):
            warden.watch(999_999_998)
        warden.forget(999_999_999)
