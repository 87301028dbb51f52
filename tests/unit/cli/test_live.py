from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from perfspec.cli.live import LiveView, PlainView, view_for
from perfspec.measure.collect import Collector
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Key, Series, Window
from perfspec.measure.progress import Tick
from perfspec.plan.load import Stage
from tests.results import STARTED, bookshop_run, limit, make_plan, make_test, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion

TEST = make_test(
    limit("p95", 0.3, on="login"),
    limit("error_rate", 0.01),
    limit("p99", 0.4, on="order"),
    stages=(Stage(users=50, ramp_s=10, hold_s=50), Stage(users=0, ramp_s=5)),
    say="Too slow",
)
PLAN = make_plan(TEST)
KEY = Key(kind="request", name="login", persona="reader")


def console(width: int = 80, encoding: str = "utf-8", *, terminal: bool = False) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(
        file=file, width=width, height=24, force_terminal=terminal, legacy_windows=False,
        color_system="truecolor" if terminal else None, highlight=False,
        _environ={"TERM": "xterm"},
    )  # fmt: skip


def written(by: Console) -> str:
    buffer = by.file.buffer  # type: ignore[attr-defined]  # a TextIOWrapper, see above
    text: str = buffer.getvalue().decode(by.encoding)
    return "\n".join(line.rstrip() for line in text.splitlines())


def ticks(seconds: int) -> Iterator[Tick]:
    """A second each: ramp to 50 users in 10 s, 40 requests of 400 ms, one of them fails."""
    for second in range(1, seconds + 1):
        users = min(5 * second, 50)
        window = Window(
            index=second - 1,
            latency=Histogram.of([400_000] * 40),
            ttfb=Histogram.of([300_000] * 40),
            errors={ErrorClass.SERVER: 1} | ({ErrorClass.TIMEOUT: 1} if second % 5 == 0 else {}),
        )
        yield Tick(
            at_s=second, users=users, ready=users - (2 if second < 12 else 0), planned=users,
            workers=1, cpu=0.3, busy_s=0, hub_delay_us=700, series=[Series(key=KEY, windows=[window])],
        )  # fmt: skip


def play(view: PlainView, seconds: int) -> Collector:
    collector = Collector(TEST, STARTED)
    view.test_started(TEST, 2, 3)
    for each in ticks(seconds):
        collector.add(each)
        view.ticked(TEST, collector)
    return collector


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_block_of_a_running_test(width: int, snapshot: SnapshotAssertion) -> None:
    screen = console(width)
    view = LiveView(screen, PLAN)
    play(view, 42)
    screen.print(view)
    text = written(screen)
    assert text == snapshot
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [10, 20, 40])
def test_the_block_survives_a_narrow_terminal(width: int) -> None:
    screen = console(width)
    view = LiveView(screen, PLAN)
    play(view, 12)
    screen.print(view)
    assert max(map(len, written(screen).splitlines())) <= width


def test_the_block_without_unicode_is_ascii() -> None:
    screen = console(encoding="ascii")
    view = LiveView(screen, PLAN)
    play(view, 42)
    screen.print(view)
    assert "hold of 50 users" in written(screen)


def test_before_the_first_tick_the_block_says_what_happens() -> None:
    screen = console()
    view = LiveView(screen, PLAN)
    view.service_started("api", 4711)
    screen.print(view)
    view.test_started(TEST, 1, 1)
    screen.print(view)
    assert written(screen).splitlines() == [
        "waiting for service api (process 4711)",
        "load: starting the load generator",
    ]


def test_the_terminal_is_given_back_whatever_happens() -> None:
    screen = console(terminal=True)

    def interrupted() -> None:
        with LiveView(screen, PLAN) as view:
            play(view, 12)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    text = written(screen)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    assert text.rindex("\x1b[?25h") > text.rindex("limits so far")


def test_what_stays_is_printed_above_the_block() -> None:
    screen = console(terminal=True)
    _, run = bookshop_run()
    with LiveView(screen, PLAN) as view:
        view.warning("the data has fewer rows than users")
        play(view, 12)
        view.test_ended(TEST, run.tests[1])
    text = written(screen)
    assert "warning: the data has fewer rows than users" in text
    assert "load: done after 1m15s, 7,030 requests, 15 failed" in text


def test_plain_lines_for_pipes_and_ci(snapshot: SnapshotAssertion) -> None:
    screen = console()
    with PlainView(screen, PLAN) as view:
        view.phase("checking the target")
        view.service_started("api", 4711)
        view.service_ready("api", 0.42)
        view.hook_started("before", "python env.py up")
        view.hook_ended("before", 2.5)
        collector = play(view, 65)
        view.test_ended(TEST, collector.result("complete"))
        view.test_ended(TEST, skipped(TEST, "smoke failed, and on_fail is stop"))
        view.warning("the after hook printed \x1b[31mred\x1b[0m")
    assert written(screen) == snapshot


def test_plain_lines_are_ten_seconds_apart_and_never_wrapped() -> None:
    screen = console(20)
    play(PlainView(screen, PLAN), 65)
    lines = [each for each in written(screen).splitlines() if "requests/s" in each]
    assert len(lines) == 6
    assert all("limits so far" in each for each in lines)


@pytest.mark.parametrize(
    ("terminal", "variables", "kind"),
    [
        (True, {}, LiveView),
        (False, {}, PlainView),
        (True, {"CI": "true"}, PlainView),
        (True, {"CI": ""}, LiveView),
    ],
)
def test_a_block_only_where_somebody_watches(
    kind: type[PlainView], variables: dict[str, str], *, terminal: bool
) -> None:
    assert type(view_for(console(terminal=terminal), PLAN, variables)) is kind
