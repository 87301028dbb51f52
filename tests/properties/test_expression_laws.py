"""Whatever is written, an expression is refused or stays within the spec's own data."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, ClassVar, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from perfspec.expr import ExpressionError, Tools, parse_expression
from perfspec.expr.filters import FILTERS, FUNCTIONS
from perfspec.expr.values import kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.expr.filters import Function

T = TypeVar("T")

NOW = datetime(2026, 11, 21, 6, 37, tzinfo=UTC)
TOOLS = Tools(Random(0), lambda: NOW)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
values = json_values | st.binary(max_size=40) | st.just(NOW)


class Spy:
    """Notes down every attribute that is read, and every way into it that Python knows."""

    touched: ClassVar[list[str]] = []

    def __getattribute__(self, name: str) -> object:
        Spy.touched.append(name)
        return object.__getattribute__(self, name)

    def __getitem__(self, key: object) -> None:
        Spy.touched.append(f"[{key}]")

    def __call__(self) -> None:
        Spy.touched.append("()")

    def __str__(self) -> str:
        Spy.touched.append("str")
        return "spy"

    def __add__(self, other: object) -> None:
        Spy.touched.append("+")

    def __len__(self) -> int:
        Spy.touched.append("len")
        return 1


SCOPE: dict[str, object] = {
    "a": {"b": [1, {"c": "x"}], "__class__": "key", "spy": Spy()},
    "x": Spy(),
    "n": 3,
    "t": "text",
    "items": [1, 2, 3],
    "nothing": None,
}
OPERATORS = ["+", "-", "*", "/", "//", "%", "==", "!=", "<", ">=", "in", "not in", "and", "||"]
FRAGMENTS = [
    *SCOPE, *FILTERS, *FUNCTIONS, *("__class__", "__dict__", "format", "mro", "real", "c", "b"),
    *("and", "or", "not", "in", "if", "else", "true", "false", "null", "is", "lambda", "import"),
    *("0", "1", "-7", "2.5", "1e308", "18446744073709551615", '"text"', "'%s'", '"aGk="', "${X}"),
    *("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "!", "&&", "||"),
    *("|", "|", "|", ".", ".", ",", ":", "(", "(", ")", ")", "[", "]", "{", "}", ";", "@", "#"),
    *("\\", "'", '"', "$"),
]  # fmt: skip
garbage = st.lists(st.sampled_from(FRAGMENTS), max_size=16).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda gap: gap.join(parts))
)


arguments = st.sampled_from(["", "n", "t", "x", "a, n", "2, 'HS256'", "t, 'HS256'"])
sentences = st.recursive(
    st.sampled_from([*SCOPE, "1", "-2.5", "'text'", "null", "true", "${X}", "uuid()", "now()"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["b", "spy", "__class__", "email"])).map(".".join),
        st.tuples(inner, inner).map("({0[0]})[{0[1]}]".format),
        st.tuples(inner, inner).map("[{0[0]}, {{k: {0[1]}}}]".format),
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} else {0[2]})".format),
        st.tuples(st.sampled_from(["not ", "!", "-"]), inner).map("({0[0]}({0[1]}))".format),
        st.tuples(inner, st.sampled_from([*FILTERS]), arguments).map(
            "({0[0]} | {0[1]}({0[2]}))".format
        ),
    ),
    max_leaves=8,
)


def attempt(call: Callable[[], T]) -> T | ExpressionError:
    """What it gives; any other error fails the test."""
    try:
        return call()
    except ExpressionError as error:
        return error


@given(garbage | sentences | st.text(max_size=60))
def test_a_text_is_refused_or_reaches_no_attribute(text: str) -> None:
    expression = attempt(lambda: parse_expression(text))
    if isinstance(expression, ExpressionError):
        assert expression.offset is not None
        assert 0 <= expression.offset <= len(text)
        return
    run = expression.compile(TOOLS, {"X": "value"})
    Spy.touched.clear()
    result = attempt(lambda: run(SCOPE))
    assert Spy.touched == []
    if isinstance(result, ExpressionError):
        assert result.offset is not None
        assert 0 <= result.offset < len(text)


@given(st.sampled_from([*FILTERS.values(), *FUNCTIONS.values()]), st.data())
def test_filters_give_a_value_or_an_expression_error(
    function: Function, data: st.DataObject
) -> None:
    scope: dict[str, object] = {"value": data.draw(values)}
    names = []
    for index, parameter in enumerate(function.parameters):
        choices = st.sampled_from(parameter.choices) if parameter.choices else st.nothing()
        scope[f"a{index}"] = data.draw(values | choices)
        names.append(f"a{index}")
    needed = [n for n, p in zip(names, function.parameters, strict=True) if not p.optional]
    passed = ", ".join(data.draw(st.sampled_from([names, needed])))
    piped = "value | " if FILTERS.get(function.name) is function else ""
    run = parse_expression(f"{piped}{function.name}({passed})").compile(TOOLS)
    result = attempt(lambda: run(scope))
    if isinstance(result, ExpressionError):
        assert str(result).startswith(f"{function.name}: ")
    else:
        assert kind(result) != "other"


numbers = st.recursive(
    st.integers(min_value=0, max_value=99).map(str),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "/"]), inner).map(" ".join)
        | inner.map("({})".format)
        | inner.map("- {}".format)
        | st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} > 5 else {0[2]})".format)
    ),
    max_leaves=8,
)
comparisons = st.tuples(numbers, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), numbers).map(
    " ".join
) | st.tuples(numbers, numbers, numbers).map("{0[0]} < {0[1]} <= {0[2]}".format)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join)
        | inner.map("not {}".format)
        | inner.map("({})".format)
    ),
    max_leaves=5,
)


@given(numbers | conditions)
def test_precedence_and_arithmetic_are_those_of_python(text: str) -> None:
    try:
        expected = eval(text, {"__builtins__": {}})
    except (ZeroDivisionError, OverflowError):
        expected = None
    result = attempt(lambda: parse_expression(text).compile(TOOLS)({}))
    if isinstance(result, ExpressionError):  # also where a number in between leaves the bounds
        assert any(word in str(result) for word in ("division by zero", "beyond what", "nested"))
    else:
        assert (type(result), result) == (type(expected), expected)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${")
    return f'"{escaped}"'


@given(st.text(max_size=40))
def test_every_text_can_be_written(text: str) -> None:
    assert parse_expression(quoted(text)).compile(TOOLS)({}) == text


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4), json_values)
def test_a_path_of_keys_is_what_nested_lookups_find(keys: list[str], value: object) -> None:
    scope: object = value
    for key in reversed(keys[1:]):
        scope = {key: scope}
    text = "root" + "".join(f"[{quoted(key)}]" for key in keys[1:])
    expression = parse_expression(text)
    assert expression.paths == {("root", *keys[1:])}
    found = expression.compile(TOOLS)({"root": scope})
    assert found is value
