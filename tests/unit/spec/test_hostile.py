"""Input that is made to hurt is refused with little work."""

from __future__ import annotations

import time

import pytest

from perfspec.errors import InvalidSpecError
from perfspec.spec.document import load_document
from perfspec.spec.source import MAX_BYTES

HEAD = b"perfspec: 1\nname: x\nenvironments: { local: { url: http://x } }\n"
PARTS = HEAD + b"tests: { t: { users: 1, duration: 1m } }\n"
TRIES = 5
CASES = {
    "flow lists": b"a: " + b"[" * 9_900,
    "flow lists on lines": b"[\n" * 19_000,
    "mappings": b"{\n" * 19_000,
    "indented mappings": b"".join(b" " * i + b"a:\n" for i in range(600)),
    "dashes": b"- " * 4_900 + b"a",
    "questions": b"?\n" * 19_000,
    "aliases": b"a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    + b"".join(
        b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 12)
    ),
    "merges": b"a0: &a0 { x: 1, y: 2 }\n"
    + b"".join(
        b"a%d: &a%d { <<: [%s], k%d: 1 }\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10), i)
        for i in range(1, 12)
    ),
    "a mapping in itself": b"a: &a { b: *a }",
    "a merge of itself": b"&a { <<: *a }",
    "tag": b"!!python/object/apply:os.system [ls]",
    "long tag": b"!<" + b"a" * 9_900,
    "tags": b"!" * 9_900,
    "anchors": b"".join(b"k%d: &a%d v\n" % (i, i) for i in range(4_900)),
    "duplicate keys": b"a: b\n" * 19_900,
    "unknown keys": b"".join(b"k%d: v\n" % i for i in range(7_000)),
    "quoted keys": b"".join(b'"%d": 1\n' % i for i in range(7_000)),
    "a directive": b"%YAML 1.1\n---\na: 1",
    "documents": b"---\n" * 19_000,
    "NUL": b"a: \x00",
    "a line of 10 MB": b"a: " + b"x" * 10_000_000,
    "a file of 10 MB": b"a: b\n" * 2_000_000,
    "comments": b"# xxxxx\n" * 19_000,
    "blank lines": b"\n" * 19_000,
    "spaces": b" " * 9_900,
    "a quoted text of many lines": b'a: "' + b"x\n" * 19_000 + b'"',
    "a plain text of many lines": b"a: " + b"x\n " * 19_000,
    "a block of many lines": b"a: |\n" + b" x\n" * 19_000,
    "a folded block": b"a: >\n" + b" x\n\n" * 9_500,
    "commas": b"a: [" + b"," * 9_900,
    "colons": b"a: {" + b":" * 9_900,
    "an open quote": b'a: "' + b"x " * 4_900,
    "templates": b"\n".join(b"k%d: {{ x }}" % i for i in range(7_000)),
    "nested templates": b'a: "' + b"{{ " * 3_300 + b'"',
    "an escape without end": b'a: "\\U' + b"f" * 9_900 + b'"',
    "wrong values": b"endpoints:\n"
    + b"".join(b" e%d: { request: GET, timeout: 5, foo: 1 }\n" % i for i in range(1_800)),
    "steps": b"personas:\n p:\n  journey:\n" + b"   - x:\n     chance: 20%\n" * 3_500,
    "unknown names": PARTS
    + b"endpoints: { a: { request: GET / } }\npersonas:\n p:\n  weight: 1\n  journey:\n"
    + b"".join(b"   - z%d\n" % i for i in range(7_000)),
    "undefined names": PARTS
    + b"personas: { p: { weight: 1, journey: [e1] } }\nendpoints:\n"
    + b"".join(
        b' e%d: { request: GET /, capture: { c%d: $.x }, headers: { A: "{{ q%d }}" } }\n'
        % (i, i, i)
        for i in range(1_400)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_a_second(name: str) -> None:
    """Processor time, the least of some tries: what others do on a machine only adds to it."""
    assert any(refused_after_s(CASES[name]) < 1 for _ in range(TRIES))


def refused_after_s(content: bytes) -> float:
    begin = time.process_time()
    with pytest.raises(InvalidSpecError):
        load_document(content, "perfspec.yaml", None)
    return time.process_time() - begin


def test_the_size_is_looked_at_first() -> None:
    with pytest.raises(InvalidSpecError) as caught:
        load_document(b"\x00" * (MAX_BYTES + 1), "perfspec.yaml", None)
    assert [each.code for each in caught.value.diagnostics] == ["PS004"]
