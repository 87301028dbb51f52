"""The first spec of a team: small, valid, with the next steps as comments."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfspec.importers.openapi import LeftOut, Operation

SCHEMA_FILE: Final = "perfspec.schema.json"
_HEAD: Final = f"""\
# yaml-language-server: $schema={SCHEMA_FILE}
#
# What is measured, and how fast it has to be. `perfspec lint` checks it, `perfspec plan` shows what
# would run, `perfspec run` runs it.
"""
_FEW: Final = 12  # endpoints that a first journey calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a service; ``command`` starts it."""

    name: str
    url: str
    operations: Sequence[Operation]
    left_out: Sequence[LeftOut] = ()
    command: str | None = None


def draft_spec(draft: Draft) -> str:
    """YAML that lints. Limits are a place to begin: they hold for most services of today."""
    chosen = list(draft.operations)[:_FEW]
    spec = CommentedMap(
        perfspec=1,
        name=_text(draft.name),
        environments=_environments(draft),
        endpoints=CommentedMap({each.name: _endpoint(each) for each in chosen}),
        personas={"visitor": _persona(each.name for each in chosen)},
        slo=_flow({"error_rate": "1%", "p95": "500ms"}),
        tests=_tests(),
        sequences={"default": _sequence()},
    )
    for key in spec:
        if key not in {"perfspec", "name"}:
            spec.yaml_set_comment_before_after_key(key, before="\n" + _COMMENTS.get(key, ""))
    stream = io.StringIO()
    yaml = YAML()
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(spec, stream)
    lines = (line.rstrip() for line in stream.getvalue().splitlines())
    body = "\n".join("" if line == "#" else line for line in lines)
    return f"{_HEAD}{body}\n{_left_out(draft)}"


_COMMENTS: Final = {
    "endpoints": "What can be requested. Give an endpoint its own `slo` where it matters.",
    "personas": "What a kind of user does, again and again, with a pause after each request.",
    "slo": "For all requests of a test together.",
}


def _environments(draft: Draft) -> CommentedMap:
    local = CommentedMap(url=_text(draft.url))
    if draft.command is not None:
        service = _flow({"run": _text(draft.command), "ready": "GET /"})
        local["services"] = {"app": service}
    return CommentedMap(local=local)


def _endpoint(operation: Operation) -> CommentedMap:
    content: dict[str, Any] = {"request": _text(f"{operation.method} {operation.path}")}
    for key, values in (("path", operation.path_values), ("query", operation.query)):
        if values:
            content[key] = _flow({_value(name): _value(each) for name, each in values.items()})
    return _flow(content)


def _persona(names: Iterable[str]) -> CommentedMap:
    return CommentedMap(weight=1, think="1s..5s", journey=_flow_list(names))


def _tests() -> CommentedMap:
    smoke = _flow({"users": 5, "duration": "20s"})
    stage = _flow({"users": 10, "ramp": "20s", "hold": "2m"})
    return CommentedMap(smoke=smoke, load={"stages": _flow_list([stage])})


def _sequence() -> CommentedSeq:
    return _flow_list([_flow({"smoke": _flow({"on_fail": "stop"})}), "load"])


def _left_out(draft: Draft) -> str:
    rest = [(each.name, "there is room for more") for each in list(draft.operations)[_FEW:]]
    lines = [(each.request, each.reason) for each in draft.left_out] + rest
    if not lines:
        return ""
    listed = "".join(f"#   {_comment(what)}: {_comment(why)}\n" for what, why in lines)
    return f"\n# Not in the journey yet:\n{listed}"


def _comment(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)[:200]


def _text(text: str) -> str:
    """Quoted where YAML or a template would read something else."""
    special = set("{}[],&*#?|<>=!%@`\"'\\$")
    if not text.startswith(("http://", "https://")):
        special.add(":")
    plain = bool(text) and text.isascii() and text == text.strip() and not set(text) & special
    return text if plain else DoubleQuotedScalarString(text)


def _value(value: Any) -> Any:  # noqa: ANN401  (JSON)
    return _text(_escaped(value)) if isinstance(value, str) else value


def _escaped(text: str) -> str:
    """Sent as it is, though it may look like a template or a variable."""
    return re.sub(r"\$+(?=\{)|\{\{", lambda found: f"{{{{ '{found[0]}' }}}}", text)


def _flow(content: dict[str, Any]) -> CommentedMap:
    mapping = CommentedMap(content)
    mapping.fa.set_flow_style()
    return mapping


def _flow_list(items: Iterable[Any]) -> CommentedSeq:
    found = CommentedSeq(items)
    found.fa.set_flow_style()
    return found
