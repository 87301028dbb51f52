from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.expr import ExpressionError, Tools, parse_expression
from perfspec.expr.reader import MAX_DEPTH, MAX_LENGTH, MAX_NODES

if TYPE_CHECKING:
    from tests.unit.expr.conftest import Evaluate

SCOPE: dict[str, object] = {
    "user": {"email": "ann@example.com", "pass": "s3cret", "in": 1, "ids": [7, 9], "none": None},
    "items": [{"id": 1}, {"id": 2}],
    "n": 3,
    "name": "ann",
    "key": "email",
    "größe": 5,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n", 3),
        ("null", None),
        ("true", True),
        ("-2.5e3", -2500.0),
        (r'"a\"b\n\u00e9"', 'a"b\né'),
        ("'it is \"so\"'", 'it is "so"'),
        ("user.email", "ann@example.com"),
        ('user["email"]', "ann@example.com"),
        ("user[key]", "ann@example.com"),
        ("user.pass", "s3cret"),
        ("user.in", 1),
        ("user.ids[-1]", 9),
        ("items[1].id", 2),
        ("größe", 5),
        # what is not there is null, and so is everything in it
        ("missing", None),
        ("missing.a.b[3]", None),
        ("user.missing", None),
        ("user.none.deeper", None),
        ("items[2]", None),
        ("items[-3]", None),
        # arithmetic
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("7 / 2", 3.5),
        ("7 // 2", 3),
        ("7 % 4", 3),
        ("2 - -3", 5),
        ("-n", -3),
        ('"a" + name', "aann"),
        # comparisons
        ("1 < n <= 3", True),
        ("1 < n < 3", False),
        ("n == 3.0", True),
        ("1 == true", False),
        ('"3" == n', False),
        ("n != 4", True),
        ("missing == null", True),
        ("n in [1, 3]", True),
        ("true in [1]", False),
        ("n not in [1, 3]", False),
        ('"an" in name', True),
        ('"email" in user', True),
        ('"a" < "b"', True),
        # logic gives the deciding value
        ("missing or 5", 5),
        ("0 || null", None),
        ("n && name", "ann"),
        ('"" and boom', ""),
        ("not n", False),
        ("!n", False),
        ("!missing == true", True),
        ("not n == 4", True),
        ("n > 1 and not missing or false", True),
        ('"yes" if n > 1 else "no"', "yes"),
        ("1 if false else 2 if false else 3", 3),
        # filters bind tighter than everything but keys
        ("user.ids | len > 1", True),
        ("user.ids | len + 1", 3),
        ("not user.ids | len", False),
        ("!missing | len", True),
        ("-5 | abs", 5),
        ("(n + 1) | str", "4"),
        ("n + (name | len)", 6),
        ("(items | last).id", 2),
        ('"a,b" | split(",") | last | upper()', "B"),
        # lists and mappings
        ("[1, n, [name],]", [1, 3, ["ann"]]),
        ('{ id: n, "a-b": { c: null } }', {"id": 3, "a-b": {"c": None}}),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_value(evaluate: Evaluate, text: str, value: object) -> None:
    result = evaluate(text, SCOPE)
    assert (type(result), result) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("n +  name", 2, "the number 3 + the text 'ann' has no meaning"),
        ("n + missing", 2, "the number 3 + null has no meaning"),
        ("n + true", 2, "the number 3 + true has no meaning"),
        ('"x" * n', 4, "has no meaning"),
        ("[1] * n", 4, "a list of 1 * the number 3"),
        ('"%d" % n', 5, "has no meaning"),
        ("[1] + [2]", 4, "has no meaning"),
        ("n / 0", 2, "division by zero"),
        ("n // 0", 2, "division by zero"),
        ("n % 0", 2, "division by zero"),
        ("18446744073709551615 + 1", 21, "beyond what JSON can carry"),
        ("1e308 * 10", 6, "beyond what JSON can carry"),
        ("-name", 0, "- needs a number"),
        ("n < name", 2, "cannot be decided"),
        ("missing > 2", 8, "null > the number 2 cannot be decided"),
        ("1 < n < name", 6, "cannot be decided"),
        ("true < false", 5, "cannot be decided"),
        ("n in missing", 2, "the number 3 cannot be in null"),
        ("n in name", 2, "cannot be in the text 'ann'"),
        ("name.x", 4, "the text 'ann' has no key the text 'x'"),
        ("name[0]", 4, "has no key the number 0"),
        ("items.id", 5, "a list of 2 has no key the text 'id'"),
        ("items[true]", 5, "has no key true"),
        ("items[n / 2]", 5, "has no key the number 1.5"),
        ("user[items]", 4, "has no key a list of 2"),
    ],
)
def test_values_that_do_not_fit_say_where(
    evaluate: Evaluate, text: str, offset: int, message: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, SCOPE)
    assert message in str(caught.value)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("n + missing", "default(…)"),
        ("missing > 2", "default(…)"),
        ("n + name", "| int"),
        ("items.id", "items[0]"),
    ],
)
def test_values_that_do_not_fit_say_what_to_do(evaluate: Evaluate, text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, SCOPE)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("", 0, "expected a value, found the end", None),
        ("  ", 2, "expected a value, found the end", None),
        ("n n", 2, "expected an operator or the end, found 'n'", None),
        ("n +", 3, "expected a value, found the end", None),
        ("(n", 2, "expected ')', found the end", None),
        ("a = b", 2, "unexpected '='", "=="),
        ("a ? b : c", 2, "unexpected '?'", "if condition else"),
        ("a & b", 2, "unexpected '&'", "&&"),
        ("n is null", 2, "expected a comparison, found 'is'", "=="),
        ("2 ** 3", 2, "there is no power", None),
        ("2 ^ 3", 2, "unexpected '^'", "power"),
        ("None", 0, "there is no value 'None'", "write null"),
        ("x == True", 5, "there is no value 'True'", "write true"),
        ('"open', 0, "unexpected '\"'", "closing"),
        (r'"\d"', 1, r"\d is no escape", "backslash"),
        ('"\\ud800"', 1, "is no escape", None),
        ("items.0", 6, "expected a key, found '0'", "items[0]"),
        ("12abc", 0, "12abc is neither a number nor a name", None),
        ("99999999999999999999", 0, "beyond what JSON can carry", None),
        ("9" * 5000, 0, "beyond what JSON can carry", None),
        ("1e999", 0, "beyond what JSON can carry", None),
        ("x | b64decod", 4, "there is no filter 'b64decod'", "did you mean 'b64decode'?"),
        ("x | toUpper", 4, "there is no filter 'toUpper'", "upper"),
        ("x | now", 4, "there is no filter 'now'", "now() is a function"),
        ("uuuid()", 0, "there is no function 'uuuid'", "did you mean 'uuid'?"),
        ("len(x)", 0, "there is no function 'len'", "value | len"),
        ('user.get("a")', 8, "only functions can be called", "uuid"),
        ("x | pad", 4, "pad has 0 arguments, which does not fit pad(width, [fill])", None),
        ("x | len(3)", 4, "len has 1 arguments, which does not fit len()", None),
        ("random_int(1)", 0, "does not fit random_int(low, high)", None),
        ('x | jwt("k", "HS257")', 13, "algorithm is the text 'HS257'", "did you mean 'HS256'?"),
        ("a + b | str", 6, "a filter after arithmetic", "write (a + b) | filter"),
        ("-x | abs", 3, "a filter after arithmetic", None),
        ("x | last.id", 8, "a key cannot follow a filter", "(… | last)."),
        ("{ a: 1, a: 2 }", 8, "a key of a mapping", None),
        ("{ 1: 2 }", 2, "a key of a mapping", None),
        ("[1 2]", 3, "expected a comma or ], found '2'", None),
        ("${1}", 0, "${ begins a variable", "${NAME}"),
        (" {{ n > 1 }}", 1, "an expression stands here without braces", "leave out {{ and }}"),
        ("a # b", 2, "unexpected '#'", "comments"),
    ],
)
def test_malformed_text_says_where_and_what_to_do(
    text: str, offset: int, message: str, hint: str | None
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert message in str(caught.value)
    assert caught.value.offset == offset
    if hint is not None:
        assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        '"".__class__.__mro__',
        "9**9**9",
        '"x"*10**9',
        "[1]*9",
        "(lambda:1)()",
        '__import__("os")',
        "(" * 500 + "1" + ")" * 500,
        "user.__class__.x",
        'open("x")',
        'f"{user}"',
        "[x for x in y]",
        '"%999999999d" % 1',
        # and more of the same kind
        "user.__init__.__globals__.x",
        '"{0.__class__}".format(user)',
        '"x" | pad(1000000000)',
        "random_text(1000000000)",
        '"x" | replace("", "xxxx")',
        " | ".join(['"aaaaaaaaaaaaaaaaaaaa"', *['replace("a", "aaaaaaaaaaaaaaaaaaaa")'] * 20]),
        "not " * 500 + "1",
        "-" * 500 + "n",
        "!" * 500 + "n",
        "[" * 500 + "]" * 500,
        "1" + "+1" * MAX_NODES,
        '"' + "x" * MAX_LENGTH + '"',
        "exec(1)",
        "n := 5",
        "[1, 2][0:1]",
        "*items",
        "b'x'",
        "0x10",
        "1j",
        "user | __class__",
        "now().__class__",
        "yield",
        "a; b",
        "`id`",
    ],
)
def test_attacks_are_refused(evaluate: Evaluate, text: str) -> None:
    scope = {"user": {"email": "a"}, "items": [1], "n": 1}
    try:
        result = evaluate(text, scope)
    except ExpressionError:
        return
    assert result is None  # a key that is not there, never an attribute


