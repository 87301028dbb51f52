from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from perfspec.expr import ExpressionError, Tools, parse_expression
from perfspec.expr.filters import EXAMPLE_SCOPE, FILTERS, FUNCTIONS, Function

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from tests.unit.expr.conftest import Evaluate

TABLE = [*FILTERS.values(), *FUNCTIONS.values()]
# RFC 8032, section 7.1, test 2
SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def pem(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize("function", TABLE, ids=lambda each: each.signature)
def test_the_examples_of_the_table_are_true(function: Function, evaluate: Evaluate) -> None:
    result = evaluate(function.example, EXAMPLE_SCOPE)
    assert (type(result), result) == (type(function.gives), function.gives)
    assert function.name in function.example
    assert function.description.endswith(".")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null | random", None),
        ("[] | random", None),
        ("[] | first", None),
        ("null | last", None),
        ("null | len", 0),
        ('"größe" | len', 5),
        ("{ a: 1 } | len", 1),
        ("[] | max", None),
        ('["b", "a"] | min', "a"),
        ("[1, true, 1.0, [1], [1]] | unique", [1, True, 1.0, [1]]),
        ("[1, 2, 3] | slice(-2)", [2, 3]),
        ('"abc" | slice(1)', "bc"),
        ("[1, null, true, 2.5] | join", "1true2.5"),
        ('"a  b\n" | split', ["a", "b"]),
        ('"_-8" | b64decode | hex', "ffef"),
        ('"/+8=" | b64decode | hex', "ffef"),
        ('"aGVs\n bG8" | b64decode | str', "hello"),
        ('"_-8" | b64decode | b64encode("url")', "_-8"),
        ('"_-8" | b64decode | b64encode', "/+8="),
        ("false | default(1)", False),
        ("null | default(1)", 1),
        ("-7 | pad(4)", "-007"),
        ('"a" | pad(3, " ")', "  a"),
        ("1234 | pad(3)", "1234"),
        ('" +12 " | int', 12),
        ("2.9 | int", 2),
        ("true | int", 1),
        ("now() | int", 1795243020),
        ("now() | float", 1795243020.0),
        ('".5e1" | float', 5.0),
        ("3 | float", 3.0),
        ("2.5 | round", 2),
        ("-2.55 | abs", 2.55),
        ("null | str", ""),
        ("[1, null] | str", "[1,null]"),
        ("[] | json", "[]"),
        ("now() | json", '"2026-11-21T06:37:00Z"'),
        ('"{\\"a\\": 1}" | bytes | from_json', {"a": 1}),
        ('0 | date("%H:%M")', "00:00"),
        ("[7] | url_encode", "%5B7%5D"),
        ('token | jwt_claim("none")', None),
    ],
)  # fmt: skip
def test_value(evaluate: Evaluate, text: str, value: object) -> None:
    result = evaluate(text, EXAMPLE_SCOPE)
    assert (type(result), result) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5 | random", "random: needs a list, not the number 5"),
        ("5 | len", "len: needs a list, a mapping, text or bytes"),
        ('[1, "a"] | sort', "sort: the elements are number and text"),
        ("[null] | max", "max: the elements are null"),
        ("null | sort", "sort: needs a list, not null"),
        ("5 | upper", "upper: needs text, not the number 5"),
        ('"a" | replace("", "b")', "replace: the text to replace is empty"),
        ('"a" | split("")', "split: the separator is empty"),
        ('"a" | slice("b")', "slice: needs a whole number"),
        ("5 | slice(1)", "slice: needs a list, text or bytes"),
        ("2.5 | pad(3)", "pad: needs a whole number or text"),
        ('1 | pad(3, "ab")', "pad: fills with one character"),
        ("1 | pad(100000)", "pad: needs a whole number from 0 to 1000"),
        ('"12.5" | int', "int: the text '12.5' is no whole number"),
        ('"1_0" | int', "int: the text '1_0' is no whole number"),
        ('"99999999999999999999" | int', "int: the number is beyond"),
        ("null | int", "int: null is no whole number"),
        ('"nan" | float', "float: the text 'nan' is no number"),
        ('"1e999" | float', "float: the number is beyond"),
        ('"a" | round', "round: needs a number"),
        ("1.5 | round(99)", "round: needs a whole number from 0 to 15"),
        ('"a" | date("%Y")', "date: needs a number"),
        ('1e200 | date("%Y")', "date: the number 1e+200 does not fit"),
        ('"x" | b64decode', "b64decode: the text 'x' is no base64"),
        ('"é" | b64decode', "b64decode: the text 'é' is no base64"),
        ('"abc" | unhex', "unhex: the text 'abc' is not hexadecimal"),
        ('"a" | b64encode(user.email)', "b64encode: alphabet is the text 'ann@example.com'"),
        ("5 | b64encode", "b64encode: needs text or bytes"),
        ("[256] | bytes", "bytes: a list of 1 holds more than"),
        ('["a"] | bytes', "bytes: a list of 1 holds more than"),
        ("project_ids | bytes | json", "json: bytes of length 3 cannot be written as JSON"),
        ('"ff" | unhex | str', "str: bytes of length 1 are no text"),
        ('"{" | from_json', "from_json: the text '{' is no JSON"),
        ("5 | sha256", "sha256: needs text or bytes"),
        ("5 | uuid", "uuid: needs text or bytes"),
        ("nonce | hmac(null)", "hmac: needs text or bytes, not null"),
        ('"a" | jwt_claim("exp")', "jwt_claim: a text of 1 characters is no JSON Web Token"),
        ("nonce | ed25519_sign(null)", "ed25519_sign: the key is null"),
        ('nonce | ed25519_sign("aGVsbG8=")', "ed25519_sign: the key, 8 long, has no form"),
        ('"a" | jwt("k", "HS256")', "jwt: needs a mapping"),
        ('{} | jwt("", "HS256")', "jwt: the key does not fit HS256"),
        ('{} | jwt("nope", "RS256")', "jwt: the key is no private key in PEM"),
        ("{} | jwt(user.private_key, user.email)", "jwt: algorithm is the text"),
        ("random_int(2, 1)", "random_int: the range from 2 to 1 is empty"),
        ('random_int("a", 1)', "random_int: needs a whole number"),
        ("random_text(-1)", "random_text: needs a whole number"),
    ],
)
def test_wrong_input_is_an_expression_error(evaluate: Evaluate, text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, EXAMPLE_SCOPE)
    assert str(caught.value).startswith(message)
    assert caught.value.offset is not None
    assert text[caught.value.offset :].startswith(message.partition(":")[0])


