"""Which runs of the past are compared with: those with the conditions of this one, if enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.baseline.archive import Past
    from perfspec.baseline.record import Record
    from perfspec.plan.budget import BaselineRule

ENOUGH_ALIKE: Final = 5
SLOW_PROBE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Chosen:
    """``mixed``: not all had the same conditions. ``alien``: none had those of this run.

    ``notes`` are sentences for the reader.
    """

    runs: tuple[Record, ...]
    mixed: bool
    alien: bool
    notes: tuple[str, ...]


def choose_runs(head: Record, past: Past, rule: BaselineRule) -> Chosen:
    """At most ``rule.most`` runs, the oldest first."""
    alike = tuple(each for each in past.records if each.machine == head.machine)
    runs = (alike if len(alike) >= ENOUGH_ALIKE else past.records)[-rule.most :]
    mixed = any(each.machine != head.machine for each in runs)
    alien = mixed and not alike
    return Chosen(runs, mixed, alien, tuple(_notes(past, runs, rule, mixed=mixed, alien=alien)))


def slow_host(head: Record, runs: tuple[Record, ...]) -> str | None:
    """Why the host was too busy to judge on: the probe took 1.5 times as long as it usually does.

    Usually: the lower quartile of the runs on the same machine that have one.
    """
    alike = (each.probe_s for each in runs if each.machine == head.machine)
    usual = sorted(each for each in alike if each is not None)
    if head.probe_s is None or not usual:
        return None
    quartile = usual[len(usual) // 4]
    if head.probe_s <= SLOW_PROBE * quartile:
        return None
    return (
        f"The calibration probe took {head.probe_s / quartile:.1f} times as long as in the"
        " baseline: the host was busy with something else. Run again."
    )


def _notes(
    past: Past, runs: tuple[Record, ...], rule: BaselineRule, *, mixed: bool, alien: bool
) -> list[str]:
    notes = [f"Left out: {each}." for each in past.left_out]
    if past.others:
        run = "run of this test measures" if past.others == 1 else "runs of this test measure"
        notes.append(f"{past.others} {run} something else (other load or journeys): not compared.")
    if past.elsewhere:
        run = "run of this test is" if past.elsewhere == 1 else "runs of this test are"
        notes.append(f"{past.elsewhere} {run} not of {rule.compare_with}: not compared.")
    if past.accepted is not None:
        why = past.accepted.reason.rstrip(".")
        notes.append(f"The baseline begins anew after what {past.accepted.by} accepted: {why}.")
    if alien:
        only = "" if rule.missing == "fail" else ", so a regression only warns"
        notes.append(f"No run of the baseline had this machine{only}.")
    elif mixed:
        notes.append("The baseline has runs of other machines.")
    if 0 < len(runs) < rule.fewest:
        enough = counted(rule.fewest, "run")
        notes.append(f"The baseline has {len(runs)} of {enough} for full power.")
    return notes
