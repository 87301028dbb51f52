"""All that one process needs to run users: compiled journeys, data, transport, recorder, health."""

from __future__ import annotations

import os
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import msgspec

from perfspec.clock import SystemClock
from perfspec.errors import PerfspecError, RunError
from perfspec.expr import Tools, parse_template
from perfspec.measure.progress import Tick
from perfspec.plan.address import resolved
from perfspec.plan.load import window_edges
from perfspec.plan.model import RowsFile
from perfspec.plan.shares import most_users, split_users
from perfspec.run.driver.actor import Actor, UserRandom
from perfspec.run.driver.alarm import Alarm
from perfspec.run.driver.arrivals import Arrivals
from perfspec.run.driver.breath import Breath
from perfspec.run.driver.compile.bench import Bench
from perfspec.run.driver.compile.persona import compile_persona
from perfspec.run.driver.crew import Crew
from perfspec.run.driver.curve import Curve, SteeredCurve
from perfspec.run.driver.files import Files
from perfspec.run.driver.health import CpuMeter
from perfspec.run.driver.life import VirtualUser
from perfspec.run.driver.pools import make_pool
from perfspec.run.driver.recorder import Recorder
from perfspec.run.driver.schedule import arrivals as schedule
from perfspec.run.driver.testclock import TestClock
from perfspec.run.driver.transports.dial import Dialer
from perfspec.run.driver.transports.http import Transport
from perfspec.run.rows import read_rows
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perfspec.plan.base import JsonValue
    from perfspec.plan.journey import OAuth2, Persona
    from perfspec.plan.model import Plan, Test
    from perfspec.run.driver.compile.oauth2 import SharedToken
    from perfspec.run.driver.compile.persona import Script
    from perfspec.run.driver.pools import Pool
    from perfspec.run.driver.recorder import Listener
    from perfspec.run.driver.stats import LocustStats
    from perfspec.run.driver.tracer import Tracer
    from perfspec.run.driver.transports.http import Session


