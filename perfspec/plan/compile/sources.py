"""Data sources and file sets of the spec, those that the journeys use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from perfspec.plan.model import DataSource, FileClass, FileSet, RowsFile, RowsGenerated
from perfspec.spec.base import substitute
from perfspec.spec.counters import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perfspec.spec import model

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FORMATS: tuple[Literal["json", "jsonl", "csv"], ...] = ("json", "jsonl", "csv")


def compile_data(
    name: str, written: model.Data, secrets: Iterable[str], variables: Mapping[str, str]
) -> DataSource:
    """Rows for users; the file is not opened here."""
    source: RowsFile | RowsGenerated
    if written.generate is not None:
        columns = {column: str(value) for column, value in written.generate.items()}
        source = RowsGenerated(columns=columns, rows=max(map(rows_of, columns.values())))
    else:
        paths = (written.json_, written.jsonl, written.csv)
        path, form = next((p, f) for p, f in zip(paths, _FORMATS, strict=True) if p is not None)
        path = substitute(path, variables) or path
        source = RowsFile(path=path, format=form, rows=written.rows)
    prefix = f"{name}."
    columns_masked = (each.removeprefix(prefix) for each in secrets if each.startswith(prefix))
    return DataSource(
        name=name,
        source=source,
        pick=written.pick,
        each=written.each,
        secret=tuple(columns_masked),
    )


def compile_files(name: str, written: model.Data, variables: Mapping[str, str]) -> FileSet:
    """A weighted choice of files."""
    return FileSet(
        name=name,
        classes=tuple(
            FileClass(
                name=each,
                weight=one.weight,
                type=one.type,
                size=one.size,
                path=one.path and (substitute(one.path, variables) or one.path),
            )
            for each, one in (written.files or {}).items()
        ),
    )


def sources_of(value: Any, known: Iterable[str]) -> list[str]:  # noqa: ANN401  (any JSON value)
    """Names of data sources that templates or file markers in ``value`` mentions, in file order.

    Any use of the name counts: a word too many costs a file that is read in vain, a word too few a
    run that fails.
    """
    words = set(_words(value))
    return [name for name in known if name in words]


def _words(value: Any) -> Iterator[str]:  # noqa: ANN401  (any JSON value)
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _words(key)
            if key == "from" and isinstance(each, str):
                yield each
            if key == "only_if" and isinstance(each, str):  # an expression without braces
                yield from _NAME.findall(each)
            yield from _words(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _words(each)
    elif isinstance(value, str):
        for hole in _HOLE.finditer(value):
            yield from _NAME.findall(hole[1])
