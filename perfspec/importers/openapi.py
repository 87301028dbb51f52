"""An OpenAPI document (2.0 to 3.1), as far as a first spec needs it: what can be asked safely."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from perfspec.errors import UsageError
from perfspec.spec.persona import STEP_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
_SAFE: Final = frozenset({"get", "head"})
_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
_PLAIN: Final = re.compile(r"/[^{}\x00-\x1f]*")
_DEEPEST: Final = 50  # of a reference to a reference
_LONGEST_NAME: Final = 60  # of 64 letters, so that a number fits behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``GET /books/{id}`` with a value for each parameter that it needs."""

    name: str
    method: str
    path: str
    path_values: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An operation that a first spec does not send, and why."""

    request: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What a document offers. ``base`` is what all paths begin with: empty, or such as ``/v1``."""

    title: str
    base: str
    operations: tuple[Operation, ...]
    left_out: tuple[LeftOut, ...]


def read_openapi(path: Path) -> Api:
    """Raises UsageError for a file that is no OpenAPI document."""
    document = _load(path)
    reader = _Reader(document)
    found = list(reader.operations())
    info = document.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    return Api(
        title=str(title or path.stem),
        base=_base(document),
        operations=tuple(each for each in found if isinstance(each, Operation)),
        left_out=tuple(each for each in found if isinstance(each, LeftOut)),
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise UsageError(msg) from None
    except (YAMLError, ValueError, RecursionError) as error:
        msg = f"{path} is no OpenAPI document: {str(error).splitlines()[0]}"
        raise UsageError(msg) from None
    if not isinstance(document, dict) or not {"openapi", "swagger"} & document.keys():
        msg = f"{path} is no OpenAPI document: it has neither `openapi` nor `swagger` on top"
        raise UsageError(msg)
    return document


def _base(document: dict[str, Any]) -> str:
    """Of the first server, which is the one that counts; ``basePath`` in 2.0."""
    servers = _listed(document.get("servers"))
    first = _mapping(servers[0]) if servers else {}
    try:
        path = urlsplit(str(first.get("url") or document.get("basePath") or "")).path.rstrip("/")
    except ValueError:
        return ""
    return path if re.fullmatch(r"(/[^\s{}/]+)+", path) else ""


class _Reader:
    """Follows references within one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._names: set[str] = set()

    def operations(self) -> Iterator[Operation | LeftOut]:
        for path, content in _mapping(self._document.get("paths")).items():
            item = self._resolve(content)
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    yield self._operation(str(path), method, item, item[method])

    def _operation(
        self, path: str, method: str, item: dict[str, Any], operation: dict[str, Any]
    ) -> Operation | LeftOut:
        request = f"{method.upper()} {path}"
        if method not in _SAFE:
            return LeftOut(request=request, reason="it changes something")
        if operation.get("security", self._document.get("security")):
            return LeftOut(request=request, reason="it needs credentials")
        if "${" in path or not _PLAIN.fullmatch(_PARAMETER.sub("", path)):
            return LeftOut(request=request, reason="its path cannot be requested as it is")
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
        for each in [*_listed(item.get("parameters")), *_listed(operation.get("parameters"))]:
            parameter = self._resolve(each)
            place, name = parameter.get("in"), str(parameter.get("name", ""))
            needed = place == "path" or parameter.get("required")
            value = self._example(parameter)
            if needed and value is None:
                return LeftOut(request=request, reason=f"{name} has no example")
            if place in values and name and value is not None:
                values[place][name] = value
            elif needed and place not in values:
                return LeftOut(request=request, reason=f"it needs {place} {name}")
        wanted = dict.fromkeys(_PARAMETER.findall(path))
        unknown = wanted.keys() - values["path"].keys()
        if unknown:
            return LeftOut(request=request, reason=f"{min(unknown)} is not described")
        taken: set[str] = set()
        ours = {each: _unique(_word(each, "value"), taken) for each in wanted}
        return Operation(
            name=self._name(operation.get("operationId"), method, path),
            method=method.upper(),
            path=_PARAMETER.sub(lambda found: f"{{{ours[found[1]]}}}", path),
            path_values={ours[each]: values["path"][each] for each in wanted},
            query=values["query"],
        )

    def _example(self, parameter: dict[str, Any]) -> Any:  # noqa: ANN401  (JSON)
        """The first value that the document itself gives."""
        schema = self._resolve(parameter.get("schema"))
        for holder in (parameter, schema):
            for key in ("example", "default"):
                if holder.get(key) is not None:
                    return _scalar(holder[key])
            for key in ("examples", "enum"):
                given = holder.get(key)
                for each in given.values() if isinstance(given, dict) else given or []:
                    value = each.get("value") if isinstance(each, dict) else each
                    if value is not None:
                        return _scalar(value)
        return None

    def _name(self, given: object, method: str, path: str) -> str:
        """A name of our language, used once."""
        name = _word(str(given or f"{method} {path}"), method)
        return _unique(f"{name}_request" if name in STEP_WORDS else name, self._names)

    def _resolve(self, value: object) -> dict[str, Any]:
        """A mapping, through references; an empty one for what leads nowhere."""
        for _ in range(_DEEPEST):
            mapping = _mapping(value)
            reference = mapping.get("$ref")
            if not isinstance(reference, str):
                return mapping
            value = self._document if reference.startswith("#/") else None
            for part in reference.removeprefix("#/").split("/"):
                key = part.replace("~1", "/").replace("~0", "~")
                value = value.get(key) if isinstance(value, dict) else None
        return {}


def _word(text: str, otherwise: str) -> str:
    """``list_books`` of ``listBooks``; ``otherwise`` begins what would begin with no letter."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    words = re.sub(r"[^A-Za-z0-9]+", "_", apart).strip("_").lower() or otherwise
    return (words if words[0].isalpha() else f"{otherwise}_{words}")[:_LONGEST_NAME]


def _unique(name: str, taken: set[str]) -> str:
    """With a number behind it if need be; it is ``taken`` then."""
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _scalar(value: Any) -> str | int | float | bool | None:  # noqa: ANN401  (JSON)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool)) else None
