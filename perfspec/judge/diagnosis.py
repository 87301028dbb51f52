"""What common failures most likely are, and what to try: from the result of a test alone.

Each rule looks at one class of errors, at when and at how many users it came, and at what the plan
says. It speaks only of what it has evidence for, and gives it; a class that is rarer than one
request in a hundred of its endpoints (and fewer than ten) is nobody's problem yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.judge.diagnoses.latencies import of_latencies
from perfspec.judge.diagnoses.monitors import of_monitors, strained
from perfspec.judge.model import Diagnosis
from perfspec.measure.errors import ErrorClass
from perfspec.units import counted, format_count, format_duration, format_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfspec.judge.model import Finding
    from perfspec.measure.model import ErrorGroup, TestResult
    from perfspec.plan.journey import Persona
    from perfspec.plan.model import Test

FEWEST, TELLING = 10, 0.01
SENT = frozenset({"request", "poll"})  # a group's failures are those of its requests
UNDER_LOAD = 2.0  # times the users of the first second


@dataclass(frozen=True, slots=True)
class Symptom:
    """All failures of one class in one test.

    ``share`` is that of all requests, ``of_endpoints`` that of those to the endpoints where it
    came, ``ok_before`` how many had succeeded when it began on the
    endpoints where it came, ``users`` how many there were then, and ``started`` at the beginning;
    ``strained`` are monitored series that were beyond their limits then.
    """

    error: ErrorClass
    count: int
    share: float
    of_endpoints: float
    endpoints: Sequence[str]
    message: str
    first_s: float
    users: int
    started: int
    ok_before: int
    passed_per_s: float
    personas: Sequence[Persona]
    strained: Sequence[str]

    @property
    def from_the_start(self) -> bool:
        return self.ok_before == 0

    @property
    def under_load(self) -> bool:
        return self.users >= UNDER_LOAD * max(1, self.started)

    @property
    def evidence(self) -> str:
        where = ", ".join(self.endpoints[:3]) + (" …" if len(self.endpoints) > 3 else "")
        return (
            f"{format_count(self.count)} of the requests ({format_share(round(self.share, 4))}),"
            f" on {where}, the first after {format_duration(round(self.first_s))} at"
            f" {self.level}: {self.message}"
        )

    @property
    def level(self) -> str:
        return counted(self.users, "user")

    @property
    def then(self) -> str:
        """What was strained when it began, as a sentence after another one."""
        return f" Then {' and '.join(self.strained)}." if self.strained else ""


def diagnose(
    test: Test, result: TestResult, findings: Sequence[Finding] = ()
) -> tuple[Diagnosis, ...]:
    """The likely causes of a test's errors, the commonest first, and of limits not kept."""
    errors = (
        Diagnosis(error=each.error, cause=cause, advice=advice, evidence=each.evidence)
        for each in _symptoms(test, result)
        for cause, advice in [_RULES[each.error](each)]
    )
    return (
        *errors,
        *of_monitors(test, result, findings),
        *of_latencies(result, findings),
    )


def _symptoms(test: Test, result: TestResult) -> Iterator[Symptom]:
    sent = [each for each in result.series if each.key.kind in SENT]
    total = sum(window.count for each in sent for window in each.windows)
    errors = [each for each in result.errors if each.key.kind in SENT and each.error in _RULES]
    classes = {each.error for each in errors}
    found = [
        _symptom(test, result, [each for each in errors if each.error == error], total)
        for error in sorted(classes)
    ]
    yield from sorted(
        (each for each in found if each.count >= FEWEST or each.of_endpoints >= TELLING),
        key=lambda each: -each.count,
    )


def _symptom(test: Test, result: TestResult, groups: Sequence[ErrorGroup], total: int) -> Symptom:
    first = min(groups, key=lambda each: each.first_s)
    commonest = max(groups, key=lambda each: each.count)
    count = sum(each.count for each in groups)
    endpoints = tuple(dict.fromkeys(each.key.name for each in groups))
    asked = before = passed = 0
    for series in result.series:
        if series.key.kind not in SENT or series.key.name not in endpoints:
            continue
        for window in series.windows:
            asked += window.count
            succeeded = window.count - sum(window.errors.values())
            passed += succeeded * (result.edges[window.index + 1] > first.first_s)
            before += succeeded * (result.edges[window.index] < first.first_s)
    seconds = max(1.0, result.measured_s - first.first_s)
    return Symptom(
        error=first.error,
        count=count,
        share=count / total if total else 1.0,
        of_endpoints=count / asked if asked else 1.0,
        endpoints=endpoints,
        message=commonest.message.encode(errors="replace").decode(),  # no lone surrogates
        first_s=first.first_s,
        users=_users(result, first.first_s) or first.first_users,
        started=_users(result, 0.0) or 0,
        ok_before=before,
        passed_per_s=passed / seconds,
        personas=test.personas,
        strained=strained(test, result, first.first_s),
    )


def _users(result: TestResult, at_s: float) -> int | None:
    for health in result.health:
        if result.edges[health.index] <= at_s < result.edges[health.index + 1]:
            return round(health.users)
    return None


def _payment(_: Symptom) -> tuple[str, str]:
    return (
        "The target asks for payment (402): the credits of its accounts are used up.",
        (
            "give the test accounts more credits, spread the load over more of them, or let the"
            " provider behind it be a stand-in"
        ),
    )


