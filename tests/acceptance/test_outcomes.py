"""Every way in which a run can end, with the real command line: exit codes, and that all agree."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest

from perfspec import jsonio
from perfspec.plan.model import Plan
from tests.commands import Kept, check_agreement, mark_of, perfspec, started, write_spec
from tests.demo_target import running_demo
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands import Command
    from tests.conftest import Eventually
    from tests.demo_target import Demo

pytestmark = pytest.mark.slow

SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: "<url>" }
endpoints:
  books: { request: GET /books }
  session: { request: GET /private/session }
  cart: { request: GET /books/7 }
personas:
  reader: { think: 20ms, journey: [books] }
  victim: { think: 20ms, journey: [session] }
  patient: { think: 20ms, journey: [cart] }
  sleeper: { think: 1s, journey: [books] }
tests:
  good:
    personas: [reader]
    users: 3
    duration: 2s
    slo: { error_rate: 0%, p95: 2s }
  warned:
    personas: [patient]
    users: 3
    duration: 2s
    slo: { p50: { warn: 10ms, fail: 5s } }
    say: Slower than it was.
  bad:
    personas: [victim]
    users: 3
    duration: 2s
    slo: { error_rate: 1%, p95: 2s }
    say: The shop is down.
    advice: [Look at the sessions]
  few: { personas: [sleeper], users: 1, duration: 2s, slo: { p95: 1s } }
  hopeless:
    personas: [victim]
    users: 5
    duration: 90s
    slo: { p95: 2s }
    abort: { error_rate: 50% }
  long:
    personas: [reader]
    users: 3
    duration: 60s
    warm_up: 200ms
    slo: { error_rate: 0%, p95: 2s }
sequences:
  default: [good]
  careful: [bad: { on_fail: stop }, good]
  careless: [few, good, bad]
  waiting: [long, good]
"""
LINE_OF_BAD_LIMIT = SPEC.splitlines().index("    slo: { error_rate: 1%, p95: 2s }") + 1


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    faults = ("error:/private/session:100%:503", "slow:/books/{id}:+20ms")
    with running_demo("--speed=inf", *(f"--fault={each}" for each in faults)) as demo:
        yield demo


@pytest.fixture
def folder(tmp_path: Path, shop: Demo) -> Path:
    write_spec(tmp_path, SPEC, url=shop.url)
    return tmp_path


def test_pass(folder: Path) -> None:
    kept = check_agreement(perfspec(folder, "run"), folder)
    assert kept.verdict.exit_code == 0
    assert [each.outcome for each in kept.verdict.tests] == ["pass"]
    assert all(each.samples > 50 for each in kept.verdict.tests[0].findings)


def test_warn(folder: Path) -> None:
    done = perfspec(folder, "run", "--sequence", "warned")
    kept = check_agreement(done, folder)
    assert (done.code, kept.verdict.outcome) == (0, "warn")
    assert "Slower than it was." in done.out
    assert kept.finding("total.p50").outcome == "warn"


def test_fail_names_the_line_of_the_limit(folder: Path) -> None:
    done = perfspec(folder, "run", "--sequence", "bad")
    kept = check_agreement(done, folder)
    assert done.code == 1
    assert {each.objective: each.outcome for each in kept.verdict.tests[0].findings} == {
        "total.error_rate": "fail",
        "total.p95": "inconclusive",  # every request failed
    }
    place = f"perfspec.yaml:{LINE_OF_BAD_LIMIT}"
    assert f"{place} tests.bad.slo.error_rate" in done.out
    assert f"`{place}`" in kept.summary
    (case,) = [each for each in kept.junit.iter("testcase") if mark_of(each) == "failure"]
    assert (case.get("file"), case.get("line")) == ("perfspec.yaml", str(LINE_OF_BAD_LIMIT))
    for text in ("The shop is down.", "Look at the sessions"):
        assert text in done.out
        assert text in kept.summary
    assert re.search(r"\d+ x  session server, first after .*\n +status 503", done.out)


def test_inconclusive_is_no_pass_unless_it_is_mapped(folder: Path) -> None:
    done = perfspec(folder, "run", "--sequence", "few")
    assert (done.code, check_agreement(done, folder).verdict.outcome) == (4, "inconclusive")
    for answer, code in (("pass", 0), ("fail", 1)):
        done = perfspec(folder, "judge", "--inconclusive", answer)
        assert done.code == code
        assert check_agreement(done, folder).verdict.outcome == "inconclusive"


def test_abort_ends_a_test_early_and_fails_it(folder: Path) -> None:
    done = perfspec(folder, "run", "--sequence", "hopeless")
    kept = check_agreement(done, folder)
    result = kept.test("hopeless")
    assert (done.code, result.status) == (1, "aborted")
    assert 9 < result.measured_s < 40
    assert result.abort is not None
    assert result.abort.origin == "tests.hopeless.abort.error_rate"
    assert "tests.hopeless.abort.error_rate" in done.out