def test_the_bounds_are_reachable(evaluate: Evaluate) -> None:
    depth = MAX_DEPTH - 1
    assert evaluate("(" * depth + "1" + ")" * depth) == 1
    terms = MAX_NODES // 2
    assert evaluate("+".join(["1"] * terms)) == terms
    assert evaluate('"' + "x" * (MAX_LENGTH - 2) + '"') == "x" * (MAX_LENGTH - 2)


def test_names_paths_and_places_are_known_without_running() -> None:
    text = 'user.email + user["a b"].c if items[n].id | len else f.g[0].h | join(sep.x)'
    expression = parse_expression(text)
    assert expression.names == {"user", "items", "n", "f", "sep"}
    assert expression.paths == {
        ("user", "email"), ("user", "a b", "c"), ("items",), ("n",), ("f", "g"), ("sep", "x"),
    }  # fmt: skip
    assert [text[each.at :].startswith(each.path[0]) for each in expression.references] == [
        True
    ] * 6
    assert [each.at for each in expression.references] == sorted(
        each.at for each in expression.references
    )


def test_words_functions_and_filters_are_no_names() -> None:
    expression = parse_expression("uuid() if not null or true and x in [1] else y | default(z)")
    assert expression.names == {"x", "y", "z"}


def test_a_variable_is_text_wherever_it_stands(evaluate: Evaluate) -> None:
    assert evaluate('"a-${X}-$${Y}"', X='"; boom') == 'a-"; boom-${Y}'
    assert evaluate("${X} | int + 1", X="41") == 42
    assert evaluate('"${X:-none}"') == "none"
    assert evaluate('"${X:-none}"', X="") == "none"
    assert evaluate('"${X}"', X="") == ""
    expression = parse_expression('x | hmac("${KEY}") == ${SIGNATURE:-}')
    assert expression.variables == {"KEY", "SIGNATURE"}
    assert expression.required == {"KEY"}
    assert expression.names == {"x"}


