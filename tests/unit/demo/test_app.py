from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
from werkzeug.test import Client

from perfspec.demo.app import Bookshop
from perfspec.demo.options import Options, parse_options
from tests.unit.demo.clocks import HandClock

QUICK = Options(speed=inf)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_it_is_ready_after_its_start_delay(clock: HandClock) -> None:
    client = Client(Bookshop(replace(QUICK, start_delay=2.5), now=clock))
    early = client.get("/health")
    assert (early.status_code, early.headers["Retry-After"]) == (503, "3")
    assert client.get("/books").status_code == 503
    assert client.get("/_truth").status_code == 200
    clock.at_s += 2.5
    assert client.get("/health").json == {"status": "ok"}


def test_requests_beyond_the_rate_are_told_when_to_come_back(clock: HandClock) -> None:
    client = Client(Bookshop(replace(QUICK, rate_limit=4), now=clock))
    assert [client.get("/books/1").status_code for _ in range(5)] == [200] * 4 + [429]
    assert client.get("/books/1").headers["Retry-After"] == "1"
    assert client.get("/health").status_code == 200
    clock.at_s += 0.5
    assert [client.get("/books/1").status_code for _ in range(3)] == [200, 200, 429]
    clock.at_s += 3600
    assert [client.get("/books/1").status_code for _ in range(5)] == [200] * 4 + [429]


def test_a_report_is_done_after_its_time(clock: HandClock) -> None:
    client = Client(Bookshop(replace(QUICK, job_time=5), now=clock))
    good = client.post("/reports").json
    bad = client.post("/reports", json={"fail": True}).json
    assert good is not None
    assert bad is not None
    paths = [f"/reports/{each['id']}" for each in (good, bad)]
    assert [client.get(each).json["status"] for each in paths] == ["pending", "pending"]  # type: ignore[index]
    clock.at_s += 5
    assert [client.get(each).json["status"] for each in paths] == ["done", "failed"]  # type: ignore[index]


def test_a_presigned_url_expires(clock: HandClock) -> None:
    client = Client(Bookshop(QUICK, now=clock))
    login = client.post("/login", json={"email": "a@example.com", "password": "bookworm"})
    assert login.json is not None
    headers = {"Authorization": f"Bearer {login.json['token']}"}
    announced = client.post("/uploads/init", headers=headers)
    assert announced.json is not None
    url = announced.json["upload_url"]
    assert client.put(url, data=b"abc").status_code == 200
    clock.at_s += 901
    assert client.put(url, data=b"abc").status_code == 403


def test_the_command_line_sets_every_option() -> None:
    given = parse_options([
        "--port=0", "--upload-port=1", "--speed=inf", "--seed=7", "--fault=error:*:1%",
        "--fault=leak:1MB/s", "--start-delay=1s", "--password=x", "--token-life=5m",
        "--credits=3", "--job-time=2s", "--rate-limit=50/s", "--log",
    ])  # fmt: skip
    assert given == Options(
        0, 1, inf, 7, ("error:*:1%", "leak:1MB/s"), 1.0, "x", 300.0, 3, 2.0, 50.0, log=True
    )
    assert parse_options([]) == Options()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--fault", "slwo:/books:+20%"], "did you mean slow?"),
        (["--port", "70000"], "no port from 0 to 65535"),
        (["--speed", "0"], "no speed"),
        (["--speed", "nan"], "no speed"),
        (["--job-time", "5"], "with a unit"),
        (["--credits", "-1"], "no whole number"),
        (["--rate-limit", "50"], "requests a second"),
    ],
)
def test_a_wrong_option_says_what_would_fit(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_options(arguments)
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err
