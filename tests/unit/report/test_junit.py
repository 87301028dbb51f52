from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.judge.verdict import judge_run
from perfspec.report.junit import junit_xml
from tests.results import (
    HOSTILE,
    bookshop_run,
    limit,
    make_plan,
    make_run,
    make_test,
    measure,
    skipped,
)

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan

# What junit-10.xsd of Jenkins' xUnit plugin allows, in our own words: attributes (those with * are
# required), children, and whether there may be text. Names that we do not write are left out.
SCHEMA: dict[str, tuple[str, str, bool]] = {
    "testsuites": ("name time tests failures errors", "testsuite", False),
    "testsuite": (
        "name* tests* failures* errors* group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
        False,
    ),
    "properties": ("", "property", False),
    "property": ("name* value*", "", False),
    "testcase": (
        "name* time classname group",
        "skipped error failure system-out system-err",
        False,
    ),
    "skipped": ("type message", "", True),
    "error": ("type message", "", True),
    "failure": ("type message", "", True),
    "system-out": ("", "", True),
    "system-err": ("", "", True),
}
SUREFIRE_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def mistakes(document: str) -> list[str]:
    """Where a document does not keep to the schema above."""
    found = []
    for element in ET.fromstring(document).iter():
        attributes, children, text = SCHEMA[element.tag]
        allowed = {each.rstrip("*") for each in attributes.split()}
        required = {each.rstrip("*") for each in attributes.split() if each.endswith("*")}
        found += [f"{element.tag}@{each}" for each in element.attrib.keys() - allowed]
        found += [f"{element.tag} without {each}" for each in required - element.attrib.keys()]
        found += [
            f"{element.tag}/{each.tag}" for each in element if each.tag not in children.split()
        ]
        if not text and (element.text or "").strip():
            found.append(f"text in {element.tag}")
        if element.tag.startswith("testsuite") and not SUREFIRE_TIME.fullmatch(
            element.get("time", "")
        ):
            found.append(f"time {element.get('time')}")
    return found


def cases(document: str) -> dict[str, ET.Element]:
    return {str(each.get("name")): each for each in ET.fromstring(document).iter("testcase")}


def test_one_suite_for_each_test_one_case_for_each_limit(snapshot: SnapshotAssertion) -> None:
    plan, run = bookshop_run()
    assert junit_xml(plan, run, judge_run(plan, run)) == snapshot


def test_strict_keeps_to_the_schema() -> None:
    plan, run = bookshop_run()
    verdict = judge_run(plan, run)
    assert mistakes(junit_xml(plan, run, verdict, strict=True)) == []
    assert set(mistakes(junit_xml(plan, run, verdict))) == {"testcase@file", "testcase@line"}


def test_a_limit_is_found_in_the_spec() -> None:
    plan, run = bookshop_run()
    case = cases(junit_xml(plan, run, judge_run(plan, run)))["login.p95"]
    assert (case.get("file"), case.get("line")) == ("perfspec.yaml", "44")
    assert case.get("classname") == "bookshop.load"


def test_requirements_are_properties() -> None:
    plan, run = bookshop_run()
    root = ET.fromstring(junit_xml(plan, run, judge_run(plan, run)))
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert properties["requirement.list_books.p95"] == "11.2"


def test_a_skipped_test_says_why_at_each_limit() -> None:
    plan, run = bookshop_run()
    root = ET.fromstring(junit_xml(plan, run, judge_run(plan, run)))
    [case] = root.findall("testsuite[@name='soak']/testcase")
    assert [each.get("message") for each in case] == ["load failed, and on_fail is stop"]


@given(st.text(max_size=60))
def test_any_text_gives_a_document(text: str) -> None:
    test = make_test(limit("p95", 0.3, requirement=text), say=text, advice=(text,))
    plan = make_plan(test, name="a" + text)
    run = make_run(plan, measure(test, {}, status="broken", reason=text), problem=text + HOSTILE)
    document = junit_xml(plan, run, judge_run(plan, run), strict=True)
    assert mistakes(document) == []
    assert mistakes(document.encode().decode()) == []


OUTCOMES = {"pass": [0.1] * 200, "warn": [0.25] * 200, "fail": [0.5] * 200, "inconclusive": []}
STATES = st.sampled_from(
    [*OUTCOMES, "skipped", "broken", "aborted", "partial", "saturated", "limitless", "missing"]
)


def run_of(states: list[str], *, interrupted: bool, problem: str | None) -> tuple[Plan, RunResult]:
    tests, results = [], []
    for number, state in enumerate(states):
        limits = () if state == "limitless" else (limit("p95", 0.3, warn=0.2),)
        test = make_test(*limits, name=f"t{number}", hold_s=10)
        tests.append(test)
        fast = {"login": OUTCOMES.get(state, OUTCOMES["pass"])}
        match state:
            case "missing":
                continue
            case "skipped":
                result = skipped(test)
            case "saturated":
                result = measure(test, fast, health={"busy_s": 30})
            case "broken" | "aborted" | "partial":
                result = measure(test, fast, until_s=5, status=state)
            case _:
                result = measure(test, fast)
        results.append(result)
    plan = make_plan(*tests)
    return plan, make_run(plan, *results, interrupted=interrupted, problem=problem)


@settings(max_examples=200)
@given(
    st.lists(STATES, max_size=3),
    st.booleans(),
    st.sampled_from([None, None, "the service was never ready"]),
    st.sampled_from([None, "pass", "fail"]),
)
def test_there_is_a_failure_exactly_where_the_exit_code_is_not_zero(
    states: list[str], interrupted: bool, problem: str | None, mapped: str | None
) -> None:
    plan, run = run_of(states, interrupted=interrupted, problem=problem)
    verdict = judge_run(plan, run, inconclusive=mapped)  # type: ignore[arg-type]  # a str of sampled_from
    document = junit_xml(plan, run, verdict, strict=True)
    root = ET.fromstring(document)
    bad = [*root.iter("failure"), *root.iter("error")]
    assert bool(bad) is (verdict.exit_code != 0)
    assert mistakes(document) == []
    assert list(root.iter("testcase")) or not verdict.tests
    assert int(root.get("tests", "0")) == len(list(root.iter("testcase")))


@pytest.mark.parametrize("started", ["2026-11-21T03:35:36Z", "2026-11-21T03:35:36.123456+00:00"])
def test_timestamps_have_no_zone(started: str) -> None:
    plan, run = bookshop_run()
    for each in run.tests:
        each.started = started
    root = ET.fromstring(junit_xml(plan, run, judge_run(plan, run)))
    assert {each.get("timestamp") for each in root.iter("testsuite")} == {"2026-11-21T03:35:36"}
