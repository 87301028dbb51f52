"""What a worker needs to run a test: the plan, and what its texts and steps use of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from perfspec.expr import ExpressionError, parse_template
from perfspec.plan.model import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.plan.base import JsonValue
    from perfspec.run.driver.engine import Engine


class Assignment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One test. ``directory`` and the names of ``files`` are paths from the root.

    A worker lays the files out below a root of its own, so ``../data.csv`` leads there, too.
    ``variables`` are those of the environment that the plan's texts name, secrets among them.
    """

    plan: Plan
    test: str
    directory: str
    variables: dict[str, str]
    files: dict[str, bytes]


def pack(engine: Engine) -> Assignment:
    """What the workers of a prepared engine need; a file with an absolute path is not carried."""
    directory = Path(engine.plan.directory).absolute()
    relative = [each for each in engine.files_read() if not Path(each).is_absolute()]
    paths = [*(directory / each for each in relative), *_modules(directory)]
    names = _variables(engine)
    return Assignment(
        plan=engine.plan,
        test=engine.test.name,
        directory=_from_root(directory),
        variables={name: os.environ[name] for name in names if name in os.environ},
        files={_from_root(path): path.read_bytes() for path in paths},
    )


def unpack(assignment: Assignment, root: Path) -> Plan:
    """Lay everything out below ``root`` and in the environment; the plan that finds it there."""
    directory = root / assignment.directory
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in assignment.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    os.environ.update(assignment.variables)
    return msgspec.structs.replace(assignment.plan, directory=str(directory))


def _from_root(path: Path) -> str:
    return os.path.normpath(path).lstrip(os.sep)


def _modules(directory: Path) -> Iterator[Path]:
    """Python beside the spec, and what it has imported from there."""
    if str(directory) not in [str(Path(each).absolute()) for each in sys.path]:
        return
    for name, module in list(sys.modules.items()):
        place = directory.joinpath(*name.split("."))
        found = {place.with_suffix(".py"), place / "__init__.py"}
        path = Path(getattr(module, "__file__", None) or "").absolute()
        if path in found and not name.startswith("perfspec"):
            yield path


def _variables(engine: Engine) -> set[str]:
    """Names in all texts of which users are made."""
    plan = engine.plan
    parts = [plan.endpoints, engine.test.personas, plan.data, plan.files]
    return {name for text in _texts(msgspec.to_builtins(parts)) for name in _names(text)}


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield key
                yield from _texts(each)
        case list() | tuple():
            for each in value:
                yield from _texts(each)
        case _:
            return


def _names(text: str) -> frozenset[str]:
    if "${" not in text:
        return frozenset()
    try:
        return parse_template(text).variables
    except ExpressionError:
        return frozenset()  # no template: a pattern
