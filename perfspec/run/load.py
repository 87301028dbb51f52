"""One test: from the start of its load process to its result, whatever happens in between."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never, cast

from perfspec.measure.collect import Collector
from perfspec.measure.excerpt import first_words
from perfspec.measure.progress import Ended, Gathering, Message, Started, Tick
from perfspec.plan.load import duration_s
from perfspec.run.child import Child, Closed, Silence
from perfspec.run.contracts import ServiceError, StepError
from perfspec.run.probe import Probe
from perfspec.run.process import STEP_S, describe_status
from perfspec.run.search import Steering
from perfspec.units import counted, format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perfspec.measure.model import AbortHit, Machine, TestResult, Worker
    from perfspec.plan.model import Test
    from perfspec.run.context import Context
    from perfspec.run.contracts import Deadlines, Referee, Watch

_MESSAGE: Final = cast("type[Message]", Message)  # a union is no type to mypy
LOOK_S: Final = 0.1
CLOCK_S: Final = 0.1  # machines that are kept in step (NTP) differ by less
SHORT_S: Final = 1.0  # a test that ends sooner than planned by more than this is partial


class Outcome(NamedTuple):
    """What a test has left; ``problem`` is None unless it broke."""

    result: TestResult
    machine: Machine | None
    problem: StepError | None


class Limit(NamedTuple):
    """A moment of the monotonic clock, and what it means to be late."""

    at: float
    sentence: str


def run_test(
    context: Context,
    test: Test,
    referee: Referee,
    failure: Callable[[], StepError | None],
    *extra: str,
    watch: Watch | None = None,
) -> Outcome:
    """Run one test. ``failure`` is asked all the time for what else has broken.

    ``extra`` are further words for the load process; ``watch`` tells what monitors have read in
    some seconds of a test that began then. Raises StepError when it cannot be started.
    """
    with Child.start(context, test.name, _MESSAGE, *extra) as child, Probe(context.clock) as probe:
        return TestRun(context, test, child, referee, failure, probe, watch=watch).run()


class TestRun:
    """One test while it runs."""

    __test__ = False  # for pytest

    def __init__(
        self,
        context: Context,
        test: Test,
        child: Child[Message],
        referee: Referee,
        failure: Callable[[], StepError | None],
        probe: Probe,
        *,
        watch: Watch | None,
    ) -> None:
        self._context = context
        self._test = test
        self._child = child
        self._referee = referee
        self._failure = failure
        self._probe = probe
        self._watch = watch
        self._collector: Collector | None = None
        self._machine: Machine | None = None
        self._ended: Ended | None = None
        self._abort: AbortHit | None = None
        self._stopped: AbortHit | None = None
        self._steering: Steering | None = None
        self._found = False  # what a search looks for
        self._problem: StepError | None = None
        self._presses = 0
        remote = context.options.remote
        wait_s = 0.0 if remote is None else remote.wait_s
        self._over = self._within(self._deadlines.start + wait_s, "did not begin")
        self._silent: Limit | None = None

    def run(self) -> Outcome:
        """Read messages until there are no more."""
        try:
            self._follow()
            self._part()
        except StepError as error:
            self._problem = self._problem or error
        if self._problem is not None:
            self._child.kill()
            self._child.process.stop(0.0)  # its last lines are in the log then
            self._problem = self._explained(self._problem)
        return Outcome(self._result(), self._machine, self._problem)

    def _follow(self) -> None:
        while True:
            message = self._child.receive(LOOK_S)
            if isinstance(message, Closed):
                return
            if isinstance(message, Silence):
                self._refuse(self._silent)
            else:
                self._silent = self._within(self._deadlines.silence, "sent nothing")
                self._take(message)
            self._refuse(self._over)
            self._hear()
            self._look_around()
            self._calibrate()

    def _take(self, message: Message) -> None:
        match message:
            case Gathering():
                self._silent = None  # it waits, too
                if self._context.options.remote is not None:
                    text = f"{message.there} of {counted(message.wanted, 'worker')} are there"
                    self._context.observer.phase(text)
            case Started():
                self._compare_clocks(message.workers)
                self._collector = Collector(self._test, message.started, message.workers)
                if self._watch is not None:
                    self._collector.watch = partial(self._watch, message.started)
                self._machine = message.machine
                search = self._test.search
                if search is not None:
                    parts = self._test, search, self._collector, self._referee
                    self._steering = Steering(*parts)
                planned = duration_s(self._test.stages) + self._test.finish_within_s
                self._over = self._within(planned + self._ending_s, "did not end")
            case Tick():
                self._add(message)
            case Ended():
                self._ended = message
                self._over = self._within(self._deadlines.leave, "was done, but did not exit")
            case _:
                assert_never(message)

    def _compare_clocks(self, workers: Iterable[Worker]) -> None:
        for each in workers:
            off_s = abs(each.clock_ahead_s) - each.clock_within_s
            if off_s > CLOCK_S:
                way = "ahead" if each.clock_ahead_s > 0 else "behind"
                self._context.observer.warning(
                    f"the clock of worker {each.number} (process {each.process} on {each.host}) is"
                    f" {format_duration(off_s)} or more {way} of this one's: times that it puts"
                    " into requests are wrong; synchronise the machines (NTP)"
                )

    def _add(self, tick: Tick) -> None:
        if self._collector is None:
            msg = f"the {self._child.process.title} measured before it had begun"
            raise StepError(msg)
        redactor = self._context.options.redactor
        for group in (*tick.errors, *tick.base_errors):
            group.message = redactor.text(group.message)
            group.body = group.body and first_words(redactor.cut(group.body))
        self._collector.add(tick)
        self._context.observer.ticked(self._test, self._collector)
        if self._abort is None and self._stopped is None:
            self._abort = self._referee.should_abort(self._test, self._collector)
            if self._abort is not None:
                self._stop()
            elif self._steering is not None:
                self._steer(self._steering)
            else:
                self._stopped = self._referee.should_stop(self._test, self._collector)
                if self._stopped is not None:
                    self._stop()

    def _steer(self, steering: Steering) -> None:
        if self._found or self._presses:
            return
        users = steering.look()
        if users is not None:
            self._child.order(f"users {users}")
        elif steering.over:
            self._found = True
            self._stop()

    def _hear(self) -> None:
        """Ctrl-C: once to stop, twice to end at once; what was measured is kept."""
        presses = min(self._context.interrupts.fresh, 2)
        if presses > self._presses:
            self._presses = presses
            if presses == 1:
                self._context.observer.warning("stopping; press Ctrl-C again to end at once")
                self._stop()
            else:
                self._child.kill()

    def _look_around(self) -> None:
        if self._problem is None:
            self._problem = self._failure()
            if self._problem is not None:
                self._stop()
                self._over = self._within(self._deadlines.dead_service, "did not end")

    def _calibrate(self) -> None:
        """Only where the load is sent from here, and while it is."""
        if self._collector is None or self._ended is not None or self._context.options.remote:
            return
        took_us = self._probe.look()
        if took_us is not None:
            self._collector.probed(took_us)

    def _stop(self) -> None:
        self._child.stop()
        self._over = self._within(self._ending_s, "was told to stop, and did not end")

    def _part(self) -> None:
        """Its output has ended: so must the process, and as it should."""
        process = self._child.process
        while process.status is None:
            self._refuse(self._over)
            self._context.clock.sleep(STEP_S)
        self._hear()
        reached = process.status == -signal.SIGINT  # Ctrl-C, while it was just being started
        if self._presses > 1 or (self._presses and reached):
            return
        if self._ended is None:
            end = describe_status(process.status)
            hint = ": the system does so when memory is used up" if process.status == -9 else ""
            msg = f"the {process.title} {end} {self._when()}{hint}"
            raise StepError(msg)
        if self._ended.problem is not None:
            raise StepError(self._context.options.redactor.text(self._ended.problem))
        if process.status != 0:
            end = describe_status(process.status)
            self._context.observer.warning(f"the {process.title} was done, but {end}")

    def _when(self) -> str:
        return "before the test began" if self._collector is None else f"at {self._at()}"

    def _at(self) -> str:
        return format_duration(round(0.0 if self._collector is None else self._collector.at_s))

    @property
    def _ending_s(self) -> float:
        """How long the load process may take once its users are told to stop."""
        return self._context.plan.grace_s + self._deadlines.end

    def _within(self, seconds: float, late: str) -> Limit:
        sentence = f"{late} within {format_duration(seconds)}"
        return Limit(self._context.clock.monotonic() + seconds, sentence)

    def _refuse(self, limit: Limit | None) -> None:
        """Raise StepError when it is late, unless it has ended already."""
        if limit is not None and self._context.clock.monotonic() > limit.at:
            msg = f"the {self._child.process.title} {limit.sentence}, {self._when()}"
            raise StepError(msg)

    def _explained(self, problem: StepError) -> StepError:
        if problem.details:
            during = f"during test {self._test.name}, {self._when()}"
            return type(problem)(f"{problem.sentence}, {during}", problem.details)
        return StepError(problem.sentence, self._child.process.why())

    @property
    def _deadlines(self) -> Deadlines:
        return self._context.options.deadlines

    def _result(self) -> TestResult:
        collector = self._collector
        if collector is None:
            collector = Collector(self._test, self._context.clock.now().isoformat())
        if self._problem is not None:
            broken = collector.result("broken", self._problem.sentence, self._abort)
            broken.target_ended = isinstance(self._problem, ServiceError)
            return broken
        if self._abort is not None:
            reason = f"the limit {self._abort.origin} was broken at {self._at()}"
            return collector.result("aborted", reason, self._abort)
        if self._stopped is not None:
            reason = f"the limit {self._stopped.origin} was broken at {self._at()}"
            return collector.result("stopped", reason, stopped=self._stopped)
        if self._presses:
            return collector.result("partial", f"interrupted at {self._at()}")
        if self._found:
            return collector.result("complete")
        planned = duration_s(self._test.stages)
        if self._ended is None or self._ended.at_s < planned - SHORT_S:
            return collector.result("partial", f"the load ended at {self._at()} already")
        return collector.result("complete")
