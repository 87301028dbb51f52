"""One test and its load process: every way in which it can end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.errors import Exit
from perfspec.measure.model import AbortHit, RunResult
from perfspec.run.contracts import BrokenRunError, Deadlines
from perfspec.run.folder import RunFolder
from tests.results import make_test
from tests.runs import Events, Referee, options, run, small_plan

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def broken(tmp_path: Path, behave: str, deadlines: Deadlines | None = None) -> BrokenRunError:
    """The error of a run that breaks, with its files checked."""
    chosen = options(behave) if deadlines is None else options(behave, deadlines=deadlines)
    with pytest.raises(BrokenRunError) as caught:
        run(small_plan(tmp_path), options=chosen)
    folder = RunFolder.latest(tmp_path)
    written = jsonio.read_json(folder.result, RunResult)
    assert caught.value.exit_code == Exit.BROKEN
    assert jsonio.encode(written) == jsonio.encode(caught.value.result)
    assert written.problem
    assert written.tests[0].reason is not None
    assert written.tests[0].reason in written.problem
    assert written.tests[0].status == "broken"
    return caught.value


def test_a_test_that_goes_well_is_complete(tmp_path: Path) -> None:
    events = Events()
    result = run(small_plan(tmp_path), options=options(), events=events)
    (test,) = result.tests
    assert (test.status, test.reason, test.measured_s) == ("complete", None, 3.0)
    assert [window.count for window in test.series[0].windows] == [60, 60, 60]
    assert (result.problem, result.interrupted, result.machine.cpu) == (None, False, "Fake CPU")
    assert test.probe[0].took.max_us > 0
    assert events.seen == [
        "test started smoke 1/1",
        "tick smoke 1",
        "tick smoke 2",
        "tick smoke 3",
        "test ended smoke complete",
    ]
    written = jsonio.read_json(RunFolder.latest(tmp_path).result, RunResult)
    assert jsonio.encode(written) == jsonio.encode(result)


def test_processes_are_handed_on(tmp_path: Path) -> None:
    assert run(small_plan(tmp_path), options=options(workers=2)).tests[0].status == "complete"


def test_a_killed_process_leaves_what_was_measured(tmp_path: Path) -> None:
    error = broken(tmp_path, "killed")
    text = str(error)
    assert "load process of test smoke was killed by SIGKILL (signal 9) at 1s" in text
    assert "driver of smoke says" in text
    assert str(RunFolder.latest(tmp_path).logs / "driver-smoke.log") in text
    assert error.result.tests[0].series[0].windows[0].count == 60


def test_a_crash_shows_the_last_lines(tmp_path: Path) -> None:
    text = str(broken(tmp_path, "crash"))
    assert "ended with exit status 1 at 1s" in text
    assert "  Traceback: it fell over" in text


def test_a_problem_of_the_load_process_is_the_runs(tmp_path: Path) -> None:
    assert broken(tmp_path, "problem").result.problem == "data 'students' has no rows"


def test_silence_ends_the_process(tmp_path: Path) -> None:
    text = str(broken(tmp_path, "silent", Deadlines(silence=0.5)))
    assert "sent nothing within 500ms, at 1s" in text


def test_a_process_that_never_begins_is_ended(tmp_path: Path) -> None:
    text = str(broken(tmp_path, "mute", Deadlines(start=0.5)))
    assert "did not begin within 500ms, before the test began" in text


def test_a_process_that_is_done_must_exit(tmp_path: Path) -> None:
    text = str(broken(tmp_path, "lingering", Deadlines(leave=0.5)))
    assert "was done, but did not exit within 500ms, at 3s" in text


def test_a_test_that_goes_on_too_long_is_ended(tmp_path: Path) -> None:
    users_have_s = 31.0
    text = str(broken(tmp_path, "deaf", Deadlines(silence=20, end=-2.0 - users_have_s)))
    assert "did not end within 1s" in text


def test_a_line_that_is_no_message_is_refused(tmp_path: Path) -> None:
    assert "sent a line that is no message" in str(broken(tmp_path, "babble"))


def test_a_bad_exit_after_the_last_message_is_a_warning(tmp_path: Path) -> None:
    events = Events()
    result = run(small_plan(tmp_path), options=options("bad_exit"), events=events)
    assert result.tests[0].status == "complete"
    assert "warning the load process of test smoke was done, but ended with exit status 5" in (
        events.seen
    )


def test_a_test_that_ends_too_soon_is_partial(tmp_path: Path) -> None:
    (test,) = run(small_plan(tmp_path), options=options("short")).tests
    assert (test.status, test.reason) == ("partial", "the load ended at 1s already")


def test_an_abort_limit_ends_the_test_and_the_next_one_runs(tmp_path: Path) -> None:
    hit = AbortHit(
        origin="tests.load.abort.error_rate", metric="error_rate", limit=0.1, observed=0.5,
        requests=60, at_s=1.0,
    )  # fmt: skip
    tests = (make_test(name="one", hold_s=3.0), make_test(name="two", hold_s=3.0))
    result = run(small_plan(tmp_path, *tests), options=options("steady"), referee=Referee(hit))
    assert [test.status for test in result.tests] == ["aborted", "aborted"]
    assert result.tests[0].abort == hit
    assert result.problem is None


def test_a_driver_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BrokenRunError, match="there is no command '/nowhere/python'") as caught:
        run(small_plan(tmp_path), options=options(driver=("/nowhere/python",)))
    assert caught.value.result.tests[0].status == "skipped"
