"""JSON paths with filters, slices or ``..``: python-jsonpath, imported for them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jsonpath import CompoundJSONPath, JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathError

from perfspec.expr.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

_HANGING: Final = ("match", "search")


class _Environment(JSONPathEnvironment):
    """RFC 9535 without the functions whose regular expressions can run for ever."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        for name in _HANGING:
            del self.function_extensions[name]


_ENVIRONMENT: Final = _Environment(strict=True)


def compile_path(text: str) -> JSONPath:
    """The library's path; raises ExpressionError."""
    try:
        path = _ENVIRONMENT.compile(text)
    except (JSONPathError, RecursionError) as error:
        raise _refusal(error) from None
    if isinstance(path, CompoundJSONPath):
        msg = "paths cannot be combined"
        raise ExpressionError(msg)
    return path


def search(text: str) -> Callable[[object], list[object]]:
    """A function from a decoded document to all values that ``text`` finds."""
    path = compile_path(text)

    def find(document: object) -> list[object]:
        if not isinstance(document, dict | list):  # the library would parse a text as JSON
            return []
        try:
            return path.findall(document)
        except (JSONPathError, RecursionError) as error:
            raise _refusal(error) from None

    return find


def _refusal(error: JSONPathError | RecursionError) -> ExpressionError:
    token = error.token if isinstance(error, JSONPathError) else None
    message = str(error.message) if isinstance(error, JSONPathError) else "nested too deep"
    if token is not None and token.value in _HANGING:
        message = f"{token.value}() is not offered: its regular expression can hang the generator"
        hint = "compare with ==, or take the values and check them with `matches`"
        return ExpressionError(message, offset=token.index, hint=hint)
    return ExpressionError(message, offset=token.index if token and token.index >= 0 else None)