def test_on_fail_stop_skips_the_rest(folder: Path) -> None:
    done = perfspec(folder, "run", "--sequence", "careful")
    kept = check_agreement(done, folder)
    assert done.code == 1
    assert [each.outcome for each in kept.verdict.tests] == ["fail", "skipped"]
    assert "test bad did not pass, and says on_fail: stop" in done.out


def test_the_worst_test_decides(folder: Path) -> None:
    done = perfspec(folder, "run", "--sequence", "careless")
    kept = check_agreement(done, folder)
    assert done.code == 1
    assert [each.outcome for each in kept.verdict.tests] == ["inconclusive", "pass", "fail"]


def test_ctrl_c_once_keeps_what_there_is_and_judges_it(
    folder: Path, shop: Demo, eventually: Eventually
) -> None:
    with interrupted(folder, shop, eventually) as command:
        done = command.end()
    kept = check_agreement(done, folder)
    assert done.code == 130
    assert [each.status for each in kept.result.tests] == ["partial", "skipped"]
    assert kept.finding("total.error_rate").samples > 20
    assert "Interrupted: what was measured is judged as partial." in done.out
    assert "Traceback" not in done.all


def test_an_interrupted_run_is_resumed_in_its_own_folder(
    folder: Path, shop: Demo, eventually: Eventually
) -> None:
    sequence = "  waiting: [long, good]"
    spec = folder / "perfspec.yaml"
    spec.write_text(
        spec.read_text().replace(sequence, "  waiting: [good, long: { needs: [good] }]")
    )
    shop.forget()
    with started(folder, "run", "--sequence", "waiting") as command:
        eventually(lambda: command.says("long: test 2 of 2"))
        eventually(lambda: shop.truth()["all"]["count"] > 600)
        command.process.send_signal(signal.SIGINT)
        assert command.end().code == 130
    first = Kept(folder)
    begun = {each.name: each.started for each in first.result.tests}
    run_dir = str(first.folder.path.relative_to(folder))
    assert [each.status for each in first.result.tests] == ["complete", "partial"]
    ignored = perfspec(folder, "run", "--resume", run_dir, "--accept", "TLS")
    assert (ignored.code, "leave out accept" in ignored.err) == (2, True)
    refused = perfspec(folder, "run", "--resume", run_dir, "--only", "good")
    assert (refused.code, "leave out only" in refused.err) == (2, True)
    plan = jsonio.read_json(first.folder.plan, Plan)
    short = msgspec.structs.replace(plan.tests[1], stages=plan.tests[0].stages, warm_up_s=0.2)
    shorter = msgspec.structs.replace(plan, tests=(plan.tests[0], short))
    jsonio.write_json(first.folder.plan, shorter)  # a minute is long
    kept = check_agreement(perfspec(folder, "run", "--resume", run_dir), folder)
    assert kept.folder.id == first.folder.id
    assert kept.verdict.exit_code == 0
    assert kept.test("good").started == begun["good"]
    assert kept.test("long").started > begun["long"]
    over = perfspec(folder, "run", "--resume", run_dir)
    assert (over.code, "came to its end" in over.err) == (2, True)


def test_ctrl_c_twice_ends_at_once(folder: Path, shop: Demo, eventually: Eventually) -> None:
    with interrupted(folder, shop, eventually) as command:
        eventually(lambda: command.says("press Ctrl-C again"))
        command.process.send_signal(signal.SIGINT)
        done = command.end()
    kept = check_agreement(done, folder)
    assert done.code == 130
    assert [each.status for each in kept.result.tests] == ["partial", "skipped"]
    assert "Traceback" not in done.all


def test_a_killed_load_process_is_one_clear_error(
    folder: Path, shop: Demo, eventually: Eventually
) -> None:
    shop.forget()
    with started(folder, "run", "--sequence", "waiting") as command:
        eventually(lambda: shop.truth()["all"]["count"] > 300)
        driver_of(command).kill()
        done = command.end()
    kept = check_agreement(done, folder)
    assert done.code == 3
    assert done.err.count("Error: ") == 1
    assert "load process of test long was killed by SIGKILL (signal 9)" in done.err
    assert [each.status for each in kept.result.tests] == ["broken", "skipped"]
    assert kept.test("long").series
    assert kept.summary


def test_a_service_that_dies_in_mid_run_breaks_it(tmp_path: Path) -> None:
    port = free_port()
    run = f"python -m perfspec.demo --port {port} --speed inf --fault down:after=3s"
    service = f"{{ run: {run}, ready: GET /health }}"
    environment = f'url: "http://127.0.0.1:{port}", services: {{ shop: {service} }}'
    write_spec(tmp_path, SPEC.replace('url: "<url>"', environment))
    done = perfspec(tmp_path, "run", "--sequence", "waiting")
    kept = check_agreement(done, tmp_path)
    assert done.code == 3
    assert done.err.count("Error: ") == 1
    assert "service shop ended with exit status 1" in done.err
    assert "last lines of" in done.err
    assert [each.status for each in kept.result.tests] == ["broken", "skipped"]
    assert kept.test("long").series


