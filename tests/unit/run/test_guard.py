from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec.errors import UsageError
from perfspec.plan.journey import Auth, Persona, RequestStep
from perfspec.plan.load import Jitter, Stage
from perfspec.plan.model import (
    DataSource,
    Environment,
    Hook,
    OpenModel,
    Plan,
    Protection,
    RowsGenerated,
    Service,
    TimeWindow,
)
from perfspec.plan.request import Endpoint, JsonBody
from perfspec.run.guard import check_guard, in_window
from tests.results import make_plan, make_test, place

SUNDAY = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NIGHT = TimeWindow(
    text="Sun 02:00-05:00 UTC", weekdays=(6,), from_minute=120, to_minute=300, zone="UTC"
)


def production(*, stages: tuple[Stage, ...] = (), **rules: object) -> Plan:
    protection = Protection(**rules)  # type: ignore[arg-type]
    return make_plan(
        make_test(name="load", users=50, stages=stages),
        environment=Environment(
            name="production", url="https://shop", hosts=("shop",), protected=protection
        ),
    )


def refusal(
    plan: Plan,
    confirm: str | None = "production",
    now: datetime = SUNDAY,
    **variables: str,
) -> str:
    """The message, or nothing if the run may go on."""
    try:
        check_guard(plan, confirm=confirm, variables=variables, now=now)
    except UsageError as error:
        return str(error)
    return ""


def test_a_protected_environment_must_be_named() -> None:
    assert refusal(production(), None) == (
        "environment production is protected: add --confirm production"
    )
    assert refusal(production(), "staging") == (
        "environment production is protected, and --confirm names 'staging' instead"
    )
    assert refusal(production()) == ""


def test_confirming_what_does_not_run_is_a_mistake() -> None:
    plan = make_plan(make_test())
    assert refusal(plan, "production") == (
        "--confirm names 'production', but this run is on local: choose with --env production"
    )
    assert refusal(plan, None) == refusal(plan, "local") == ""


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_NAME", "pull_request_target"),
        ("GITHUB_EVENT_NAME", "pull_request_review"),
        ("GITHUB_EVENT_NAME", "merge_group"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
    ],
)
def test_pull_requests_never_load_a_protected_environment(name: str, event: str) -> None:
    variables: dict[str, Any] = {name: event}
    text = refusal(production(), **variables)
    assert f"never loaded from a pull request (this is a {event})" in text
    assert refusal(production(), GITHUB_EVENT_NAME="workflow_dispatch") == ""
    assert refusal(production(), CI_PIPELINE_SOURCE="schedule") == ""
    assert refusal(make_plan(make_test()), None, **variables) == ""


def test_users_are_counted_at_the_peak_with_jitter() -> None:
    assert refusal(production(max_users=50)) == ""
    jitter = Jitter(by=0.1, every_s=(1.0, 1.0))
    stages = (Stage(users=50, hold_s=10, jitter=jitter), Stage(users=1, hold_s=10))
    assert refusal(production(max_users=54, stages=stages)) == (
        "test load goes up to 55 users, and production allows 54 (max_users): lower its stages, or"
        " leave it out with --only"
    )


def test_of_arriving_journeys_the_users_count_that_they_may_have() -> None:
    stages = (Stage(arrivals=100, hold_s=10),)
    plan = production(max_users=54, stages=stages)
    test = msgspec.structs.replace(plan.tests[0], open_model=OpenModel(max_users=55))
    text = refusal(msgspec.structs.replace(plan, tests=(test,)))
    assert "goes up to 55 users, and production allows 54 (max_users): lower its max_users" in text


def test_only_listed_tests_run() -> None:
    assert refusal(production(tests=("load",))) == ""
    assert "test load may not run on production (tests: smoke)" in refusal(
        production(tests=("smoke",))
    )
    assert "(tests: none)" in refusal(production(tests=()))


def test_every_rule_that_forbids_is_told_at_once() -> None:
    plan = production(max_users=1, tests=("smoke",), window=NIGHT)
    text = refusal(plan, None, datetime(2026, 11, 21, 3, 0, tzinfo=UTC))
    assert [line.split()[0] for line in text.splitlines()] == [
        "environment",
        "test",
        "test",
        "environment",
    ]
    assert text.splitlines()[-1] == (
        "environment production may be loaded Sun 02:00-05:00 UTC only (window), and now it is Sat"
        " 03:00 UTC: wait for it"
    )


@pytest.mark.parametrize(
    ("day", "hour", "minute", "inside"),
    [(22, 2, 0, True), (22, 4, 59, True), (22, 5, 0, False), (22, 1, 59, False), (21, 3, 0, False)],
)
def test_a_window_holds_its_first_minute_and_not_its_last(
    day: int, hour: int, minute: int, inside: bool
) -> None:
    assert in_window(NIGHT, datetime(2026, 11, day, hour, minute, tzinfo=UTC)) is inside