def _auth(symptom: Symptom) -> tuple[str, str]:
    if symptom.from_the_start:
        return (
            "The credentials were never accepted (401, 403).",
            "run `perfspec try` and look at what is sent; check variables, data rows and `auth`",
        )
    life = format_duration(round(symptom.first_s))
    renewing = [each.name for each in symptom.personas if each.auth and each.auth.renew_with]
    if renewing:
        return (
            f"Tokens ran out after about {life}, before they were renewed.",
            (
                "renew earlier with `renew_before`, or write `expires_in` where the token does not"
                " tell its age"
            ),
        )
    return (
        f"Tokens ran out: they were accepted for about {life}, and no persona renews its own.",
        "write `auth: { renew_with: [login] }`, or let tokens live longer than the test",
    )


def _throttled(symptom: Symptom) -> tuple[str, str]:
    rate = counted(round(symptom.passed_per_s, 1), "request")
    return (
        f"A rate limit (429) let about {rate} a second through.",
        (
            "lift the limit for the machine that sends the load, or use more accounts and"
            " addresses; if clients are to wait, write `retry: { status: 429 }`"
        ),
    )


def _connect(symptom: Symptom) -> tuple[str, str]:
    if symptom.from_the_start:
        return (
            "Nothing listens at this address, or a firewall is in between.",
            "check `url` and port, and that the target is up: `services` with `ready` wait for it",
        )
    if symptom.under_load:
        return (
            (
                "The target no longer took connections under load: its queue of new connections was"
                " full, or a process of it died."
            ),
            "look at its log at that second, and at its limits of connections, workers and files",
        )
    return (
        "The target went away: a process of it died or was restarted.",
        "look at its log at that second",
    )


def _reset(symptom: Symptom) -> tuple[str, str]:
    if symptom.under_load:
        return (
            (
                f"Connections were broken off under load, from {symptom.level} on: a proxy or a"
                " server without free workers does that."
            ),
            "look at limits of connections and workers of the target and of every proxy before it",
        )
    return (
        (
            "Connections were broken off, and not by load: a process that dies or restarts, or a"
            " keep-alive that is shorter than that of the proxy before it."
        ),
        "compare the keep-alive timeouts along the way, and look for restarts at that second",
    )


def _dns(symptom: Symptom) -> tuple[str, str]:
    if symptom.from_the_start:
        return (
            "The name of the host is not known here.",
            "check the host in `url` or in the captured URL, and the network's name servers",
        )
    return (
        "Name servers stopped answering: too many lookups, or a name that lives too short.",
        "let the machine that sends the load keep names (a local cache), or use an address",
    )


def _tls(_: Symptom) -> tuple[str, str]:
    return (
        "The certificate or the handshake was refused.",
        (
            "check that the certificate is valid for this host and signed by an authority that this"
            " machine knows (`SSL_CERT_FILE`), and the versions of TLS"
        ),
    )


def _client(symptom: Symptom) -> tuple[str, str]:
    if "413" in symptom.message:
        return (
            "Bodies are larger than the target, or a proxy before it, takes (413).",
            "raise its limit (nginx: `client_max_body_size`), or send smaller files",
        )
    return (
        "The target does not accept these requests as they are (4xx).",
        "run `perfspec try` and compare path, parameters and body with what it wants",
    )


def _server(symptom: Symptom) -> tuple[str, str]:
    if symptom.from_the_start:
        return (
            "These requests never worked (5xx), so it is not the load.",
            "run `perfspec try`, and look at what the target writes into its log",
        )
    if symptom.under_load or symptom.strained:
        return (
            (
                f"The target failed (5xx) from {symptom.level} on: something that it needs"
                f" ran out, such as connections of a pool, workers or memory.{symptom.then}"
            ),
            "look at its log at that second, and at the monitors that rose with the load",
        )
    return (
        "The target failed at times (5xx), and not by load.",
        "look at its log at those seconds: at what it depends on, and at exceptions",
    )


def _timeout(symptom: Symptom) -> tuple[str, str]:
    if symptom.from_the_start:
        return (
            "No answer ever came in time.",
            "run `perfspec try`; if such requests take longer by nature, raise their `timeout`",
        )
    if symptom.under_load or symptom.strained:
        return (
            (
                f"Answers no longer came in time from {symptom.level} on: requests queue for"
                f" something that is used up.{symptom.then}"
            ),
            "look for what all of them need: workers, connections of a pool, a lock, a core",
        )
    return (
        "The target stood still at times, and not by load.",
        "look at what else ran at those seconds: backups, deployments, garbage collection",
    )


def _check(symptom: Symptom) -> tuple[str, str]:
    if symptom.from_the_start:
        return (
            "These answers were never what the spec expects, so it is not the load.",
            "run `perfspec try` and compare what comes with `expect` and `capture`",
        )
    if symptom.under_load or symptom.strained:
        return (
            (
                f"Answers were no longer what the spec expects from {symptom.level} on."
                f"{symptom.then}"
            ),
            "look at what the answers say instead, and at the target's log at that second",
        )
    return (
        "Answers were not what the spec expects at times, and not by load.",
        "look at what the answers say instead: at data that only some users have",
    )


_RULES: dict[ErrorClass, Callable[[Symptom], tuple[str, str]]] = {
    ErrorClass.PAYMENT: _payment,
    ErrorClass.AUTH: _auth,
    ErrorClass.THROTTLED: _throttled,
    ErrorClass.CONNECT: _connect,
    ErrorClass.RESET: _reset,
    ErrorClass.DNS: _dns,
    ErrorClass.TLS: _tls,
    ErrorClass.CLIENT: _client,
    ErrorClass.SERVER: _server,
    ErrorClass.TIMEOUT: _timeout,
    ErrorClass.CHECK: _check,
}
