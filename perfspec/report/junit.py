"""JUnit XML: one suite for each test, one case for each limit.

The format knows no warning: a limit that only warns is `skipped` with its sentence, which every
reader shows and none counts as a failure. There is a failure or an error in the document if and
only if the exit code of the run is not 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never
from xml.etree import ElementTree as ET

from perfspec.judge.model import Outcome
from perfspec.report.answers import answer_lines
from perfspec.report.changes import (
    change_rows,
    comparison_lines,
    duet_text,
    evidence,
    sentence,
)
from perfspec.report.escape import one_line
from perfspec.report.tables import advice_lines, finding_rows, judged_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from junit_xml import TestCase, TestSuite

    from perfspec.judge.model import Change, Finding, TestVerdict, Verdict
    from perfspec.measure.model import RunResult, TestResult
    from perfspec.plan.limits import Objective
    from perfspec.plan.model import Plan

STATEMENT = 2000  # characters


def junit_xml(plan: Plan, result: RunResult, verdict: Verdict, *, strict: bool = False) -> str:
    """The whole document.

    ``strict`` leaves out what the schema of Jenkins' xUnit plugin (junit-10.xsd) does not know:
    the file and line of each limit, which GitHub's and GitLab's readers show.
    """
    from junit_xml import to_xml_report_string  # noqa: PLC0415  (only who writes a report pays)

    writer = _Writer(plan, result, verdict, strict=strict)
    suites = [writer.suite(each) for each in verdict.tests]
    if writer.run_itself is not None:
        suites.insert(0, writer.run_itself)
    root = ET.fromstring(  # noqa: S314  (our own text)
        to_xml_report_string(suites, prettyprint=False, encoding="utf-8")
    )
    _mend(root, {each.name: each.measured_s for each in result.tests})
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


class _Writer:
    def __init__(self, plan: Plan, result: RunResult, verdict: Verdict, *, strict: bool) -> None:
        self.plan = plan
        self.result = result
        self.verdict = verdict
        self.strict = strict
        self.results: dict[str, TestResult] = {each.name: each for each in result.tests}
        self.counts = verdict.exit_code != 0  # an undecided limit counts, unless it was mapped

    @property
    def run_itself(self) -> TestSuite | None:
        """What went wrong with the run and not with a test, or a run in which nothing ran."""
        nothing = all(each.outcome is Outcome.SKIPPED for each in self.verdict.tests)
        broke = self.result.interrupted or self.result.problem is not None
        if not broke and not nothing:
            return None
        case = self._case("run", "run")
        if broke or self.counts:
            case.add_error_info(message=one_line(self.verdict.summary, STATEMENT), error_type="run")
        else:
            case.add_skipped_info(message=one_line(self.verdict.summary, STATEMENT))
        return self._suite("run", [case], self.result.started, {}, ())

    def suite(self, test: TestVerdict) -> TestSuite:
        planned = self.plan.test(test.name)
        cases = [self._limit_case(test, each) for each in test.findings]
        compared = test.comparison.changes if test.comparison else ()
        cases += [self._budget_case(test, each) for each in compared]
        if test.outcome is Outcome.SKIPPED:
            cases = [self._skipped_case(test, each) for each in planned.objectives]
        whole = self._test_case(test)
        if whole is not None:
            cases.insert(0, whole)
        found = self.results.get(test.name)
        stated = [(each.id, each.requirement) for each in planned.objectives]
        stated += [(each.id, each.requirement) for each in planned.budgets]
        requirements = {f"requirement.{id_}": each for id_, each in stated if each}
        properties = {"verdict": test.outcome.value, "judged": judged_text(test)} | requirements
        duet = duet_text(test.comparison)
        if duet is not None:
            properties["compared"] = duet
        started = found.started if found else self.result.started
        about = comparison_lines(test.comparison) if test.comparison else ()
        said = (*test.reasons, *answer_lines(test), *advice_lines(test), *about)
        return self._suite(test.name, cases, started, properties, said)

    def _suite(
        self,
        name: str,
        cases: list[TestCase],
        started: str,
        properties: dict[str, str],
        said: Iterable[str],
    ) -> TestSuite:
        from junit_xml import TestSuite  # noqa: PLC0415  (as above)

        common = {
            "spec": self.plan.name,
            "environment": self.plan.environment.name,
            "run": self.verdict.run_id,
            "plan": self.plan.fingerprint,
            "perfspec": self.verdict.tool,
        }
        every = {key: one_line(value) for key, value in (common | properties).items()}
        lines = "\n".join(one_line(each, STATEMENT) for each in said)
        return TestSuite(
            name, cases, timestamp=started[:19], properties=every, stdout=lines or None
        )

    def _case(
        self,
        name: str,
        test: str,
        at: Objective | Finding | Change | TestVerdict | None = None,
        said: str | None = None,
    ) -> TestCase:
        from junit_xml import TestCase  # noqa: PLC0415  (as above)

        place = None if at is None or self.strict else at.place
        return TestCase(
            one_line(name),
            classname=f"{one_line(self.plan.name)}.{test}",
            stdout=said,
            file=one_line(place.file) if place else None,
            line=place.line if place else None,
        )

    def _limit_case(self, test: TestVerdict, finding: Finding) -> TestCase:
        text = _sentence(finding)
        passed = finding.outcome is Outcome.PASS
        case = self._case(finding.objective, test.name, finding, text if passed else None)
        match finding.outcome:
            case Outcome.PASS:
                pass
            case Outcome.FAIL:
                case.add_failure_info(message=text, output=_where(finding), failure_type="limit")
            case Outcome.INCONCLUSIVE | Outcome.ERROR if self.counts:
                kind = finding.outcome.value
                case.add_error_info(message=text, output=_where(finding), error_type=kind)
            case Outcome.WARN | Outcome.SKIPPED | Outcome.INCONCLUSIVE | Outcome.ERROR:
                case.add_skipped_info(message=text, output=_where(finding))
            case _:
                assert_never(finding.outcome)
        return case

    def _budget_case(self, test: TestVerdict, change: Change) -> TestCase:
        [row] = change_rows([change])
        about = f" ({evidence(row)})" if evidence(row) else ""
        text = one_line(f"{row.outcome}: {sentence(row)}: {row.reason}{about}", STATEMENT)
        passed = change.outcome is Outcome.PASS
        case = self._case(change.budget, test.name, change, text if passed else None)
        where = one_line(f"{change.origin} in {change.place}", STATEMENT)
        if change.outcome is Outcome.FAIL:
            case.add_failure_info(message=text, output=where, failure_type="budget")
        elif change.outcome is Outcome.INCONCLUSIVE and self.counts:
            case.add_error_info(message=text, output=where, error_type=change.outcome.value)
        elif not passed:
            case.add_skipped_info(message=text, output=where)
        return case

    def _skipped_case(self, test: TestVerdict, objective: Objective) -> TestCase:
        case = self._case(objective.id, test.name, objective)
        case.add_skipped_info(message=one_line(" ".join(test.reasons), STATEMENT))
        return case

    def _test_case(self, test: TestVerdict) -> TestCase | None:
        """The test itself, where its limits alone do not explain its outcome."""
        found = self.results.get(test.name)
        whole = found is not None and found.whole and test.invalid is None
        compared = test.comparison.changes if test.comparison else ()
        told = {each.outcome for each in test.findings} | {each.outcome for each in compared}
        told |= {Outcome.PASS}
        silent = test.outcome in {Outcome.PASS, Outcome.SKIPPED}
        if silent or (whole and test.outcome in told):
            return None
        case = self._case("test", test.name, test)
        text = one_line(" ".join(test.reasons) or test.outcome, STATEMENT)
        match test.outcome:
            case Outcome.FAIL:
                case.add_failure_info(message=text, failure_type="aborted")
            case Outcome.INCONCLUSIVE | Outcome.ERROR if self.counts:
                case.add_error_info(message=text, error_type=test.outcome.value)
            case _:
                case.add_skipped_info(message=text)
        return case


def _sentence(finding: Finding) -> str:
    [row] = finding_rows([finding])
    interval = f" ({row.interval}; {row.samples})" if row.interval else ""
    value = f"{row.subject}: {row.metric} is {row.value}{interval}, {row.limit}"
    return one_line(f"{row.outcome}: {value}: {row.reason}", STATEMENT)


def _where(finding: Finding) -> str:
    return one_line(f"{finding.origin} in {finding.place}", STATEMENT)


def _mend(root: ET.Element, measured: dict[str, float]) -> None:
    """Put right what junit-xml writes: `disabled`, and times that are sums of nothing."""
    for element in root.iter():
        element.attrib.pop("disabled", None)
    for suite in root.iter("testsuite"):
        suite.set("time", f"{measured.get(suite.get('name', ''), 0):.3f}")
    root.set("time", f"{sum(measured.values()):.3f}")