class Engine:
    """One test in one process; made before a fork, ``prepare`` is called after it.

    ``problem`` is the sentence that says why the run is not to be trusted, None if it is.
    ``variables`` are those of the environment, the process's own unless given.
    """

    def __init__(
        self,
        plan: Plan,
        test: Test,
        tracer: Tracer | None = None,
        variables: Mapping[str, str] = os.environ,
    ) -> None:
        self.test = test
        self.problem: str | None = None
        self.stats: LocustStats | None = None
        self.scripts: dict[str, Script] = {}
        self.clock = TestClock()
        curve = Curve if test.search is None else SteeredCurve
        self.curve = curve(test.stages, f"{plan.seed}/{test.name}")
        self.recorder = Recorder(window_edges(test.stages, test.warm_up_s, test.finish_within_s))
        self.crew = Crew(self.clock, self.curve, self.recorder, self.report)
        self._tracer = tracer
        self._rng = UserRandom()
        self._tools = Tools(self._rng, SystemClock().now)
        self._variables = {**variables, **plan.variables}
        self.plan = msgspec.structs.replace(
            plan, environment=resolved(plan.environment, self._filled)
        )
        self._files = Files(plan.files, plan.directory, plan.seed)
        self.rows: dict[str, list[JsonValue]] = {}
        self._pools: dict[str, Pool] = {}
        self._started: dict[str, int] = {}
        self._worker, self._workers = 0, 1
        self._cpu = CpuMeter()
        self._alarm: Alarm | None = None

    def prepare(self) -> None:
        """Compile the journeys, read the data, look hosts up. Raises PerfspecError."""
        hosts = frozenset(self.plan.environment.hosts)
        self._transport = Transport(hosts)
        self._dialer = Dialer(hosts, self._transport.stamps)
        self._tokens: dict[OAuth2, SharedToken] = {}
        for persona in self.test.personas:
            self.scripts[persona.name] = compile_persona(self._bench(persona))
        needed = {each for script in self.scripts.values() for each in script.sources}
        for source in self.plan.data:
            if source.name in needed:
                self.rows[source.name] = read_rows(
                    source, self.plan.directory, self._tools, self._variables
                )
        self._check_unique()
        problems = self._transport.resolve([self.plan.environment.url])
        if problems:
            raise RunError("; ".join(problems))

    def files_read(self) -> Iterator[str]:
        """Paths, as the plan writes them, of the files that ``prepare`` has read."""
        for source in self.plan.data:
            if source.name in self.rows and isinstance(source.source, RowsFile):
                yield source.source.path
        yield from self._files.read

    def begin(self, worker: int = 0, workers: int = 1, zero: float | None = None) -> None:
        """Start the test's clock and all counts anew, as one worker (from 0) of several.

        ``zero`` is when the test began, by ``perf_counter``: now, when not given.
        """
        self._worker, self._workers = worker, workers
        self._started.clear()
        self._pools = {
            each.name: make_pool(each, self.to_draw(each.name), worker, workers)
            for each in self.plan.data
            if each.name in self.rows
        }
        self.problem = None
        self._cpu = CpuMeter()
        self._transport.hub_delay()  # what came before the test is not its
        self._transport.stamps.take()
        self.crew.share = (worker + 0.5) / workers
        self.recorder.clear()
        self.clock.start(zero)
        self.recorder.zero = self.clock.zero or 0.0
        if self.test.open_model is not None and self.crew.arrivals is not None:
            self._let_arrive(self.crew.arrivals, self.test.open_model.max_users)

    def employ(self, hire: Callable[[str], None]) -> None:
        """Users are to run here; ``hire`` starts one of a persona, for a journey that arrives."""
        if self.test.open_model is not None:
            crew, self._alarm = self.crew, Alarm.fine()
            crew.arrivals = Arrivals(
                hire, self.clock, self.recorder, crew.stopping, self._alarm, self.report
            )

    def _let_arrive(self, arrivals: Arrivals, max_users: int) -> None:
        """Start this worker's share of the journeys, with its share of the users."""
        worker, workers = self._worker, self._workers
        share = len(range(worker, max_users, workers))  # as data rows are shared
        if not share:
            among = counted(workers, "worker")
            self.report(f"max_users of {max_users} cannot be shared by {among}")
        arrivals.begin(
            schedule(
                self.curve.phases,
                self.test.stages,
                self.test.personas,
                f"{self.plan.seed}/{self.test.name}",
                worker=worker,
                workers=workers,
            ),
            share,
        )

    def to_draw(self, source: str) -> Sequence[JsonValue]:
        """What the users of this process share of a source."""
        return self.rows[source]

    def session(self) -> Session:
        """Connections and cookies of a new user."""
        return self._transport.session()

    def next_seed(self, persona: str) -> str:
        """That of the next user of a persona."""
        count = self._started.get(persona, 0)
        self._started[persona] = count + 1
        ordinal = self._worker + count * self._workers
        return f"{self.plan.seed}/{persona}/{ordinal}"

    def user(self, persona: str) -> VirtualUser:
        """A new virtual user; it does nothing before its ``run``."""
        rng = Random(self.next_seed(persona))  # noqa: S311  (repeatable on purpose)
        actor = Actor(self.session(), rng)
        actor.alarm = self._alarm
        journeys = self.recorder.journeys(persona)
        script, arrivals = self.scripts[persona], self.crew.arrivals
        return VirtualUser(actor, script, self._pools, journeys, self.crew, arrivals)

    def settle(self) -> None:
        """Spare the next tick some work; only the calling greenlet takes its time over it."""
        breathe = Breath()
        for _ in self.recorder.settle(self._listener()):
            breathe()

    def _listener(self) -> Listener | None:
        listeners = self.stats.listeners() if self.stats else None
        return partial(self.stats.tell, listeners) if self.stats and listeners else None

    def tick(self, at_s: float) -> Tick:
        """What came in since the last tick; ``at_s`` is the second that it is told for.

        Only the calling greenlet takes its time over it, and must not be killed meanwhile.
        """
        cpu, busy_s = self._cpu.read()
        tick = Tick(
            at_s=at_s,
            users=self.crew.users,
            ready=self.crew.ready,
            planned=self._planned(),
            workers=1,
            cpu=cpu,
            busy_s=busy_s,
            hub_delay_us=self._transport.hub_delay().longest_us,
            open_connections=self._dialer.open_connections,
            waits=self._transport.stamps.take(),
        )
        breathe = Breath()
        folded = self.recorder.fold(self._listener(), breathe)
        if self.stats:
            self.stats.add(folded, breathe)
        tick.series, tick.errors = folded.series, folded.errors
        tick.journeys, tick.overrun = folded.journeys, folded.overrun
        return tick

    def report(self, error: BaseException | str | None) -> None:
        """Note what broke, the first thing only, and end the test."""
        if self.problem is None:
            known = isinstance(error, PerfspecError | str)
            self.problem = str(error) if known else f"a virtual user broke: {error!r}"
        self.crew.stopping.set()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()
        if self._alarm is not None:
            self._alarm.close()

    def _planned(self) -> int:
        """The users of this second; personas with fixed numbers of users may not add up to more.

        Arriving journeys are not planned with a number of users: this is how many they may have.
        """
        if self.test.open_model is not None:
            return self.test.open_model.max_users
        return sum(split_users(self.test.personas, self.curve.level(self.clock.now())).values())

    def _bench(self, persona: Persona) -> Bench:
        return Bench(
            plan=self.plan,
            persona=persona,
            tools=self._tools,
            rng=self._rng,
            variables=self._variables,
            recorder=self.recorder,
            files=self._files,
            prepare=self._transport.prepare,
            session=self._transport.session,
            dialer=self._dialer,
            tokens=self._tokens,
            report_bug=self.report,
            open_model=self.test.open_model is not None,
            tracer=self._tracer,
        )

    def _filled(self, text: str) -> str:
        return parse_template(text).compile_text(self._tools, self._variables)({})

    def _check_unique(self) -> None:
        """Raises RunError when some level has more users than there are rows of their own."""
        counts = most_users(self.test)
        for source in self.plan.data:
            if source.pick != "unique" or source.name not in self.rows:
                continue
            users = [name for name in counts if source.name in self.scripts[name].sources]
            need = min(sum(counts[name] for name in users), self.test.peak_users)
            have = len(self.rows[source.name])
            if need > have:
                msg = (
                    f"data {source.name!r} has {counted(have, 'row')}, but test"
                    f" {self.test.name!r} runs {counted(need, 'user')} who each need one of their"
                    " own: add rows, or pick: round_robin"
                )
                raise RunError(msg)
