"""By how much latencies read too long because the load generator was late to look at answers.

Its sentinels (see ``Health.waits``) waited as answers do: for a core, for their turn. Where answers
take widely different times, each percentile is too long by what waits are on average. Where many
take alike, it is too long by a percentile of waits: of the answers at or a little below it, as many
must wait longer as there are beyond it. It never makes a latency too short, so limits that are kept
are kept without it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.model import Blur
from perfspec.judge.select import health_in, samples
from perfspec.measure.histogram import Histogram
from perfspec.plan.limits import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.measure.model import TestResult
    from perfspec.plan.load import Span

TELLING = 0.04  # of a percentile: told before it is wrong by 5 %
ALIKE = 0.9  # of a percentile: answers that take so long take about as long
SMEARED = 3.0  # times what the percentile of answers waits: so far they lie from where they belong
SHORTEST_S = 0.001  # what is less is not told: every generator takes some time to wake up
NEEDED_BEYOND = 5  # samples beyond a percentile, without which there is none
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def waits_in(result: TestResult, spans: Sequence[Span]) -> Histogram | None:
    """How long answers waited in the spans, None where nobody could tell."""
    health = health_in(result, spans)
    total = Histogram.total(each.waits for each in health if each.waits is not None)
    return total if total.count else None


def blur(result: TestResult, spans: Sequence[Span]) -> Blur | None:
    """The percentile that is wrong by the greatest share, None where all are about right."""
    waits = waits_in(result, spans)
    if waits is None:
        return None
    return max(_blurred(result, spans, waits), key=lambda each: each.share, default=None)


def _blurred(result: TestResult, spans: Sequence[Span], waits: Histogram) -> Iterator[Blur]:
    names = dict.fromkeys(each.key.name for each in result.series if each.key.kind == "request")
    for name in ("", *names):
        subject = Subject(kind="request", name=name) if name else Subject(kind="total")
        latency = samples(result, subject, spans).latency
        for word, q in QUANTILES.items():
            measured_s = latency.quantile(q)
            if min(latency.count, waits.count) * (1 - q) < NEEDED_BEYOND or not measured_s:
                continue
            wait_s = min(_wait(latency, waits, q, measured_s), measured_s)
            if wait_s >= max(SHORTEST_S, TELLING * measured_s):
                share = wait_s / measured_s
                yield Blur(percentile=word, endpoint=name, wait_s=wait_s, share=share)


def _wait(latency: Histogram, waits: Histogram, q: float, measured_s: float) -> float:
    """Seconds that the percentile ``q`` is too long by, at most."""
    mean_s = waits.sum_us / waits.count / 1e6
    smeared_s = SMEARED * (waits.quantile(q) or 0.0)
    alike = latency.count_above(min(measured_s * ALIKE, measured_s - smeared_s)) / latency.count
    beyond = (1 - q) / max(alike, 1 - q)
    return max(mean_s, waits.quantile(1 - beyond) or 0.0) if beyond < 1 else mean_s
