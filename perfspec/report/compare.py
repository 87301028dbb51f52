"""Several runs side by side: the same numbers of each, and how they differ from the first.

Nothing is judged: whether a change is more than chance is a question for a gate, and a comparison
of other plans or machines says so before its first number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.judge.select import samples, seconds
from perfspec.measure.summary import summarise
from perfspec.report.tables import NOTHING, subjects
from perfspec.units import format_count, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import TestVerdict, Verdict
    from perfspec.measure.model import RunResult, TestResult
    from perfspec.measure.summary import Summary
    from perfspec.plan.limits import Subject
    from perfspec.plan.model import Plan, Test

QUANTILES = ("p50", "p95", "p99")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run has left."""

    plan: Plan
    result: RunResult
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Part:
    """One test as one run measured it; ``number`` is that of the run, from 1."""

    number: int
    plan: Plan
    test: Test
    result: TestResult
    verdict: TestVerdict


@dataclass(frozen=True, slots=True)
class Value:
    """A number with its unit, and its change since the first run that has one: ``+12%``, 0.12."""

    text: str
    change: str = ""
    number: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one subject, a value for each run; a dash where it measured none."""

    subject: str
    metric: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ComparedTest:
    """One test in all runs that have it."""

    name: str
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RunComparison:
    """``notes`` say what else differs between the runs than the target."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]
    tests: tuple[ComparedTest, ...]


def compare(runs: Sequence[Run]) -> RunComparison:
    """All tests that at least two of the runs measured, in the order of the first run."""
    names = dict.fromkeys(test.name for run in runs for test in run.verdict.tests)
    parts = {name: tuple(_parts(runs, name)) for name in names}
    return RunComparison(
        runs=tuple(runs),
        notes=tuple(_notes(runs)),
        tests=tuple(
            ComparedTest(name, found, tuple(_rows(found, len(runs))))
            for name, found in parts.items()
            if len(found) > 1
        ),
    )


def in_order(plan: Plan, parts: Sequence[Part]) -> tuple[Subject, ...]:
    """The subjects of all parts, each once, as the first one has them."""
    return tuple(dict.fromkeys(each for part in parts for each in subjects(plan, part.result)))


def _parts(runs: Sequence[Run], name: str) -> Iterator[Part]:
    for number, run in enumerate(runs, 1):
        results = {each.name: each for each in run.result.tests}
        for verdict in run.verdict.tests:
            if verdict.name == name and verdict.judged and name in results:
                yield Part(number, run.plan, run.plan.test(name), results[name], verdict)


def _notes(runs: Sequence[Run]) -> Iterator[str]:
    first = runs[0]
    for number, run in enumerate(runs[1:], 2):
        if run.plan.fingerprint != first.plan.fingerprint:
            yield f"Run {number} measured another plan than run 1: its load or requests differ."
        if run.plan.environment.url != first.plan.environment.url:
            yield f"Run {number} measured another target than run 1."
        if run.result.machine != first.result.machine:
            yield f"Run {number} sent its load from another machine, or with other versions."
    for number, run in enumerate(runs, 1):
        for each in run.verdict.tests:
            if each.invalid:
                yield f"Run {number}, {each.name}: {each.invalid}"


def _rows(parts: Sequence[Part], runs: int) -> Iterator[Row]:
    for subject in in_order(parts[0].plan, parts):
        found = {
            each.number: summarise(
                samples(each.result, subject, each.verdict.judged), seconds(each.verdict.judged)
            )
            for each in parts
        }
        every = [found.get(number) for number in range(1, runs + 1)]
        if any(each is not None and each.count for each in every):
            yield from _metrics(str(subject), every)


def _metrics(subject: str, found: Sequence[Summary | None]) -> Iterator[Row]:
    for name in QUANTILES:
        numbers = [each.quantiles.get(name) if each else None for each in found]
        texts = [NOTHING if each is None else format_latency(each) for each in numbers]
        yield Row(subject, name, _values(numbers, texts))
    rates = [each.rate if each else None for each in found]
    texts = [NOTHING if each is None else f"{format_count(each)}/s" for each in rates]
    yield Row(subject, "throughput", _values(rates, texts))
    shares = [each.error_rate if each else None for each in found]
    texts = [NOTHING if each is None else format_share(each) for each in shares]
    yield Row(subject, "error_rate", _values(shares, texts))


def _values(numbers: Sequence[float | None], texts: Sequence[str]) -> tuple[Value, ...]:
    first = next((at for at, each in enumerate(numbers) if each is not None), 0)
    base = numbers[first]
    ratios = [
        each / base - 1 if base and each is not None and at > first else None
        for at, each in enumerate(numbers)
    ]
    return tuple(
        Value(text, _change(ratio), number, ratio)
        for text, number, ratio in zip(texts, numbers, ratios, strict=True)
    )


def _change(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio * 100:+.3g}%" if abs(ratio) >= 0.0005 else "0%"