@pytest.mark.parametrize(
    ("day", "hour", "inside"),
    [
        (22, 21, False),
        (22, 22, True),
        (22, 23, True),
        (23, 1, True),
        (23, 2, False),
        (22, 1, False),
    ],
)
def test_a_window_may_end_on_the_next_day(day: int, hour: int, inside: bool) -> None:
    late = TimeWindow(
        text="Sun 22:00-02:00 UTC", weekdays=(6,), from_minute=1320, to_minute=120, zone="UTC"
    )
    assert in_window(late, datetime(2026, 11, day, hour, tzinfo=UTC)) is inside


def test_a_window_follows_the_clock_of_its_zone() -> None:
    berlin = TimeWindow(
        text="Sun 02:00-05:00 Europe/Berlin",
        weekdays=(6,),
        from_minute=120,
        to_minute=300,
        zone="Europe/Berlin",
    )
    assert in_window(berlin, datetime(2026, 11, 22, 1, 30, tzinfo=UTC))  # winter: one hour
    assert in_window(berlin, datetime(2026, 7, 26, 0, 30, tzinfo=UTC))  # summer: two
    assert not in_window(berlin, datetime(2026, 11, 22, 0, 30, tzinfo=UTC))


def test_an_unknown_zone_is_told() -> None:
    window = TimeWindow(text="Sun 1 X/Y", weekdays=(6,), from_minute=0, to_minute=1, zone="X/Y")
    with pytest.raises(UsageError, match="a time zone that this machine does not know"):
        in_window(window, SUNDAY)


@given(
    st.integers(0, 1439),
    st.integers(1, 1439),
    st.sets(st.integers(0, 6), min_size=1),
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)),  # noqa: DTZ001
)
def test_windows_that_follow_each_other_fill_the_time(
    start: int, length: int, days: set[int], when: datetime
) -> None:
    """A moment lies in a window or in the one that takes over at its end, never in both."""
    now = when.replace(tzinfo=UTC)
    everyday = tuple(range(7))
    end = (start + length) % 1440
    day = TimeWindow(text="", weekdays=everyday, from_minute=start, to_minute=end, zone="UTC")
    rest = TimeWindow(text="", weekdays=everyday, from_minute=end, to_minute=start, zone="UTC")
    assert in_window(day, now) != in_window(rest, now)
    some = TimeWindow(text="", weekdays=tuple(days), from_minute=start, to_minute=end, zone="UTC")
    assert in_window(day, now) or not in_window(some, now)


def with_texts(**rest: object) -> Plan:
    endpoint = Endpoint(
        name="login",
        method="POST",
        url="/login",
        headers={"X-Key": "${API_KEY}"},
        body=JsonBody(value={"a": [1, {"b": "x ${PASSWORD} ${USER:-ann}"}]}),
        place=place(12, 3),
    )
    persona = Persona(
        name="buyer",
        weight=1,
        auth=Auth(scheme="bearer", headers={"Authorization": "Bearer {{ '${TOKEN}' }}"}),
        journey=(RequestStep(endpoint="login", place=place(20)),),
    )
    data = DataSource(name="users", source=RowsGenerated(columns={"p": "${PASS_2}-{1..9}"}, rows=9))
    service = Service(name="api", run="serve --key ${SERVICE_KEY}")
    environment = Environment(name="local", url="http://x", hosts=("x",), services=(service,))
    test = make_test()
    return make_plan(
        type(test)(
            name="load", place=place(1), personas=(persona,), stages=test.stages, objectives=()
        ),
        endpoints=(endpoint,),
        environment=environment,
        data=(data,),
        **rest,
    )


def test_missing_secrets_are_named_with_their_place() -> None:
    lines = refusal(with_texts(), None, PASSWORD="x", API_KEY="").splitlines()
    assert lines[0] == (
        "the environment variable SERVICE_KEY, used in environments.local.services.api, is not set:"
        " export SERVICE_KEY=…, or write ${SERVICE_KEY:-default}"
    )
    assert [
        line.partition(" is not")[0].removeprefix("the environment variable ") for line in lines
    ] == [
        "SERVICE_KEY, used in environments.local.services.api,",
        "TOKEN, used in personas.buyer,",
        "PASS_2, used in data.users,",
    ]
    assert "used in endpoints.login (perfspec.yaml:12:3)" in refusal(with_texts(), None)


def test_variables_of_the_plan_are_known() -> None:
    known = {"SERVICE_KEY": "a", "TOKEN": "b", "PASS_2": "c", "PASSWORD": "d", "API_KEY": "e"}
    assert refusal(with_texts(variables=known), None) == ""


def test_a_hook_before_may_bring_what_is_read_after_it() -> None:
    plan = with_texts(
        hooks_before=Hook(run="up ${DATABASE}"), hooks_after=Hook(run="down ${RUN_ID}")
    )
    names = [line.split()[3].rstrip(",") for line in refusal(plan, None).splitlines()]
    assert names == ["SERVICE_KEY", "DATABASE"]
