"""Which tests run, in which environment: what the command line and the sequence say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfspec.errors import UsageError
from perfspec.plan.compile.tests import Wanted
from perfspec.plan.duet import SUFFIX
from perfspec.spec.limits import as_names
from perfspec.spec.sequence import EntryOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.budget import Compare
    from perfspec.plan.model import Plan
    from perfspec.spec.document import Document


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sequence; ``environment`` is the one that it names."""

    name: str
    environment: str | None
    tests: tuple[Wanted, ...]


def choose_tests(
    document: Document,
    sequence: str | None,
    only: Sequence[str],
    tags: Sequence[str],
    time_scale: float | None,
    first: str | None = None,
) -> Chosen:
    """The tests of a sequence (or one test by its name) that ``only`` lets through.

    ``first`` leaves out what stands before it. Nobody needs a test that is left out. Raises
    UsageError for a name that the spec does not hold.
    """
    title, environment, entries = _entries(document, sequence)
    wanted: list[Wanted] = []
    for name, options in _selected(entries, only, first):
        before = [each.name for each in wanted]
        needs = before if options.needs == "all" else as_names(options.needs)
        wanted.append(
            Wanted(
                name=name,
                time_scale=time_scale or options.time_scale or 1.0,
                on_fail=options.on_fail,
                needs=tuple(each for each in before if each in needs),
                tags=tuple(tags),
                compare=options.compare,
                record=options.record,
            )
        )
    return Chosen(title, environment, tuple(wanted))


def gated(chosen: Chosen, compare: Compare | None, *, record: bool | None) -> Chosen:
    """With another comparison for all of its tests, and another answer to who is recorded."""
    tests = tuple(
        replace(
            each,
            compare=compare or each.compare,
            record=each.record if record is None else record,
        )
        for each in chosen.tests
    )
    return replace(chosen, tests=tests)


def every_test(document: Document) -> Chosen:
    """All tests in file order and the first environment: what lint looks at."""
    first = next(iter(document.spec.environments))
    return Chosen("all tests", first, tuple(Wanted(name=name) for name in document.spec.tests))


def same_tests(plan: Plan) -> Chosen:
    """What a plan was made of: to judge its run by the limits of today's spec."""
    wanted: dict[str, Wanted] = {}
    for each in plan.tests:
        name = each.name.removesuffix(SUFFIX)
        again = Wanted(
            name=name,
            time_scale=each.time_scale,
            on_fail=each.on_fail,
            needs=each.needs,
            tags=each.tags,
            compare="none" if each.compare == "none" else None,
        )
        wanted.setdefault(name, again)
    return Chosen(plan.sequence, plan.environment.name, tuple(wanted.values()))


def choose_environment(document: Document, wanted: str | None) -> str:
    """``local`` when none is named; raises UsageError when there is no such environment."""
    environments = document.spec.environments
    if wanted is None and "local" not in environments:
        names = ", ".join(environments)
        msg = f"{document.file} has no environment 'local': choose with --env one of {names}"
        raise UsageError(msg)
    name = wanted or "local"
    if name not in environments:
        raise UsageError(_unknown("environment", name, list(environments)))
    return name


def _entries(
    document: Document, sequence: str | None
) -> tuple[str, str | None, list[tuple[str, EntryOptions]]]:
    """Name, environment and tests of a sequence; without any sequence, all tests in file order."""
    spec = document.spec
    if sequence is None and "default" not in spec.sequences:
        if spec.sequences:
            names = ", ".join(spec.sequences)
            msg = f"{document.file} has no sequence 'default': name one of {names}"
            raise UsageError(msg)
        return "all tests", None, [(name, EntryOptions()) for name in spec.tests]
    title = sequence or "default"
    if title in spec.tests and title not in spec.sequences:
        return title, None, [(title, EntryOptions())]
    written = spec.sequences.get(title)
    if written is None:
        raise UsageError(_unknown("sequence or test", title, [*spec.sequences, *spec.tests]))
    entries = written if isinstance(written, list) else written.tests
    environment = None if isinstance(written, list) else written.environment
    return title, environment, [_entry(each) for each in entries]


def _entry(written: str | dict[str, EntryOptions]) -> tuple[str, EntryOptions]:
    if isinstance(written, str):
        return written, EntryOptions()
    ((name, options),) = written.items()
    return name, options


def _selected(
    entries: list[tuple[str, EntryOptions]], only: Sequence[str], first: str | None
) -> list[tuple[str, EntryOptions]]:
    names = [name for name, _ in entries]
    for name in (*only, *([first] if first else ())):
        if name not in names:
            raise UsageError(_unknown("test of this sequence", name, names))
    later = entries[names.index(first) if first else 0 :]
    chosen = [entry for entry in later if not only or entry[0] in only]
    if not chosen:
        msg = f"--only {', '.join(only)} stands before --from {first}, so nothing would run"
        raise UsageError(msg)
    return chosen


def _unknown(kind: str, name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only on the error path)

    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"there is no {kind} {name!r}: {hint}known are {', '.join(known) or 'none'}"
