"""Writes docs/diagnostics.md and the generated parts of other pages anew: `make docs`.

A part stands between ``<!-- generated: WHAT -->`` and ``<!-- end -->``. Nothing between these lines
is written by hand; everything around them is. In the READMEs of examples the lines of links such as
``[`tests.load.users`](perfspec.yaml#L12)`` are those on which these keys stand.
"""  # noqa: INP001  (a script, no package)

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from perfspec.cli.main import perfspec
from perfspec.demo import faults
from perfspec.expr.filters import EXAMPLE_SCOPE, FILTERS, FUNCTIONS
from perfspec.spec import base
from perfspec.spec.diagnostics import render_diagnostics
from perfspec.spec.document import load_document
from perfspec.spec.model import Spec
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

    from perfspec.expr.filters import Function
    from perfspec.spec.tree import Node

ROOT: Final = Path(__file__).parents[1]
DIAGNOSTICS: Final = ROOT / "docs/diagnostics.md"
PART: Final = re.compile(
    r"(?P<begin><!-- generated: (?P<what>[^\n]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)
LINE: Final = re.compile(r"(?P<link>\[`(?P<keys>[\w.]+)`\]\(perfspec\.yaml)(#L\d+)?\)")
SHOWN: Final = 60  # characters of a value
SHORT: Final = 120  # of a command within a command
_EXAMPLE: Final = re.compile(r"\s*Example: `(?P<text>.*)`$", re.DOTALL)
_LEFT_OUT: Final = re.compile(r", (?P<text>[^,;]+) when left out(?=\.$)")


def pages() -> list[Path]:
    """Every page that is made or may hold generated parts."""
    docs = {DIAGNOSTICS, *(ROOT / "docs").rglob("*.md")}
    return [ROOT / "README.md", *sorted(docs), *sorted((ROOT / "examples").glob("*/README.md"))]


def fresh(page: Path) -> str:
    """The page as it is made today; raises KeyError for an unknown part or key."""
    if page == DIAGNOSTICS:
        return render_diagnostics()
    text = page.read_text(encoding="utf-8")
    if page.parent.parent == ROOT / "examples":
        return with_lines(text, page.with_name("perfspec.yaml"))
    return PART.sub(lambda part: part["begin"] + generate(part["what"]) + part["end"], text)


def with_lines(text: str, spec: Path) -> str:
    """The text, with the lines of today in its links to keys of the spec."""
    if not LINE.search(text):
        return text
    root = load_document(spec.read_bytes(), spec.name, None).tree
    return LINE.sub(lambda link: f"{link['link']}#L{_line(root, link['keys'])})", text)


def _line(node: Node, keys: str) -> int:
    line = 1
    for word in keys.split("."):
        below = _below(node, word)
        if below is None:
            raise KeyError(keys)
        node, line = below, (below.key or below.place)[0]
    return line


def _below(node: Node, word: str) -> Node | None:
    """What a key leads to; in a list of steps, the one with this name."""
    if not isinstance(node.children, list):
        return node.child(word)
    for entry in node.children:
        if word in entry.names():
            return entry.child(word)
        if entry.data == word or (isinstance(entry.data, dict) and word in entry.data.values()):
            return entry
    return None


def generate(what: str) -> str:
    """One part, such as ``keys Endpoint``."""
    kind, _, name = what.partition(" ")
    return f"\n{_PARTS[kind](name).strip()}\n\n"


def models() -> dict[str, type[base.Strict]]:
    """Every mapping of the language that states keys, by the name of its class."""
    found: dict[str, type[base.Strict]] = {}
    waiting: list[type[base.Strict]] = [base.Strict]
    while waiting:
        for model in waiting.pop().__subclasses__():
            waiting.append(model)
            if model.__module__.startswith(Spec.__module__.rpartition(".")[0]) and _own(model):
                found[model.__name__] = model
    return found


def _own(model: type[base.Strict]) -> list[str]:
    """Fields that the class states itself, not those that it inherits."""
    return [name for name in model.model_fields if name in model.__annotations__]


def _keys(name: str) -> str:
    model = models()[name]
    rows = [_key(model.model_fields[each], each) for each in _own(model)]
    return _table(("key", "meaning", "when left out", "example"), rows)


def _key(field: FieldInfo, name: str) -> tuple[str, ...]:
    text = field.description or ""
    example = _EXAMPLE.search(text)
    meaning = _EXAMPLE.sub("", text)
    stated = _LEFT_OUT.search(meaning)
    default = _default(field) or (stated["text"] if stated else "")
    shown = f"`{example['text']}`" if example else ""
    return f"`{field.alias or name}`", _LEFT_OUT.sub("", meaning), default, shown


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if value is not None and _is_duration(field):
        return f"`{format_duration(value)}`"
    if isinstance(value, str | int | float):
        return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
    return ""


def _is_duration(field: FieldInfo) -> bool:
    return any(getattr(each, "func", None) is base.read_duration for each in field.metadata)


def _functions(name: str) -> str:
    table: Mapping[str, Function] = {"filters": FILTERS, "functions": FUNCTIONS}[name]
    parentheses = "()" if table is FUNCTIONS else ""
    rows = [
        (
            _signature(each, parentheses),
            each.description,
            f"`{each.example}`",
            f"`{_value(each.gives)}`",
        )
        for each in table.values()
    ]
    return _table(("name", "what it gives", "example", "its value"), rows)


def _signature(function: Function, parentheses: str) -> str:
    name = function.signature if function.parameters else f"{function.name}{parentheses}"
    choices = [
        f"{each.name}: {', '.join(each.choices)}" for each in function.parameters if each.choices
    ]
    return f"`{name}`" + "".join(f" {each}" for each in choices)


def _scope(_: str) -> str:
    rows = [(f"`{name}`", f"`{_value(value)}`") for name, value in EXAMPLE_SCOPE.items()]
    return _table(("name", "its value in the examples"), rows)


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 2]}…{text[-1]}"


def _command(name: str) -> str:
    with click.Context(perfspec, info_name="perfspec") as whole:
        command = perfspec.get_command(whole, name)
        if command is None:
            raise KeyError(name)
        with click.Context(command, info_name=name, parent=whole) as context:
            return "\n\n".join(_help(command, context))


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    """Usage, what stands in the docstring, and a table of options."""
    pieces = command.collect_usage_pieces(context)
    yield f"```text\n{' '.join([context.command_path, *pieces])}\n```"
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines = paragraph.removeprefix("\b\n").splitlines()
        if lines[0] == "Examples:":
            yield "\n".join(["```sh", *(each.removeprefix("  ") for each in lines[1:]), "```"])
        else:
            yield " ".join(lines)
    records = [
        each.get_help_record(context)
        for each in command.get_params(context)
        if isinstance(each, click.Option) and "--help" not in each.opts
    ]
    rows = [(f"`{record[0]}`", record[1]) for record in records if record is not None]
    if rows:
        yield _table(("option", "meaning"), rows)
    if isinstance(command, click.Group):
        parts = command.commands.items()
        rows = [(f"`{name}`", each.get_short_help_str(limit=SHORT)) for name, each in parts]
        yield _table(("command", "meaning"), rows)


def _faults(_: str) -> str:
    return inspect.cleandoc(faults.__doc__ or "").partition("\n\n")[2]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, each))} |" for each in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


_PARTS: Final[dict[str, Callable[[str], str]]] = {
    "keys": _keys,
    "table": _functions,
    "scope": _scope,
    "command": _command,
    "faults": _faults,
}


if __name__ == "__main__":
    for page in pages():
        page.write_text(fresh(page), encoding="utf-8")
