"""Hooks: real commands that succeed, fail, hang, promise too much or tell secrets."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from perfspec.plan.model import DataSource, Hook, RowsFile
from perfspec.run.contracts import BrokenRunError
from perfspec.run.folder import RunFolder
from tests.results import make_test
from tests.runs import (
    Events,
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

    from perfspec.plan.model import Plan

pytestmark = pytest.mark.slow


def python(code: str) -> str:
    return f"{sys.executable} -c {shlex.quote(code)}"


def shell(code: str) -> str:
    return f"sh -c {shlex.quote(code)}"


def plan_with(tmp_path: Path, before: Hook | None, after: Hook | None = None) -> Plan:
    return small_plan(tmp_path, hooks_before=before, hooks_after=after)


def broken(plan: Plan, events: Events | None = None) -> BrokenRunError:
    with pytest.raises(BrokenRunError) as caught:
        run(plan, options=options(), events=events)
    return caught.value


def test_hooks_run_around_the_tests(tmp_path: Path) -> None:
    before = Hook(
        run=shell("echo {{ environment.url }} > made"), creates=("made",), verify="cat made"
    )
    events = Events()
    plan = plan_with(tmp_path, before, Hook(run="rm made", verify=shell("! test -e made")))
    run(plan, options=options(), events=events)
    assert events.steps == [
        "hook before",
        "hook started before",
        "hook ended before",
        "test started smoke 1/1",
        "test ended smoke complete",
        "hook after",
        "hook started after",
        "hook ended after",
    ]
    log = RunFolder.latest(tmp_path).logs / "hook-before.log"
    assert log.read_text() == "http://127.0.0.1:8800\n"


def test_what_before_writes_is_in_the_environment_of_the_rest(tmp_path: Path) -> None:
    write = shell('printf "# a comment\\n\\nRUN_ID=a=b c\\n" > "$PERFSPEC_ENV"')
    after = Hook(run="sh -c 'echo $RUN_ID ${RUN_ID} > seen'")
    run(plan_with(tmp_path, Hook(run=write), after), options=options())
    assert (tmp_path / "seen").read_text() == "a=b c a=b c\n"


def test_the_file_of_variables_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    look = shell('stat -c "%a" "$PERFSPEC_ENV"; echo "$PERFSPEC_ENV" > where')
    run(plan_with(tmp_path, Hook(run=look)), options=options())
    assert (RunFolder.latest(tmp_path).logs / "hook-before.log").read_text() == "600\n"
    assert not os.path.exists((tmp_path / "where").read_text().strip())  # noqa: PTH110


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (Hook(run=shell("echo broken; exit 4")), "hook before ended with exit status 4\n"),
        (Hook(run="true", verify="false"), "hook before: verify ended with exit status 1\n"),
        (Hook(run="true", creates=("made",)), "hook before succeeded, but did not create made"),
        (Hook(run="true", creates=("old",)), "but did not write old: the file is from before"),
        (
            Hook(run=shell("echo waiting; sleep 60"), timeout_s=0.3),
            "hook before did not end within 300ms\n",
        ),
        (
            Hook(run=shell('printf "A=1\\nsecret line\\n" > "$PERFSPEC_ENV"')),
            "hook before: line 2 of $PERFSPEC_ENV is not NAME=value",
        ),
        (Hook(run="{{ 'a' | b64decode }}"), "hook before cannot be read: b64decode"),
    ],
)
def test_a_hook_that_fails_breaks_the_run(tmp_path: Path, before: Hook, message: str) -> None:
    (tmp_path / "old").write_text("left by an earlier run")
    error = broken(plan_with(tmp_path, before, Hook(run="touch cleaned")))
    assert message in str(error) + "\n"
    assert "secret" not in str(error)
    assert [each.status for each in error.result.tests] == ["skipped"]
    assert (tmp_path / "cleaned").exists()


def test_a_failing_hook_shows_its_last_lines(tmp_path: Path) -> None:
    hook = Hook(run=shell("seq 1 30; echo no database >&2; exit 1"))
    text = str(broken(plan_with(tmp_path, hook)))
    assert "\n  no database" in text
    assert "\n  17\n" in text
    assert "\n  16\n" not in text


def test_a_failing_hook_after_breaks_the_run_and_keeps_its_tests(tmp_path: Path) -> None:
    error = broken(plan_with(tmp_path, None, Hook(run="true", verify="false")))
    assert error.result.problem == "hook after: verify ended with exit status 1"
    assert error.result.tests[0].status == "complete"


def test_a_hook_after_that_fails_is_verified_all_the_same(tmp_path: Path) -> None:
    after = Hook(
        run="sh -c 'echo half done; exit 3'", verify="sh -c 'echo two orders left; exit 4'"
    )
    with pytest.raises(BrokenRunError) as caught:
        run(small_plan(tmp_path, hooks_after=after), options=options())
    assert str(caught.value).startswith(
        "hook after ended with exit status 3; hook after: verify ended with exit status 4"
    )
    assert "two orders left" in str(caught.value)


def test_the_first_problem_comes_first(tmp_path: Path) -> None:
    error = broken(plan_with(tmp_path, Hook(run="false"), Hook(run="false")))
    assert error.result.problem == (
        "hook before ended with exit status 1; hook after ended with exit status 1"
    )
    assert str(error).startswith("hook before ended")
    assert "also: hook after ended" in str(error)


@pytest.mark.parametrize(
    ("before", "cleans"),
    [
        pytest.param(None, True, id="services alone may have left something"),
        pytest.param(Hook(run="true"), False, id="it cleans up what before never did"),
    ],
)
def test_after_when_a_service_never_was_ready(
    tmp_path: Path, before: Hook | None, cleans: bool
) -> None:
    api = service("api", free_port(), "--exit", "1")
    after = Hook(run="sh -c 'touch cleaned; exit 3'")
    plan = small_plan(
        tmp_path, environment=environment(api), hooks_before=before, hooks_after=after
    )
    problem = str(broken(plan))
    assert "service api ended with exit status 1" in problem
    assert (tmp_path / "cleaned").exists() is cleans
    assert ("hook after" in problem) is cleans


def test_a_hook_is_ended_when_a_service_dies_meanwhile(tmp_path: Path) -> None:
    port = free_port()
    kill = f"import http.client as h; h.HTTPConnection('127.0.0.1', {port}).request('GET', '/die')"
    hook = Hook(run=python(f"{kill}; import time; time.sleep(60)"))
    plan = small_plan(tmp_path, environment=environment(service("api", port)), hooks_before=hook)
    assert "service api ended with exit status 7" in str(broken(plan))


def test_what_a_hook_leaves_running_stays_until_the_hook_after(tmp_path: Path) -> None:
    before = Hook(run=shell("sleep 60 & echo $! > pid"), creates=("pid",))
    after = Hook(run=shell("kill $(cat pid) && echo done"))
    run(plan_with(tmp_path, before, after), options=options())
    assert (RunFolder.latest(tmp_path).logs / "hook-after.log").read_text() == "done\n"


def test_a_hook_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    hook = Hook(run=shell("sleep 60 & echo $! > pid; wait"), timeout_s=0.5)
    broken(plan_with(tmp_path, hook))
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_variable_of_the_plan_must_not_change(tmp_path: Path) -> None:
    hook = Hook(run=shell('echo SIZE=9 > "$PERFSPEC_ENV"'))
    plan = small_plan(tmp_path, hooks_before=hook, variables={"SIZE": "5"})
    assert "hook before writes another value of SIZE" in str(broken(plan))


def test_variables_that_a_hook_should_have_brought_are_missed(tmp_path: Path) -> None:
    reader = make_test(name="smoke", hold_s=3.0)
    plan = small_plan(
        tmp_path, reader, hooks_before=Hook(run="true"), hooks_after=Hook(run="echo ${RUN_ID}")
    )
    text = str(broken(plan))
    assert (
        "the environment variable RUN_ID, used in hooks.after, is not set nor written by the hook"
        " before" in text
    )


def test_secrets_that_a_hook_makes_are_in_no_file(tmp_path: Path) -> None:
    """Those of the data it writes and of the variables it brings, in every log from the start."""
    rows = [{"email": "ann@example.com", "key": "row-secret-1"}]
    (tmp_path / "rows.json").write_text("[]")
    say = f"echo row-secret-1 env-secret-1; echo '{json.dumps(rows)}' > rows.json"
    hook = Hook(
        run=shell(f'{say}; echo API_TOKEN=env-secret-1 > "$PERFSPEC_ENV"'), creates=("rows.json",)
    )
    plan = small_plan(
        tmp_path,
        environment=environment(service("api", free_port(), "--say", "env-secret-1")),
        hooks_before=hook,
        hooks_after=Hook(run=shell("echo row-secret-1 again")),
        secrets=("API_TOKEN", "students.key"),
        data=(
            DataSource(
                name="students", source=RowsFile(path="rows.json", format="json"), secret=("key",)
            ),
        ),
    )
    result = run(plan, options=options(variables=without("API_TOKEN")))
    folder = RunFolder.latest(tmp_path)
    texts = {path.name: path.read_text() for path in folder.path.rglob("*") if path.is_file()}
    assert texts["hook-before.log"] == "*** ***\n"
    assert texts["hook-after.log"] == "*** again\n"
    assert texts["service-api.log"].startswith("starting *** None\n")
    assert texts["driver-smoke.log"] == "driver of smoke says ***\n"
    (error,) = result.tests[0].errors
    assert (error.message, error.body) == ("wrong token ***", r"\x1b[1mno ***")
    assert not [name for name, text in texts.items() if "secret-1" in text and name != "plan.json"]


def test_tokens_of_a_runner_are_in_no_log(tmp_path: Path) -> None:
    tokens = {"GITHUB_TOKEN": "ghs_github", "CI_JOB_TOKEN": "glcbt_gitlab"}
    plan = small_plan(tmp_path, hooks_before=Hook(run=shell("echo $GITHUB_TOKEN $CI_JOB_TOKEN")))
    run(plan, options=options(variables=without("API_TOKEN") | tokens))
    [log] = RunFolder.latest(tmp_path).path.rglob("hook-before.log")
    assert log.read_text() == "*** ***\n"


def test_a_failing_hook_shows_no_secret_that_it_has_just_made(tmp_path: Path) -> None:
    hook = Hook(run=shell('echo \'[{"key": "row-secret-1"}]\' > rows.json; cat rows.json; exit 1'))
    data = DataSource(
        name="students", source=RowsFile(path="rows.json", format="json"), secret=("key",)
    )
    error = broken(small_plan(tmp_path, hooks_before=hook, data=(data,), secrets=("students.key",)))
    assert '[{"key": "***"}]' in str(error)
    log = RunFolder.latest(tmp_path).logs / "hook-before.log"
    assert log.read_text() == '[{"key": "***"}]\n'


def test_a_failing_hook_shows_no_variable_that_it_has_just_brought(tmp_path: Path) -> None:
    run = 'echo "API_TOKEN=made-secret-1" >> "$PERFSPEC_ENV"; echo made-secret-1; echo no line; exit 1'
    error = broken(small_plan(tmp_path, hooks_before=Hook(run=shell(run)), secrets=("API_TOKEN",)))
    assert "made-secret-1" not in str(error)
    log = RunFolder.latest(tmp_path).logs / "hook-before.log"
    assert log.read_text() == "***\nno line\n"


def test_secret_data_that_cannot_be_read_breaks_the_run(tmp_path: Path) -> None:
    data = DataSource(
        name="students", source=RowsFile(path="rows.json", format="json"), secret=("key",)
    )
    error = broken(small_plan(tmp_path, data=(data,), secrets=("students.key",)))
    assert error.result.problem is not None
    assert error.result.problem.startswith("data 'students' cannot be read: ")


def test_a_secret_that_is_too_short_to_mask_is_told(tmp_path: Path) -> None:
    events = Events()
    plan = small_plan(tmp_path, secrets=("PIN",))
    run(plan, options=options(variables={**os.environ, "PIN": "123"}), events=events)
    assert "warning the secret PIN is shorter than 4 characters and is not masked" in events.seen


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != name}
