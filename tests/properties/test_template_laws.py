"""Templates are their pieces put together, whatever the values hold."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from perfspec.expr import (
    ExpressionError,
    Template,
    Tools,
    fill_variables,
    parse_template,
    parse_value,
)

TOOLS = Tools(Random(0), lambda: datetime(2026, 11, 21, 6, 37, tzinfo=UTC))
ALPHABET = st.sampled_from(
    ["{", "}", "$", "{{", "}}", "${", "a", '"', "'", "\\", "|", " ", "A", ":-"]
)
hostile = st.lists(ALPHABET, max_size=6).map("".join) | st.text(max_size=10)
VARIABLES = ["A", "B", "C"]

pieces = st.lists(
    st.one_of(
        st.tuples(st.just("text"), hostile),
        st.tuples(st.just("variable"), st.sampled_from(VARIABLES)),
        st.tuples(st.just("hole"), st.sampled_from(["x", "y"])),
        st.tuples(st.just("quoted"), st.sampled_from(VARIABLES)),
        st.tuples(st.just("bare"), st.sampled_from(VARIABLES)),
    ),
    max_size=6,
)
values = st.fixed_dictionaries(dict.fromkeys(VARIABLES, hostile))
scopes = st.fixed_dictionaries({"x": hostile, "y": hostile})


def literal(text: str) -> str:
    """``text`` as a hole that cannot be read as anything else."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\u0024")
    return f'{{{{ "{quoted}" }}}}'


def source(parts: list[tuple[str, str]]) -> str:
    forms = {
        "text": literal,
        "variable": "${{{}}}".format,
        "hole": "{{{{ {} }}}}".format,
        "quoted": "{{{{ '<${{{}}}>' }}}}".format,
        "bare": "{{{{ ${{{}}} }}}}".format,
    }
    return "".join(forms[form](text) for form, text in parts)


def expected(parts: list[tuple[str, str]], variables: dict[str, str], scope: dict[str, str]) -> str:
    meanings = {"text": "{0}", "variable": "{1}", "hole": "{2}", "quoted": "<{1}>", "bare": "{1}"}
    return "".join(
        meanings[form].format(text, variables.get(text), scope.get(text)) for form, text in parts
    )


def attempt(text: str) -> Template | ExpressionError:
    try:
        return parse_template(text)
    except ExpressionError as error:
        return error


@given(pieces, values, scopes)
def test_rendering_is_joining(
    parts: list[tuple[str, str]], variables: dict[str, str], scope: dict[str, str]
) -> None:
    template = parse_template(source(parts))
    assert template.names == {text for form, text in parts if form == "hole"}
    assert template.variables == {t for form, t in parts if form in {"variable", "quoted", "bare"}}
    assert template.compile_text(TOOLS, variables)(scope) == expected(parts, variables, scope)


@given(pieces, hostile, values, scopes, st.sets(st.sampled_from(VARIABLES)))
def test_filling_some_variables_first_changes_nothing(
    parts: list[tuple[str, str]],
    loose: str,
    variables: dict[str, str],
    scope: dict[str, str],
    first: set[str],
) -> None:
    text = source(parts[:3]) + loose + source(parts[3:])
    template = attempt(text)
    if isinstance(template, ExpressionError):
        return
    filled = fill_variables(text, {name: variables[name] for name in first})
    again = parse_template(filled)
    assert again.variables == template.variables - first
    rest = {name: variables[name] for name in variables.keys() - first}
    try:
        before = template.compile_text(TOOLS, variables)(scope)
    except ExpressionError:
        return
    assert again.compile_text(TOOLS, rest)(scope) == before


@given(hostile)
def test_texts_are_refused_with_a_place_or_rendered(text: str) -> None:
    template = attempt(text)
    if isinstance(template, ExpressionError):
        assert template.offset is not None
        assert 0 <= template.offset <= len(text)
        return
    if template.constant is not None:
        assert template.constant.replace("${", "$${") == text
    assert template.dynamic == ("{{" in text.replace("$${", "-"))


leaves = st.none() | st.booleans() | st.integers() | st.sampled_from(
    ["plain", "{{ x }}", "a {{ y }} b", "{{ list }}", "${A}", "{{ missing }}"]
)  # fmt: skip
bodies = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["k", "l", "m {{ x }}", "${B}"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def by_hand(value: object, scope: dict[str, object]) -> object:
    variables = {"A": "alpha", "B": "beta"}
    match value:
        case str():
            return parse_template(value).compile(TOOLS, variables)(scope)
        case list():
            return [by_hand(each, scope) for each in value]
        case dict():
            return {by_hand(key, scope): by_hand(each, scope) for key, each in value.items()}
        case _:
            return value


@given(bodies)
def test_a_body_is_its_leaves_rendered(body: object) -> None:
    scope: dict[str, object] = {"x": 7, "y": None, "list": [1, {"a": 2}]}
    parsed = parse_value(body)
    build = parsed.compile(TOOLS, {"A": "alpha", "B": "beta"})
    assert build(scope) == by_hand(body, scope)
    assert build(scope) == build(scope)
    if not parsed.dynamic:
        assert build(scope) is build({})
        assert parsed.variables or parsed.constant == body
