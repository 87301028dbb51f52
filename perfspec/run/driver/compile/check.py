"""Whether an answer is what was expected: statuses, JSON paths, headers, the body's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from perfspec.expr import parse_path
from perfspec.expr.operators import equal
from perfspec.expr.values import describe, kind
from perfspec.run.driver.transports.documents import NO_JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perfspec.expr import Scope
    from perfspec.plan.request import Expect, JsonCheck, TextCheck
    from perfspec.run.driver.compile.bench import Bench, Text
    from perfspec.run.driver.transports.documents import Document
    from perfspec.run.driver.transports.exchange import Response

Condition: TypeAlias = "Callable[[Scope, Sequence[object]], str | None]"
Check: TypeAlias = "Callable[[Scope, Response, Document], str | None]"  # None: it holds

HIGHEST_STATUS = 999
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


class Checks(NamedTuple):
    """``statuses`` are accepted ones, ``wanted`` says them; ``checks`` are asked in their order.

    ``reads_body`` tells whether a check looks beyond status and headers, ``reads_json`` whether it
    needs the decoded body.
    """

    statuses: frozenset[int]
    wanted: str
    checks: tuple[tuple[str, Check], ...]
    reads_body: bool
    reads_json: bool

    def first_failure(self, scope: Scope, response: Response, document: Document) -> str | None:
        """What the first check that does not hold says. Raises ExpressionError."""
        for _, check in self.checks:
            message = check(scope, response, document)
            if message is not None:
                return message
        return None


def compile_expect(bench: Bench, expect: Expect) -> Checks:
    """All conditions of an ``expect``; raises ExpressionError for a malformed one."""
    checks = [(f"json {each.path}", _json_check(bench, each)) for each in expect.json]
    for text in expect.texts:
        subject = "the body" if text.name is None else f"header {text.name}"
        checks += [(subject, each) for each in _text_checks(bench, text, subject)]
    return Checks(
        statuses=status_set(expect.status),
        wanted=" or ".join(_range(*each) for each in expect.status),
        checks=tuple(checks),
        reads_body=bool(expect.json) or any(each.name is None for each in expect.texts),
        reads_json=bool(expect.json),
    )


def status_set(ranges: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Every status in the ranges, both ends included."""
    return frozenset(
        status for low, high in ranges for status in range(low, min(high, HIGHEST_STATUS) + 1)
    )


def body_text(response: Response, most: int | None = None) -> str:
    """The body as text in the charset that it states, UTF-8 without; what is none is replaced.

    With ``most`` it is cut after so many bytes.
    """
    charset = _CHARSET.search(response.headers.get("content-type") or "")
    body = response.body[:most]
    try:
        return body.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _range(low: int, high: int) -> str:
    if low == high:
        return str(low)
    return f"{low // 100}xx" if low % 100 == 0 and high == low + 99 else f"{low} to {high}"


def _json_check(bench: Bench, check: JsonCheck) -> Check:
    find = parse_path(check.path).compile()
    conditions = list(_conditions(bench, check))
    path, absent = check.path, check.exists is False

    def holds(scope: Scope, _response: Response, document: Document) -> str | None:
        if document is NO_JSON:
            return f"{path}: the body is no JSON"
        hits = find(document)
        if absent:
            return f"{path}: expected nothing, found {describe(hits[0])}" if hits else None
        if not hits:
            return f"{path}: nothing found"
        for condition in conditions:
            wanted = condition(scope, hits)
            if wanted is not None:
                return f"{path}: expected {wanted}, found {describe(hits[0])}"
        return None

    return holds


def _conditions(bench: Bench, check: JsonCheck) -> Iterable[Condition]:
    """Each returns what was wanted unless one of the hits meets it."""
    if check.equals is not None:
        yield _one_of(bench, check.equals)
    if check.one_of is not None:
        yield _one_of(bench, check.one_of)
    if check.matches is not None:
        pattern = re.compile(check.matches)
        yield _any_hit(
            f"text like {check.matches}",
            lambda hit: isinstance(hit, str) and pattern.search(hit) is not None,
        )
    if check.min is not None:
        low = check.min
        yield _any_hit(f"at least {low:g}", lambda hit: kind(hit) == "number" and hit >= low)
    if check.max is not None:
        high = check.max
        yield _any_hit(f"at most {high:g}", lambda hit: kind(hit) == "number" and hit <= high)


def _any_hit(wanted: str, meets: Callable[..., bool]) -> Condition:
    return lambda _scope, hits: None if any(meets(hit) for hit in hits) else wanted


def _one_of(bench: Bench, values: Sequence[object]) -> Condition:
    renders = [bench.value(each).render for each in values]

    def condition(scope: Scope, hits: Sequence[object]) -> str | None:
        wanted = [render(scope) for render in renders]
        if any(equal(hit, each) for hit in hits for each in wanted):
            return None
        return " or ".join(describe(each) for each in wanted)

    return condition


def _text_checks(bench: Bench, check: TextCheck, subject: str) -> Iterable[Check]:
    name = check.name
    if check.exists is not None:
        yield _presence(name or "", wanted=check.exists)
    if check.equals is not None:
        yield _text_check(bench.text(check.equals), name, subject, "to be", str.__eq__)
    if check.contains is not None:
        yield _text_check(bench.text(check.contains), name, subject, "to contain", str.__contains__)
    if check.matches is not None:
        yield _text_check(bench.text(check.matches), name, subject, "to match", _matches)


def _presence(name: str, *, wanted: bool) -> Check:
    def holds(_scope: Scope, response: Response, _document: Document) -> str | None:
        if (response.headers.get(name) is not None) is wanted:
            return None
        return f"header {name} is missing" if wanted else f"header {name} is there"

    return holds


def _text_check(
    wanted: Text, name: str | None, subject: str, verb: str, holds: Callable[[str, str], bool]
) -> Check:
    def check(scope: Scope, response: Response, _document: Document) -> str | None:
        found = body_text(response) if name is None else response.headers.get(name)
        if found is None:
            return f"{subject} is missing"
        value = wanted.render(scope)
        return None if holds(found, value) else f"expected {subject} {verb} {describe(value)}"

    return check


def _matches(found: str, pattern: str) -> bool:
    return re.search(pattern, found) is not None
