"""A comparison in words: the rows and sentences that terminal, JUnit and markdown show alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perfspec.judge.model import Outcome
from perfspec.judge.wording import amount
from perfspec.units import counted, format_duration, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfspec.judge.model import Change, Comparison
    from perfspec.plan.budget import Budget
    from perfspec.plan.limits import Metric

BARS: Final = "▁▂▃▄▅▆▇█"
SHOWN: Final = 16  # runs in a sparkline
NOTHING: Final = "-"
TIMES: Final = "\N{MULTIPLICATION SIGN}"
GRAVEST_FIRST: Final = tuple(reversed(Outcome))


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One budget. What is not known is a dash; ``spark`` shows the last runs and then this one.

    ``compared`` is false where there was nothing to compare with.
    """

    outcome: Outcome
    compared: bool
    subject: str
    metric: str
    base: str
    head: str
    change: str
    again: str
    interval: str
    budget: str
    spark: str
    p: str
    detectable: str
    samples: str
    reason: str
    place: str
    origin: str


def change_rows(changes: Iterable[Change]) -> list[ChangeRow]:
    """The gravest first, else in the order of the verdict."""
    ordered = sorted(changes, key=lambda each: GRAVEST_FIRST.index(each.outcome))
    return [_row(each) for each in ordered]


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """What is to be said of a comparison as a whole."""
    alone = sum(each.state == "no_baseline" for each in comparison.changes)
    if alone:
        lack = "has" if alone == 1 else "have"
        yield f"{counted(alone, 'budget')} {lack} no run to compare with yet"
        yield from comparison.notes
        return
    yield _compared_with(comparison)
    if comparison.probe is not None:
        yield f"the machine by itself (calibration probe): {percent(comparison.probe)}"
    if comparison.shift is not None:
        reach = ""
        if comparison.shift_low is not None and comparison.shift_high is not None:
            reach = f" ({percent(comparison.shift_low)} to {percent(comparison.shift_high)})"
        beyond = " beyond the machine" if comparison.probe is not None else ""
        taken = "" if comparison.duet else "; what they share is taken off each of them"
        yield f"all endpoints together: {percent(comparison.shift)}{reach}{beyond}{taken}"
    found = _smallest(comparison.changes)
    if found:
        yield f"smallest change that this run finds with 95 %: {found}"
    if comparison.false_alarms is not None:
        chance = format_share(comparison.false_alarms)
        yield f"chance that an unchanged commit fails this comparison: at most {chance}"
    yield from comparison.notes


def duet_text(comparison: Comparison | None) -> str | None:
    """The blocks of a duet and its commits in a few words; None for any other comparison."""
    sides = comparison.duet if comparison is not None else None
    if sides is None:
        return None
    blocks = f"{sides.blocks}{TIMES}{format_duration(sides.block_s)}"
    return f"duet, {blocks}, base {sides.base[:7]} → head {sides.head[:7]}"


def _compared_with(comparison: Comparison) -> str:
    sides = comparison.duet
    if sides is not None:
        enough = f" of at most {sides.most}" if sides.blocks < sides.most else ""
        return (
            "every request sent to both commits in alternating order, on one machine:"
            f" {counted(sides.blocks, 'block')}{enough}, both started anew for each"
        )
    first, last = (each[:7] if each else None for each in (comparison.first, comparison.last))
    since = f", {first} to {last}" if first and last and first != last else ""
    return f"compared with {counted(comparison.runs, 'run')} of the baseline{since}"


def sentence(row: ChangeRow) -> str:
    """One budget in one line."""
    if row.change == NOTHING:
        return f"{row.subject}: {row.metric}, budget {row.budget}"
    reach = f" ({row.interval})" if row.interval != NOTHING else ""
    again = f", {row.again} in a second run" if row.again != NOTHING else ""
    return f"{row.subject}: {row.metric} {row.change}{reach}{again}, budget {row.budget}"


def evidence(row: ChangeRow) -> str:
    """What the sentence rests on."""
    parts = [f"{row.base} before, {row.head} now", row.samples]
    if row.p != NOTHING:
        parts.append(f"adjusted p {row.p}")
    if row.detectable != NOTHING:
        parts.append(f"would find {row.detectable}")
    return ", ".join(parts) if row.change != NOTHING else ""


def allowed(budget: Budget | Change) -> str:
    """``+25%, warns beyond +10%, and by 20 ms``."""
    parts = []
    if budget.fail is not None:
        parts.append(allowed_amount(budget.metric, budget.fail))
    if budget.warn is not None:
        parts.append(f"warns beyond {allowed_amount(budget.metric, budget.warn)}")
    if budget.floor_s is not None:
        parts.append(f"and by {format_latency(budget.floor_s)}")
    return ", ".join(parts)


def allowed_amount(metric: Metric, change: float) -> str:
    """One level of a budget: ``+10%``, ``-5%`` of throughput, ``+0.5pp`` of errors."""
    unit = "pp" if metric.kind == "share" else "%"
    return percent(-change if metric.at_least else change, unit)


def percent(ratio: float, unit: str = "%") -> str:
    """``+21%``, ``-0.4%``, ``+0.25pp``."""
    return f"{ratio * 100:+.3g}{unit}" if abs(ratio) < 10 else f"{ratio * 100:+,.0f}{unit}"


def sparkline(values: Sequence[float]) -> str:
    """One bar for each value, from the lowest to the highest; empty for fewer than two."""
    shown = values[-SHOWN:]
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    if high == low:
        return BARS[0] * len(shown)
    return "".join(BARS[round((each - low) / (high - low) * (len(BARS) - 1))] for each in shown)


def _row(change: Change) -> ChangeRow:
    unit = "pp" if change.metric.kind == "share" else "%"
    known = change.low is not None and change.high is not None
    return ChangeRow(
        outcome=change.outcome,
        compared=change.state != "no_baseline",
        subject=str(change.subject),
        metric=change.metric.name,
        base=NOTHING if change.base is None else amount(change.metric, change.base),
        head=NOTHING if change.head is None else amount(change.metric, change.head),
        change=NOTHING if change.change is None else percent(change.change, unit),
        again=NOTHING if change.again is None else percent(change.again, unit),
        interval=f"{percent(change.low or 0.0)} to {percent(change.high or 0.0)}"
        if known
        else NOTHING,
        budget=allowed(change),
        spark=sparkline((*change.history, *([change.head] if change.head is not None else []))),
        p=NOTHING if change.p is None else _p(change.p),
        detectable=NOTHING if change.detectable is None else percent(change.detectable),
        samples=counted(change.samples, "sample"),
        reason=change.reason,
        place=f"{change.place.file}:{change.place.line}",
        origin=", requirement ".join(filter(None, (change.origin, change.requirement))),
    )


def _p(value: float) -> str:
    return "below 0.0001" if value < 1e-4 else f"{value:.2g}"


def _smallest(changes: Iterable[Change]) -> str:
    """The worst of each metric: what the whole run is sure to find."""
    found: dict[str, list[float]] = defaultdict(list)
    for each in changes:
        if each.detectable is not None:
            found[each.metric.name].append(abs(each.detectable))
    worst = {name: max(values) for name, values in found.items()}
    return ", ".join(f"{percent(value).lstrip('+')} ({name})" for name, value in worst.items())
