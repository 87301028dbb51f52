from __future__ import annotations

import json

import pytest

from perfspec.redact import MASK, Redactor


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Basic dXNlcg==\nHost: x", "Authorization: ***\nHost: x"),
        ("> cookie: a=b; c=d", "> cookie: ***"),
        ("Proxy-Authorization=abc", "Proxy-Authorization=***"),
        ('{"authorization": "Bearer x", "y": 1}', '{"authorization": "***", "y": 1}'),
        ('{"set-cookie": ["a=1",\n "b=2"], "y": 1}', '{"set-cookie": ["***"], "y": 1}'),
        ("{'Cookie': 'a=\\'b'}", "{'Cookie': '***'}"),
        ("(b'Set-Cookie', b'a=b')", "(b'Set-Cookie', b'***')"),
        ('\\"Cookie\\": \\"a=b\\"', '\\"Cookie\\": ***'),
        ("sent Bearer abc.d-f== to x", "sent Bearer *** to x"),
        ("got eyJhbGciOi.eyJzdWIiOj.c2ln back", "got *** back"),
        ("postgres://user:pass@host/db", "postgres://user:***@host/db"),
    ],
)
def test_credentials_are_masked_without_knowing_them(text: str, masked: str) -> None:
    assert Redactor().text(text) == masked


def test_a_masked_json_line_is_still_json() -> None:
    line = json.dumps({"headers": {"Cookie": 'a="b"', "Accept": "*/*"}, "status": 200})
    assert json.loads(Redactor().text(line)) == {
        "headers": {"Cookie": MASK, "Accept": "*/*"},
        "status": 200,
    }


def test_overlapping_secrets_leave_no_remainder() -> None:
    assert Redactor(["abcd", "cdefgh"]).text("abcdefgh abcdcdefgh!") == "*** ***!"


def test_every_line_of_a_key_is_masked() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIB\nADANBg==\n-----END PRIVATE KEY-----\n"
    log = "\n".join(f"[api] {line}" for line in key.splitlines())
    masked = Redactor([key]).text(log)
    assert "MIIEvQIB" not in masked
    assert "ADANBg==" not in masked
    assert Redactor([key]).text(json.dumps({"key": key})) == '{"key": "***"}'


def test_values_below_four_characters_are_left() -> None:
    assert Redactor(["abc", ""]).text("abc") == "abc"


def test_many_secrets_are_masked_like_few() -> None:
    values = [f"{n:04d}-pass" for n in range(500)]
    text = " ".join([*values, "0001-0002-pass", "1234"])
    assert Redactor(values).text(text) == " ".join([MASK] * 500 + ["0001-***", "1234"])
