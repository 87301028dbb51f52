from __future__ import annotations

import pytest

from perfspec.expr import ExpressionError, Tools, fill_variables, parse_template

SCOPE: dict[str, object] = {
    "user": {"id": 7, "name": "ann"},
    "ids": [1, 2],
    "flag": True,
    "share": 0.5,
    "none": None,
    "raw": b"\xc3\xa9",
    "binary": b"\xff",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("/users/{{ user.id }}/{{ user.name }}?x={{ flag }}", "/users/7/ann?x=true"),
        ("{{user.id}}{{user.id}}", "77"),
        ("a{{ none }}b{{ missing }}c", "abc"),
        ("{{ ids }}!", "[1,2]!"),
        ("{{ user }}!", '{"id":7,"name":"ann"}!'),
        ("{{ share }}!", "0.5!"),
        ("{{ raw }}!", "é!"),
        ("at {{ now() }}", "at 2026-11-21T06:37:00Z"),
        ("{{ {a: {b: ids}} | json }}", '{"a":{"b":[1,2]}}'),
        ("{{ {a: {b: 1}}}}!", '{"a":{"b":1}}!'),
        ('{{ "}}" }}{{ "{{" }}!', "}}{{!"),
        ("a } b }} c { d", "a } b }} c { d"),
        ("{name} {% x %} $5 ${A} $$ $${A}", "{name} {% x %} $5 alpha $$ ${A}"),
        ("${A}/${B:-beta}/${C:-}", "alpha/beta/"),
        ('{{ user.name + "${A}" }}', "annalpha"),
        ("{{ ${A} | upper }} ", "ALPHA "),
        ("${HOSTILE}", "{{ user.name }} ${A}"),
        ('{{ "${QUOTE}" }}', '" + user.name + "'),
        # exactly one hole keeps its kind
        ("{{ user.id }}", 7),
        ("{{ ids }}", [1, 2]),
        ("{{ none }}", None),
        ("{{ binary }}", b"\xff"),
        (" {{ user.id }}", " 7"),
        ("", ""),
    ],
)
def test_value(tools: Tools, text: str, value: object) -> None:
    variables = {"A": "alpha", "HOSTILE": "{{ user.name }} ${A}", "QUOTE": '" + user.name + "'}
    template = parse_template(text)
    result = template.compile(tools, variables)(SCOPE)
    assert (type(result), result) == (type(value), value)


def test_text_is_wanted_of_a_single_hole_too(tools: Tools) -> None:
    render = parse_template("{{ x }}").compile_text(tools)
    values = [7, None, False, [1, None], {"a": 0.5}, b"ok", "text"]
    assert [render({"x": each}) for each in values] == [
        "7", "", "false", "[1,null]", '{"a":0.5}', "ok", "text",
    ]  # fmt: skip


def test_bytes_that_are_no_text_say_what_to_do(tools: Tools) -> None:
    render = parse_template("ab {{ binary }}").compile(tools)
    with pytest.raises(ExpressionError, match="bytes of length 1 are no text") as caught:
        render(SCOPE)
    assert caught.value.offset == 3
    assert "| b64encode" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "constant", "dynamic"),
    [
        ("/health", "/health", False),
        ("", "", False),
        ("$${A} }}", "${A} }}", False),
        ("${A}", None, False),
        ("{{ 1 }}", None, True),
        ("a{{ x }}", None, True),
    ],
)
def test_what_is_constant_says_so(
    tools: Tools, text: str, constant: str | None, *, dynamic: bool
) -> None:
    template = parse_template(text)
    assert template.constant == constant
    assert template.dynamic is dynamic
    if not dynamic:
        render = template.compile(tools, {"A": "x"})
        assert render({}) is render({"a": 1})


def test_names_and_variables_keep_their_places() -> None:
    text = "${HOST}/{{ user.id }}/{{ ids | random }}?k={{ '${KEY:-a}' + user.name }}"
    template = parse_template(text)
    assert template.names == {"user", "ids"}
    assert template.paths == {("user", "id"), ("user", "name"), ("ids",)}
    assert template.variables == {"HOST", "KEY"}
    assert template.required == {"HOST"}
    assert [text[each.at :][:4] for each in template.references] == ["user", "ids ", "user"]
    assert [text[each.at : each.end] for each in template.environment] == ["${HOST}", "${KEY:-a}"]


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("ab {{ user.id", 13, "expected }}, found the end", "never closed"),
        ("ab {{ user.id }", 14, "expected }}, found '}'", None),
        ("ab {{ }}", 6, "expected a value, found '}'", None),
        ("ab {{ a b }}", 8, "expected }}, found 'b'", None),
        ("ab {{ a | nope }}", 10, "there is no filter 'nope'", None),
        ("ab ${a-b}", 3, "${ begins a variable", "$${ is literal"),
        ("cost ${{ x }}", 5, "${ begins a variable", '{{ "$" }}'),
        ("ab {{ '${a-b}' }}", 7, "${ begins a variable", None),
        ("ab {{ 'a\\q' }}", 8, "is no escape", None),
    ],
)
def test_malformed_text_says_where(text: str, offset: int, message: str, hint: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_template(text)
    assert message in str(caught.value)
    assert caught.value.offset == offset
    assert (hint or "") in (caught.value.hint or "")


def test_errors_while_running_point_into_the_whole_text(tools: Tools) -> None:
    text = "/a/{{ user.id }}/{{ none + 1 }}"
    with pytest.raises(ExpressionError) as caught:
        parse_template(text).compile(tools)(SCOPE)
    assert text[caught.value.offset or 0] == "+"


def test_a_missing_variable_is_found_when_compiling(tools: Tools) -> None:
    with pytest.raises(ExpressionError, match="HOST is not set") as caught:
        parse_template("a/${HOST}").compile(tools)
    assert caught.value.offset == 2


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}/${B}", "1/${B}"),
        ("${A:-x}/${B:-y}", "1/${B:-y}"),
        ("${E:-x}|${E}", "x|"),
        ("no ${B} here", "no ${B} here"),
        ("${H}", '{{ "{{" }} x }} $${B}'),
        ("{{ '${Q}' + ${Q} }}", r"""{{ '\"\'\\\u0024' + "\"\'\\\u0024" }}"""),
        ("${D}{B} ${D}{{ x }} ${D}${B}", r'$${B} {{ "\u0024" }}{{ x }} {{ "\u0024" }}${B}'),
        ("$${A} ${A}", "$${A} 1"),
    ],
)
def test_filling_leaves_a_template(text: str, filled: str) -> None:
    known = {"A": "1", "E": "", "H": "{{ x }} ${B}", "Q": "\"'\\$", "D": "$"}
    assert fill_variables(text, known) == filled
