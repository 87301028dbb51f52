"""Bodies: ready bytes where nothing is to be put in, else a function that makes them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never
from urllib.parse import urlencode

import cbor2
import msgpack
import msgspec

from perfspec.expr import ExpressionError
from perfspec.expr.values import describe, to_text
from perfspec.plan.request import (
    CborBody,
    FileBody,
    FormBody,
    JsonBody,
    MsgpackBody,
    MultipartBody,
    TextBody,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.expr import Closure
    from perfspec.plan.request import Body
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.files import File

Make: TypeAlias = "Callable[[Actor], bytes]"
DrawFile: TypeAlias = "Callable[[Actor], File]"
_PLAIN = "text/plain; charset=utf-8"


class CompiledBody(NamedTuple):
    """``content`` is the bytes if they never change, else None and ``make`` builds them.

    ``type`` is the Content-Type that goes with it unless the endpoint states another;
    ``file_classes`` are all that ``make`` may draw.
    """

    content: bytes | None
    make: Make
    type: str
    file_classes: frozenset[str] = frozenset()


def compile_body(bench: Bench, body: Body) -> CompiledBody:
    """Raises ExpressionError for what can never be built, RunError for a file that is missing."""
    match body:
        case JsonBody(value=value):
            return _encoded(bench, value, _to_json, "application/json")
        case CborBody(value=value):
            return _encoded(bench, value, _to_cbor, "application/cbor", paths=True)
        case MsgpackBody(value=value):
            return _encoded(bench, value, _to_msgpack, "application/msgpack", paths=True)
        case FormBody(fields=fields):
            return _encoded(bench, fields, _to_form, "application/x-www-form-urlencoded")
        case TextBody(text=text):
            constant, write = bench.text(text)
            if constant is not None:
                return _ready(constant.encode(), _PLAIN)
            return CompiledBody(None, lambda me: write(me.scope).encode(), _PLAIN)
        case FileBody(file=file):
            draw, files = _drawer(bench, file)
            classes = _classes(files)
            return CompiledBody(None, lambda me: draw(me).content, files[0].type, classes)
        case MultipartBody(parts=parts):
            return _multipart(bench, parts)
        case _:
            assert_never(body)


def compile_value(bench: Bench, value: object) -> Callable[[Actor], object]:
    """A value that is not yet encoded, with bytes where it names files."""
    marks = _FileMarks(bench, paths=False)
    render = bench.value(value, marks).render

    def make(me: Actor) -> object:
        marks.actor = me
        return render(me.scope)

    return make


def to_bytes(value: object) -> bytes:
    """Bytes as they are, everything else as text. Raises ExpressionError for what is neither."""
    return value if isinstance(value, bytes) else to_text(value).encode()


def query_text(fields: Mapping[str, object]) -> str:
    """``a=1&b=x&b=y``: a list repeats its key, null leaves it out."""
    return urlencode(list(_pairs(fields)))


def _ready(content: bytes, kind: str) -> CompiledBody:
    return CompiledBody(content, lambda _me: content, kind)


def _encoded(
    bench: Bench,
    value: object,
    encode: Callable[[object], bytes],
    kind: str,
    *,
    paths: bool = False,
) -> CompiledBody:
    """``paths``: ``{path, type}`` is a file; JSON is left alone, as it may well say just that."""
    marks = _FileMarks(bench, paths=paths)
    dynamic, render = bench.value(value, marks)
    if not dynamic and not marks.files:
        return _ready(encode(render({})), kind)
    if not marks.files:
        return CompiledBody(None, lambda me: encode(render(me.scope)), kind)

    def make(me: Actor) -> bytes:
        marks.actor = me
        return encode(render(me.scope))

    return CompiledBody(None, make, kind, _classes(marks.files))


class _FileMarks:
    """Puts bytes where a body says ``{from: FILE_SET}``; ``actor`` is who sends it.

    In JSON they become base64, as nothing else there can hold them.
    """

    def __init__(self, bench: Bench, *, paths: bool) -> None:
        self._bench = bench
        self._paths = paths
        self.files: list[File] = []
        self.actor: Actor

    def __call__(self, mapping: dict[str, object]) -> Closure | None:
        if not _is_file(self._bench, mapping, paths=self._paths):
            return None
        draw, files = _drawer(self._bench, {key: str(each) for key, each in mapping.items()})
        self.files += files
        return lambda _scope: draw(self.actor).content


def _is_file(bench: Bench, value: object, *, paths: bool) -> bool:
    """Whether a mapping is ``{from: A_FILE_SET}``; with ``paths``, ``{path}`` and ``type`` too."""
    if not isinstance(value, dict):
        return False
    keys = value.keys() - {"type"} if paths else value.keys()
    if keys == {"from"}:
        return isinstance(value["from"], str) and bench.files.choice(value["from"]) is not None
    return paths and keys == {"path"}


def _drawer(bench: Bench, mark: Mapping[str, str]) -> tuple[DrawFile, list[File]]:
    if "from" not in mark:
        single = bench.files.single(mark["path"], mark.get("type"))
        return lambda _me: single, [single]
    choice = bench.files.choice(mark["from"], mark.get("type"))
    if choice is None:
        msg = f"there are no files called {mark['from']}"
        raise ExpressionError(msg)

    def draw(me: Actor) -> File:
        file = choice.draw(me.rng)
        me.file_class = file.file_class
        return file

    return draw, choice.files


def _classes(files: list[File]) -> frozenset[str]:
    return frozenset(each.file_class for each in files if each.file_class is not None)


def _multipart(bench: Bench, parts: Mapping[str, object]) -> CompiledBody:
    rng = random.Random(f"{bench.plan.seed}/{sorted(parts)}")  # noqa: S311  (only has to be unlikely)
    boundary = f"{rng.getrandbits(128):032x}"
    made = [_part(bench, name, value, boundary) for name, value in parts.items()]
    end = f"--{boundary}--\r\n".encode()
    classes = frozenset[str]().union(*(files for _, files in made))
    makers = [make for make, _ in made]

    def make(me: Actor) -> bytes:
        return b"".join([*[part(me) for part in makers], end])

    return CompiledBody(None, make, f"multipart/form-data; boundary={boundary}", classes)


def _part(bench: Bench, name: str, value: object, boundary: str) -> tuple[Make, frozenset[str]]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
    if isinstance(value, dict) and _is_file(bench, value, paths=True):
        draw, files = _drawer(bench, value)
        heads = {each: _file_head(head, each) for each in files}

        def file_part(me: Actor) -> bytes:
            file = draw(me)
            return b"%b%b\r\n" % (heads[file], file.content)

        return file_part, _classes(files)
    render = bench.value(value).render
    start = f"{head}\r\n\r\n".encode()
    return lambda me: b"%b%b\r\n" % (start, to_text(render(me.scope)).encode()), frozenset()


def _file_head(head: str, file: File) -> bytes:
    disposition = f'{head}; filename="{_quoted(file.name)}"'
    return f"{disposition}\r\nContent-Type: {file.type}\r\n\r\n".encode()


def _quoted(name: str) -> str:
    """As browsers do it (the HTML standard's multipart encoding)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _to_form(value: object) -> bytes:
    if not isinstance(value, dict):
        msg = f"a form is a mapping, not {describe(value)}"
        raise ExpressionError(msg)
    return query_text(value).encode()


def _encoder(encode: Callable[[object], bytes | None], name: str) -> Callable[[object], bytes]:
    def to_bytes_of(value: object) -> bytes:
        try:
            return encode(value) or b""
        except (TypeError, ValueError, OverflowError, RecursionError, cbor2.CBORError) as error:
            msg = f"the body cannot be written as {name}: {error}"
            raise ExpressionError(msg) from None

    return to_bytes_of


_to_json = _encoder(msgspec.json.Encoder().encode, "JSON")
_to_cbor = _encoder(cbor2.dumps, "CBOR")
_to_msgpack = _encoder(msgpack.packb, "MessagePack")


def _pairs(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (name, to_text(each))
        for name, value in fields.items()
        if value is not None
        for each in (value if isinstance(value, list | tuple) else [value])
    ]
