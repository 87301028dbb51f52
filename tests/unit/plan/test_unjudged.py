"""An objective that no test would ever judge is a mistake."""

from __future__ import annotations

import pytest

from perfspec.plan.compile.unjudged import check_objectives
from perfspec.spec.document import load_document
from tests.shop import SHOP

WHERE = "where: { tags: critical }"
LINE = next(n for n, line in enumerate(SHOP.splitlines(), 1) if WHERE in line)


def found(where: str) -> list[tuple[int, str]]:
    text = SHOP.replace(WHERE, f"where: {{ {where} }}")
    document = load_document(text.encode(), "perfspec.yaml", {"PASSWORD": "x"})
    return [(each.line, each.code) for each in check_objectives(document)]


@pytest.mark.parametrize(
    "where", ["tags: critical", "environments: staging, endpoints: login", "classes: large"]
)
def test_what_some_test_does_is_judged(where: str) -> None:
    assert found(where) == []


def test_an_endpoint_that_these_tests_never_call_is_an_error() -> None:
    text = SHOP.replace("every_step: true,", "every_step: true, without: { tags: [slow] },")
    text = text.replace(WHERE, "where: { tests: smoke, endpoints: upload }")
    document = load_document(text.encode(), "perfspec.yaml", {"PASSWORD": "x"})
    (mistake,) = check_objectives(document)
    assert (mistake.line, mistake.code) == (LINE, "PS207")
    assert not mistake.warning
