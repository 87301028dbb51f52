"""How the sequences of one spec differ from those of another: what a plan of every test lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.plan.changes import Change
from perfspec.spec.sequence import EntryOptions, SequenceOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfspec.plan.changes import Kind
    from perfspec.spec.model import Spec
    from perfspec.spec.sequence import Sequence


def sequence_changes(before: Spec, after: Spec) -> Iterator[Change]:
    """A test that no sequence runs any more has limits that nothing breaks."""
    for name, was in before.sequences.items():
        now = after.sequences.get(name)
        if now is None:
            yield Change(kind="removed", what=f"the sequence {name}", test="")
            continue
        yield from _entries_changed(name, _entries(was), _entries(now))
        if _environment(was) != _environment(now):
            yield Change(kind="changed", what=f"the environment of the sequence {name}", test="")
    for name in after.sequences:
        if name not in before.sequences:
            yield Change(kind="added", what=f"the sequence {name}", test="")


def _entries_changed(
    sequence: str, before: Mapping[str, EntryOptions], after: Mapping[str, EntryOptions]
) -> Iterator[Change]:
    place = f"its place in the sequence {sequence}"
    for test, was in before.items():
        now = after.get(test)
        if now is None:
            yield Change(kind="removed", what=place, test=test)
        elif was != now:
            what = f"how the sequence {sequence} runs it"
            yield Change(kind=_kind(was, now), what=what, test=test)
    for test in after:
        if test not in before:
            yield Change(kind="added", what=place, test=test)


def _kind(was: EntryOptions, now: EntryOptions) -> Kind:
    uncompared = was.compare != "none" and now.compare == "none"
    goes_on = was.on_fail == "stop" and now.on_fail != "stop"
    return "loosened" if uncompared or goes_on else "changed"


def _entries(sequence: Sequence) -> dict[str, EntryOptions]:
    """Options by test, those of a test that stands alone too."""
    tests = sequence.tests if isinstance(sequence, SequenceOptions) else sequence
    found: dict[str, EntryOptions] = {}
    for each in tests:
        found |= {each: EntryOptions()} if isinstance(each, str) else each
    return found


def _environment(sequence: Sequence) -> str | None:
    return sequence.environment if isinstance(sequence, SequenceOptions) else None
