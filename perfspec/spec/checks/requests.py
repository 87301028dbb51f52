"""Requests that cannot be built, and answers that cannot be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perfspec.expr.errors import ExpressionError
from perfspec.expr.jsonpath import parse_path
from perfspec.spec.base import VARIABLE, substitute
from perfspec.spec.checks.walk import messages_of, written_steps
from perfspec.spec.persona import ReceiveStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.checks.context import Context
    from perfspec.spec.model import Environment
    from perfspec.spec.tree import Node, Path

PARAMETER: Final = re.compile(r"(?<![{$])\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")
_HOLE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LITERAL: Final = re.compile(r"\$\$\{[^}]*\}")
_WORD: Final = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_-]*)")
_HOST: Final = re.compile(r"(?:https?|wss?)://(?:[^@/\s]*@)?([^/\s?#]+)")
_FILE_KEYS: Final = ({"from"}, {"from", "type"}, {"path"}, {"path", "type"})
_WITH_FILES: Final = ("multipart", "cbor", "msgpack", "file")


def check_requests(context: Context) -> None:
    """Endpoints: path parameters, hosts, files in bodies, JSON paths and regular expressions."""
    for name in context.spec.endpoints:
        path: Path = ("endpoints", name)
        _parameters(context, path)
        for at in (*_lines(context, path), (*path, "poll", "request")):
            _braces(context, at)
            _host(context, at)
        for key in _WITH_FILES:
            _files(context, (*path, key))
        _multipart(context, (*path, "multipart"))
        for at in ((*path, "expect"), (*path, "poll", "until"), (*path, "poll", "fail_if")):
            _expect(context, at)
        for at in ((*path, "capture"), (*path, "poll", "capture")):
            _captures(context, at)
    _messages(context)
    for name in context.spec.data:
        node = context.tree.find(("data", name, "rows"))
        if node is not None:
            _json_path(context, node, str(node.data))


def _messages(context: Context) -> None:
    for path, _, _ in messages_of(context.spec):
        _files(context, (*path, "json"))
        _files(context, (*path, "send"))
        _expect(context, (*path, "expect"))
        _captures(context, (*path, "capture"))
        _match(context, (*path, "ack", "match"))
    for path, step in written_steps(context.spec):
        if isinstance(step, ReceiveStep):
            _expect(context, (*path, "until"))
            _captures(context, (*path, "capture"))


def _lines(context: Context, path: Path) -> list[Path]:
    """Where the request, or the URL of a connection, is written."""
    keys = (("request",), ("websocket",), ("websocket", "path"), ("socketio", "path"))
    return [(*path, *key) for key in keys if _text(context, (*path, *key))[1]]


def _match(context: Context, path: Path) -> None:
    node = context.tree.find(path)
    for key, value in node.parts() if node is not None else ():
        _json_path(context, value, str(key), value.key or value.place)


def _text(context: Context, path: Path) -> tuple[Node | None, str]:
    node = context.tree.find(path)
    return node, node.data if node is not None and isinstance(node.data, str) else ""


def _parameters(context: Context, path: Path) -> None:
    """``{name}`` in the request and the keys of ``path`` are the same."""
    line = next(iter(_lines(context, path)), (*path, "request"))
    node, request = _text(context, line)
    _, poll = _text(context, (*path, "poll", "request"))
    values = context.tree.find((*path, "path"))
    given = values.names() if values is not None else []
    wanted = _in_url(request)
    if node is not None and context.complete(*path, "path") and not _path_lost(context, path):
        for name, offset in wanted.items():
            if name not in given:
                hint = context.findings.near(name, set(given) - set(wanted))
                hint = hint or f'write path: {{ {name}: "{{{{ … }}}}" }}'
                message = f"{{{name}}} has no value in path"
                context.findings.error(context.inside(node, offset), "PS213", message, hint)
    used = set(wanted) | set(_in_url(poll))
    for name in given if node is not None else ():
        meant = {each for each in wanted if each not in given}
        if name not in used and context.findings.near(name, meant) is None:
            message = f"{name!r} does not occur in the request"
            hint = f"write {{{name}}} where it belongs"
            context.findings.error(context.key((*path, "path", name)), "PS213", message, hint)


def _path_lost(context: Context, path: Path) -> bool:
    """Whether an unknown key may have been meant for ``path``."""
    written, read = context.root.find(path), context.tree.find(path)
    unknown = set(written.names() if written else ()) - set(read.names() if read else ())
    return "path" not in unknown and any(each.startswith("p") for each in unknown)


def _in_url(request: str) -> dict[str, int]:
    """Path parameters with their offsets; those inside of templates are none."""
    blank = _blanked(_HOLE, request)
    return {match[1]: match.start() for match in reversed([*PARAMETER.finditer(blank)])}


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: " " * len(match[0]), text)


def _braces(context: Context, path: Path) -> None:
    """Braces that are left over: sent as they are, no server would make sense of them."""
    node, text = _text(context, path)
    for pattern in (_HOLE, _LITERAL, VARIABLE, PARAMETER):
        text = _blanked(pattern, text)
    if node is None or "{{" in text:  # a template that is not closed is told of as one
        return
    place, mark, _ = text.partition("?")
    stray = next((at for at, each in enumerate(place) if each in "{}"), None)
    if stray is None and mark:
        stray = _unpaired(text)
    if stray is not None:
        name = _WORD.match(node.data, stray)
        meant = (
            "a parameter is {name}" if name is None else f"write {{{name[1].replace('-', '_')}}}"
        )
        message = f"this {text[stray]} belongs to no path parameter"
        hint = f"{meant}; a brace itself is %7B or %7D"
        context.findings.error(context.inside(node, stray), "PS213", message, hint)


def _unpaired(text: str) -> int | None:
    """Offset of a brace without its other: a query may hold JSON."""
    opened: list[int] = []
    for at, each in enumerate(text):
        if each == "{":
            opened.append(at)
        elif each == "}":
            if not opened:
                return at
            opened.pop()
    return opened[-1] if opened else None


def _host(context: Context, path: Path) -> None:
    node, request = _text(context, path)
    written = substitute(request, context.variables) or request
    found = _HOST.match(written if path[-1] != "request" else written.partition(" ")[2].strip())
    if node is None or found is None or "{{" in found[1] or "${" in found[1]:
        return
    host = found[1]
    environments = context.spec.environments
    closed = [name for name, each in environments.items() if _allows(context, each, host) is False]
    if not closed or not context.complete("environments"):
        return
    offset = request.find(host)
    place = context.inside(node, offset if offset >= 0 else None)
    hint = f"add allow_hosts: [{host}]"
    if len(closed) == len(environments):
        message = f"no environment allows requests to {host}"
        context.findings.error(place, "PS326", message, hint)
    else:
        message = f"environment {', '.join(closed)} does not allow requests to {host}"
        context.findings.warning(place, "PS406", message, hint)


def _allows(context: Context, environment: Environment, host: str) -> bool | None:
    """Whether the environment lets requests to ``host`` through; None when a variable decides."""
    hosts = [environment.url, *(environment.allow_hosts or [])]
    known = [substitute(each, context.variables) for each in hosts]
    own = [found[1] for each in known if each and (found := _HOST.match(each))]
    names = {*own, *(each for each in known if each is not None)}
    if host in names or host.partition(":")[0] in names:
        return True
    return None if None in known else False


def _files(context: Context, path: Path) -> None:
    """``{ from: NAME }`` in a body names a source of files."""
    node = context.tree.find(path)
    for marker in _markers(node) if node is not None else ():
        source = marker.child("from")
        if source is None or not isinstance(source.data, str) or "{{" in source.data:
            continue
        known = context.names.files
        if source.data in known or "data source" in context.names.lost:
            continue
        if source.data in context.names.rows:
            message = f"data {source.data!r} holds rows, no files"
        else:
            message = f"there is no data source {source.data!r} with files"
        hint = context.findings.near_or_all(source.data, known)
        context.findings.error(source.place, "PS208", message, hint)


def _markers(node: Node) -> Iterator[Node]:
    if isinstance(node.children, dict) and set(node.children) in _FILE_KEYS:
        yield node
        return
    for child in node.below():
        yield from _markers(child)


def _multipart(context: Context, path: Path) -> None:
    node = context.tree.find(path)
    for name, part in node.parts() if node is not None else ():
        file = part.data if isinstance(part.data, dict) else {}
        is_file = set(file) in _FILE_KEYS and all(isinstance(each, str) for each in file.values())
        if not is_file and (part.children is not None or part.data is None):
            message = f"part {name!r} is neither text nor a file"
            hint = "a file is { from: NAME } or { path: FILE, type: MEDIA_TYPE }"
            context.findings.error(part.place, "PS329", message, hint)


def _expect(context: Context, path: Path) -> None:
    node = context.tree.find(path)
    if node is None:
        return
    values, headers = node.child("json"), node.child("headers")
    for key, check in values.parts() if values is not None else ():
        place = check.key or check.place
        _json_path(context, check, str(key), place)
        _regex(context, check.child("matches"))
        _room(context, check)
    for check in headers.below() if headers is not None else ():
        _regex(context, check.child("matches"))
    _regex(context, node.find(("body", "matches")))


def _room(context: Context, check: Node) -> None:
    """A number between ``min`` and ``max`` must exist."""
    low, high = check.child("min"), check.child("max")
    if low is not None and high is not None and low.data > high.data:
        message = f"no number is at least {low.data} and at most {high.data}"
        context.findings.error(low.key or low.place, "PS109", message, "write min below max")


def _captures(context: Context, path: Path) -> None:
    node = context.tree.find(path)
    for source in node.below() if node is not None else ():
        json = source if isinstance(source.data, str) else source.child("json")
        if json is not None and isinstance(json.data, str):
            _json_path(context, json, json.data)
        _regex(context, source.child("regex"))


def _json_path(
    context: Context, node: Node, text: str, place: tuple[int, int] | None = None
) -> None:
    try:
        parse_path(text)
    except ExpressionError as error:
        at = place or context.inside(node, error.offset)
        context.findings.error(at, "PS321", f"{text!r} is no JSON path: {error}", error.hint)


def _regex(context: Context, node: Node | None) -> None:
    if node is None or not isinstance(node.data, str) or "{{" in node.data:
        return
    try:
        re.compile(node.data)
    except (re.error, RecursionError, OverflowError) as error:
        position = error.pos if isinstance(error, re.error) else None
        message = f"{node.data!r} is no regular expression: {error}"
        context.findings.error(context.inside(node, position), "PS322", message)
