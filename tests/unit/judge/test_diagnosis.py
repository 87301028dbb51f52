"""What is said of common failures: from when and where they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from perfspec.judge.diagnosis import diagnose
from perfspec.judge.verdict import judge_test
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import ErrorGroup, Key
from perfspec.plan.journey import Auth
from perfspec.plan.load import Stage
from perfspec.report.answers import answer_lines
from tests.results import limit, make_test, reader
from tests.series import timeline

if TYPE_CHECKING:
    from perfspec.judge.model import Diagnosis

STAGES = (Stage(users=5, hold_s=20), Stage(users=50, hold_s=20))
TEST = make_test(limit("error_rate", 0.01), stages=STAGES)
KEY = Key(kind="request", name="login", persona="reader")


def found(
    error: ErrorClass, first_s: float, *, every: int = 4, auth: Auth | None = None
) -> Diagnosis:
    """20 requests a second, of which ``every`` one fails from ``first_s`` on."""
    persona = msgspec.structs.replace(reader(), auth=auth)
    test = msgspec.structs.replace(TEST, personas=(persona,))

    def errors_at(middle: float) -> dict[ErrorClass, int]:
        return {error: 20 // every} if middle > first_s else {}

    result = timeline(test, lambda _: [0.1] * 20, errors_at)
    count = sum(n for each in result.series[0].windows for n in each.errors.values())
    result.errors = [
        ErrorGroup(
            key=KEY, error=error, message="as it was told", count=count,
            first_s=first_s, first_users=1,
        )
    ]  # fmt: skip
    (diagnosis,) = diagnose(test, result)
    return diagnosis


RENEWING = Auth(scheme="bearer", headers={"Authorization": "t"}, renew_with=("login",))
CASES = [
    (ErrorClass.PAYMENT, 10.0, "credits of its accounts are used up"),
    (ErrorClass.AUTH, 10.0, "accepted for about 10s, and no persona renews"),
    (ErrorClass.THROTTLED, 10.0, "let about 15 requests a second through"),
    (ErrorClass.CONNECT, 10.0, "a process of it died or was restarted"),
    (ErrorClass.CONNECT, 25.0, "no longer took connections under load"),
    (ErrorClass.RESET, 10.0, "not by load"),
    (ErrorClass.RESET, 25.0, "under load, from 50 users on"),
    (ErrorClass.DNS, 10.0, "Name servers stopped answering"),
    (ErrorClass.TLS, 10.0, "handshake was refused"),
    (ErrorClass.CLIENT, 10.0, "does not accept these requests"),
    (ErrorClass.SERVER, 10.0, "failed at times (5xx), and not by load"),
    (ErrorClass.SERVER, 25.0, "failed (5xx) from 50 users on"),
    (ErrorClass.TIMEOUT, 10.0, "stood still at times, and not by load"),
    (ErrorClass.TIMEOUT, 25.0, "no longer came in time from 50 users on"),
    (ErrorClass.CHECK, 10.0, "not what the spec expects at times, and not by load"),
    (ErrorClass.CHECK, 25.0, "no longer what the spec expects from 50 users on"),
]


@pytest.mark.parametrize(("error", "first_s", "cause"), CASES)
def test_when_it_began_tells_what_it_is(error: ErrorClass, first_s: float, cause: str) -> None:
    diagnosis = found(error, first_s)
    assert cause in diagnosis.cause
    assert diagnosis.advice
    assert diagnosis.error == error


NEVER = {
    ErrorClass.AUTH: "credentials were never accepted",
    ErrorClass.CONNECT: "Nothing listens at this address",
    ErrorClass.DNS: "name of the host is not known",
    ErrorClass.SERVER: "never worked (5xx), so it is not the load",
    ErrorClass.TIMEOUT: "No answer ever came in time",
    ErrorClass.CHECK: "never what the spec expects, so it is not the load",
}


@pytest.mark.parametrize("error", NEVER)
def test_what_never_worked_is_another_matter(error: ErrorClass) -> None:
    assert NEVER[error] in found(error, 0.0, every=1).cause


def test_a_renewal_that_comes_too_late_is_told_from_none() -> None:
    diagnosis = found(ErrorClass.AUTH, 10.0, auth=RENEWING)
    assert "before they were renewed" in diagnosis.cause
    assert "renew_before" in diagnosis.advice


def test_the_evidence_says_how_many_where_and_since_when() -> None:
    assert found(ErrorClass.RESET, 25.0).evidence == (
        "75 of the requests (9.38%), on login, the first after 25s at 50 users: as it was told"
    )


def test_a_group_says_its_errors_only_once_more() -> None:
    test = msgspec.structs.replace(TEST, personas=(reader(),))
    result = timeline(test, lambda _: [0.1] * 20, lambda _: {ErrorClass.TLS: 5})
    group = Key(kind="group", name="upload", persona="reader")
    result.errors = [
        ErrorGroup(key=key, error=ErrorClass.TLS, message="m", count=200, first_s=1, first_users=1)
        for key in (group, KEY)
    ]
    (diagnosis,) = diagnose(test, result)
    assert diagnosis.evidence.startswith("200 of the requests (25%), on login, the first")


def test_a_rate_limit_is_that_of_the_endpoints_that_met_it() -> None:
    test = msgspec.structs.replace(TEST, personas=(reader(),))
    result = timeline(test, lambda _: [0.1] * 20, lambda _: {ErrorClass.THROTTLED: 15})
    other = Key(kind="request", name="home", persona="reader")
    result.series.append(timeline(test, lambda _: [0.1] * 500).series[0])
    result.series[1].key = other
    result.errors = [
        ErrorGroup(
            key=KEY, error=ErrorClass.THROTTLED, message="m", count=600, first_s=0, first_users=1
        )
    ]
    (diagnosis,) = diagnose(test, result)
    assert "let about 5 requests a second through" in diagnosis.cause


def test_a_rare_error_is_nobodys_problem() -> None:
    result = timeline(
        TEST, lambda _: [0.1] * 20, lambda at: {ErrorClass.RESET: 1} if at < 5 else {}
    )
    result.errors = [
        ErrorGroup(key=KEY, error=ErrorClass.RESET, message="m", count=5, first_s=1, first_users=1)
    ]
    assert diagnose(TEST, result) == ()


def test_an_error_without_a_rule_has_no_diagnosis() -> None:
    result = timeline(TEST, lambda _: [0.1] * 20, lambda _: {ErrorClass.MESSAGE: 20})
    result.errors = [
        ErrorGroup(
            key=KEY, error=ErrorClass.MESSAGE, message="m", count=800, first_s=0, first_users=1
        )
    ]
    assert diagnose(TEST, result) == ()
    verdict = judge_test(TEST, result)
    assert list(answer_lines(verdict)) == ["First errors: message on login after 0s at 5 users."]