def test_a_service_that_is_never_ready_is_told_with_its_last_lines(tmp_path: Path) -> None:
    port = free_port()
    run = "sh -c 'echo no licence found >&2; sleep 60'"
    service = f'{{ run: "{run}", ready: GET /health, ready_timeout: 1s }}'
    environment = f'url: "http://127.0.0.1:{port}", services: {{ shop: {service} }}'
    write_spec(tmp_path, SPEC.replace('url: "<url>"', environment))
    done = perfspec(tmp_path, "run")
    kept = check_agreement(done, tmp_path)
    assert done.code == 3
    assert "service shop was not ready within 1s" in done.err
    assert "no licence found" in done.err
    assert [each.status for each in kept.result.tests] == ["skipped"]


WRONG = {
    "no such command": ["rnu"],
    "no such option": ["run", "--fast"],
    "no such file": ["run", "nowhere.yaml"],
    "a folder": ["run", "."],
    "no such environment": ["run", "--env", "staging"],
    "no such sequence": ["run", "--sequence", "nightly"],
    "no such test": ["run", "--only", "god"],
    "no such tag": ["run", "--tags", "critical"],
    "no time": ["run", "--time-scale", "0%"],
    "no percentage": ["run", "--time-scale", "fast"],
    "no workers": ["run", "--workers", "0"],
    "half a worker": ["run", "--workers", "1.5"],
    "confirming what does not run": ["run", "--confirm", "production"],
    "no run": ["judge"],
    "no report": ["report"],
    "no run folder": ["judge", "."],
    "not this one": ["judge", "nowhere"],
    "several tests": ["compile", "--sequence", "careful"],
    "no such persona": ["try", "--persona", "raeder"],
    "no such format": ["lint", "--format", "xml"],
    "no such schema": ["schema", "specs"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_a_wrong_command_line_is_2_and_sends_nothing(
    folder: Path, shop: Demo, arguments: list[str]
) -> None:
    shop.forget()
    done = perfspec(folder, *arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(("Error: ", "Usage: ", "perfspec.yaml:"))
    assert "Traceback" not in done.err
    assert not list(folder.glob(".perfspec/runs/*"))
    assert shop.truth()["routes"] == {}


def test_a_wrong_spec_is_2_with_every_mistake(folder: Path) -> None:
    path = folder / "perfspec.yaml"
    text = path.read_text().replace("p95: 1s", "p95: 1").replace("[books]", "[boks]", 1)
    path.write_text(text)
    for command in ("lint", "plan", "run", "try"):
        done = perfspec(folder, command)
        assert done.code == 2
        places = [each.split(" ")[0] for each in (done.out + done.err).splitlines()]
        assert places[:2] == ["perfspec.yaml:10:36:", "perfspec.yaml:33:67:"]
    assert not (folder / ".perfspec").exists()


DROWNED = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" } }
endpoints: { books: { request: GET /books } }
personas: { swimmer: { think: 1s, journey: [books, call: "steps:swim"] } }
tests: { load: { users: 1, duration: 2s, slo: { error_rate: 1% } } }
"""


def test_what_breaks_a_try_is_told_once_and_its_log_is_kept(tmp_path: Path, shop: Demo) -> None:
    steps = "def swim(session):\n    raise SystemExit('the tide is out')\n"
    (tmp_path / "steps.py").write_text(steps, encoding="utf-8")
    write_spec(tmp_path, DROWNED, url=shop.url)
    done = perfspec(tmp_path, "try", TMPDIR=str(tmp_path))
    assert done.code == 3, done.all
    assert done.all.count("the load generator broke, see its log") == 1
    [kept] = tmp_path.glob("perfspec-try-*")
    [log] = re.findall(r"last lines of (\S+):\n +the tide is out", done.err)
    assert log.startswith(str(kept))
    assert "the tide is out" in Path(log).read_text()


def test_any_other_try_leaves_nothing(folder: Path) -> None:
    done = perfspec(folder, "try", "--sequence", "bad", TMPDIR=str(folder))
    assert done.code == 1, done.all
    assert not list(folder.glob("perfspec-try-*"))


class interrupted:  # noqa: N801  (a context)
    """The sequence of two tests, with Ctrl-C in the middle of its first one."""

    def __init__(self, folder: Path, shop: Demo, eventually: Eventually) -> None:
        self._started = started(folder, "run", "--sequence", "waiting")
        self._shop = shop
        self._eventually = eventually

    def __enter__(self) -> Command:
        self._shop.forget()
        command = self._started.__enter__()
        self._eventually(lambda: self._shop.truth()["all"]["count"] > 400)
        command.process.send_signal(signal.SIGINT)
        return command

    def __exit__(self, *_: object) -> None:
        self._started.__exit__(None, None, None)


def driver_of(command: Command) -> psutil.Process:
    """The load process of a run."""
    for each in psutil.Process(command.process.pid).children(recursive=True):
        if "perfspec.run.driver" in each.cmdline():
            return each
    message = "there is no load process"
    raise AssertionError(message)
