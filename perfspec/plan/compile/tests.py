"""One test of the spec as it runs: its personas, stages and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from perfspec.plan.compile.budgets import compile_budgets
from perfspec.plan.compile.journeys import StepCompiler, calls_python, compile_persona, endpoints_of
from perfspec.plan.compile.limits import LimitCompiler, place_of
from perfspec.plan.compile.loads import (
    compile_open_model,
    compile_search,
    compile_stages,
    warm_up_s,
)
from perfspec.plan.expect import Forecast
from perfspec.plan.model import Test
from perfspec.spec.checks.walk import unacknowledged
from perfspec.spec.effective import effective_personas, is_kept, owner_of
from perfspec.spec.limits import as_names

if TYPE_CHECKING:
    from perfspec.plan.base import Place
    from perfspec.plan.budget import Compare
    from perfspec.plan.compile.journeys import Keep
    from perfspec.plan.journey import Persona
    from perfspec.spec.document import Document


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line and the sequence ask of a test."""

    name: str
    time_scale: float = 1.0
    on_fail: Literal["continue", "stop"] = "continue"
    needs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    compare: Compare | None = None
    record: bool | None = None


class TestCompiler:
    """Compiles the tests of one document for one environment."""

    __test__ = False  # not one of pytest's

    def __init__(self, document: Document, environment: str) -> None:
        self.document = document
        self.spec = document.spec
        self.environment = environment
        self.effective = effective_personas(document.spec)

    def compile(self, wanted: Wanted) -> Test:
        """A test without fingerprint; without personas when a filter leaves no step."""
        written = self.spec.tests[wanted.name]
        personas = self._personas(wanted)
        stages = compile_stages(written, wanted.time_scale)
        compare = wanted.compare or written.compare
        if written.stop_when is not None:  # how far it gets differs from run to run
            compare = "none"
        limits = LimitCompiler(self.document, self.environment, wanted.name, personas)
        budgets = () if compare == "none" else compile_budgets(self.document, limits.selection)
        test = Test(
            name=wanted.name,
            place=place_of(self.document, ("tests", wanted.name)),
            personas=personas,
            stages=stages,
            open_model=compile_open_model(written),
            objectives=limits.objectives(),
            abort=limits.aborts(),
            stop_when=limits.stops(),
            recommend=written.recommend,
            search=compile_search(written),
            warm_up_s=warm_up_s(written, stages, wanted.time_scale),
            time_scale=wanted.time_scale,
            tags=wanted.tags,
            on_fail=wanted.on_fail,
            needs=wanted.needs,
            say=written.say,
            advice=tuple(written.advice or ()),
            description=written.description,
            compare=compare,
            record=compare != "none" and self._recorded(wanted),
            budgets=budgets,
        )
        forecast, untimed = Forecast(test), unacknowledged(self.spec)
        objectives = tuple(
            msgspec.structs.replace(
                each, expected=None if each.metric.analysis else forecast.samples(each, untimed)
            )
            for each in test.objectives
        )
        return msgspec.structs.replace(test, objectives=objectives)

    @staticmethod
    def _recorded(wanted: Wanted) -> bool:
        """A shortened or filtered run is no baseline unless the spec says so."""
        whole = wanted.time_scale == 1 and not wanted.tags
        return whole if wanted.record is None else wanted.record

    def _personas(self, wanted: Wanted) -> tuple[Persona, ...]:
        written = self.spec.tests[wanted.name]
        keep, scale = self._filter(wanted), wanted.time_scale
        steps = StepCompiler(keep, every_step=written.every_step, time_scale=scale)
        found = []
        for name, weight in self._weights(wanted.name).items():
            effective = self.effective[name]
            persona = compile_persona(
                name, effective, weight, steps, lambda *path, name=name: self._at(name, *path)
            )
            if endpoints_of(persona.journey) or calls_python(persona):
                found.append(persona)
        return tuple(found)

    def _weights(self, test: str) -> dict[str, float]:
        """Weights by persona in file order; fixed numbers of users stand in the persona.

        A persona without weight and users runs only where a test names it, unless all are without:
        then they share alike.
        """
        named = self.spec.tests[test].personas
        if isinstance(named, list):
            named = dict.fromkeys(named, 1.0)
        if named is not None:
            return {name: named[name] for name in self.spec.personas if name in named}
        counted = {
            name: persona.weight or 0.0
            for name, persona in self.effective.items()
            if persona.weight is not None or persona.users is not None
        }
        return counted or dict.fromkeys(self.effective, 1.0)

    def _filter(self, wanted: Wanted) -> Keep:
        written = self.spec.tests[wanted.name]
        only = [set(wanted.tags)] if wanted.tags else []
        if written.only is not None:
            only.append(set(as_names(written.only.tags)))
        without = set(as_names(written.without.tags)) if written.without is not None else set()
        return lambda called: is_kept(self.spec, called, only, without)

    def _at(self, persona: str, key: str, *path: str | int) -> Place:
        """Where a step stands, in the persona that wrote it; a ``mix`` has one place."""
        owner = owner_of(self.spec, persona, key)
        if key == "journey" and self.spec.personas[owner].journey is None:
            return place_of(self.document, ("personas", owner, "mix"))
        return place_of(self.document, ("personas", owner, key, *path))