def test_a_missing_variable_is_found_when_compiling(tools: Tools) -> None:
    expression = parse_expression('n + "${TOKEN}"')
    with pytest.raises(ExpressionError, match="variable TOKEN is not set") as caught:
        expression.compile(tools, {})
    assert caught.value.offset == 5
    assert "${TOKEN:-default}" in (caught.value.hint or "")


def test_only_what_is_needed_is_evaluated(evaluate: Evaluate) -> None:
    assert evaluate("true or 1 / 0") is True
    assert evaluate("false and 1 / 0") is False
    assert evaluate("1 if true else 1 / 0") == 1
    assert evaluate("2 < 1 < 1 + null") is False


@pytest.mark.parametrize("text", ["null", "false", "0", "0.0", '""', "[]", "{}", "missing.x"])
def test_a_condition_is_false_for_what_is_empty(tools: Tools, text: str) -> None:
    assert parse_expression(text).compile_condition(tools)({}) is False
    assert parse_expression(f"[{text}]").compile_condition(tools)({}) is True


def test_user_objects_are_never_looked_into(evaluate: Evaluate) -> None:
    class Secret:
        email = "attribute"

        def __getitem__(self, key: object) -> str:
            return "item"

    with pytest.raises(ExpressionError, match=r"a Python object \(Secret\) has no key"):
        evaluate("user.email", {"user": Secret()})
    with pytest.raises(ExpressionError, match="no key"):
        evaluate("user[0]", {"user": Secret()})