def test_runs_repeat_by_seed(tools: Tools) -> None:
    text = "[uuid(), random_int(1, 1000000), random_text(9), ids | random]"
    scope = {"ids": list(range(1000))}
    again = Tools(Random(0), tools.now)
    other = Tools(Random(1), tools.now)
    first, second, third = (
        [parse_expression(text).compile(each)(scope) for _ in range(3)]
        for each in (tools, again, other)
    )
    assert first == second
    assert first != third
    assert len({json.dumps(each) for each in first}) == 3


def test_random_reaches_every_element(tools: Tools) -> None:
    draw = parse_expression("ids | random").compile(tools)
    assert {draw({"ids": [1, 2, 3]}) for _ in range(200)} == {1, 2, 3}
    dice = parse_expression("random_int(1, 6)").compile(tools)
    assert {dice({}) for _ in range(500)} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("form", ["hex", "upper hex", "base64", "bytes", "pem", "one line", "ssh"])
def test_ed25519_takes_every_form_of_a_key(evaluate: Evaluate, form: str) -> None:
    seed = bytes.fromhex(SEED)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    forms: dict[str, str | bytes] = {
        "hex": SEED,
        "upper hex": f" {SEED.upper()}\n",
        "base64": "TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=",
        "bytes": seed,
        "pem": pem(key),
        "one line": pem(key).replace("\n", "\\n"),
        "ssh": pem(key, PrivateFormat.OpenSSH),
    }
    signature = evaluate('"72" | unhex | ed25519_sign(key) | hex', {"key": forms[form]})
    assert signature == SIGNATURE


def test_a_key_that_does_not_fit_is_never_quoted(
    evaluate: Evaluate, rsa_key: rsa.RSAPrivateKey
) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    locked = rsa_key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    ).decode()
    texts = {
        '"a" | ed25519_sign(key)': [pem(rsa_key), pem(other), locked, "c2VjcmV0", "s3cret key"],
        '{} | jwt(key, "RS256")': [pem(other), locked, "c2VjcmV0", "-----BEGIN secret-----"],
        '{} | jwt(key, "EdDSA")': [pem(other), locked, "c2VjcmV0"],
        '{} | jwt(key, "HS256")': [pem(rsa_key)],
    }
    for text, keys in texts.items():
        for key in keys:
            with pytest.raises(ExpressionError, match="the key") as caught:
                evaluate(text, {"key": key})
            body = key.splitlines()[-2] if "\n" in key else key
            assert body not in str(caught.value)


def test_json_web_tokens_are_accepted_by_their_audience(
    evaluate: Evaluate, rsa_key: rsa.RSAPrivateKey
) -> None:
    edwards = ed25519.Ed25519PrivateKey.generate()
    public = edwards.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    rsa_public = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = "s" * 32
    cases: list[tuple[str, str, str | bytes]] = [
        ("HS256", secret, secret),
        ("EdDSA", pem(edwards), public),
        ("RS256", pem(rsa_key), rsa_public),
    ]
    for algorithm, key, verify in cases:
        text = f'{{ sub: "ann", iat: now(), n: [1] }} | jwt(key, "{algorithm}")'
        token = evaluate(text, {"key": key})
        assert isinstance(token, str)
        options = jwt.types.Options(verify_iat=False)
        claims = jwt.decode(token, verify, algorithms=[algorithm], options=options)
        assert claims == {"sub": "ann", "iat": 1795243020, "n": [1]}
        assert evaluate('token | jwt_claim("sub")', {"token": token}) == "ann"


def test_a_short_secret_is_the_target_s_business(evaluate: Evaluate) -> None:
    token = evaluate('{ a: 1 } | jwt("k", "HS256")')  # a warning would be an error here
    assert isinstance(token, str)


def test_long_text_is_not_quoted_in_messages(evaluate: Evaluate) -> None:
    secret = "0123456789" * 5
    with pytest.raises(ExpressionError) as caught:
        evaluate("x | int", {"x": secret})
    assert "01234" not in str(caught.value)


def test_growth_is_bounded(evaluate: Evaluate) -> None:
    half = "x" * (9 * 2**20)
    for text in (
        "x + x",
        'x | replace("x", "yy")',
        "[x, x] | join",
        "x | hex",
        "x | b64encode | b64encode | b64encode",
        "x | url_encode",
    ):
        scope = {"x": half if "url" not in text else half.replace("x", "/")}
        with pytest.raises(ExpressionError, match="longer than 16 MiB"):
            evaluate(text, scope)
    with pytest.raises(ExpressionError, match="more than 1000000 parts"):
        evaluate('x | split("x")', {"x": half})


def test_times_of_users_may_lack_a_zone(evaluate: Evaluate) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  (that is the case)
    with pytest.raises(ExpressionError, match="cannot be compared"):
        evaluate("now() > then", {"then": naive})
    assert evaluate("now() > then", {"then": naive.replace(tzinfo=UTC)}) is True
