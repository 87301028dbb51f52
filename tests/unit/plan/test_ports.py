"""Ports that services take from variables, and why a fixed one is in the way of a second copy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perfspec.plan.model import Environment, Ready, Service
from perfspec.plan.ports import moved, ports_of, why_fixed
from tests.plans import endpoint, persona, plan


def environment(run: str, **rest: Any) -> Environment:  # noqa: ANN401  (fields of the service)
    url = "http://127.0.0.1:8801/shop"
    ready = Ready(method="GET", url=f"{url}/health")
    api = Service(name="api", run=run, ready=ready, **rest)
    hosts = ("127.0.0.1:8801", "files.example.com:8801", "other.example.com")
    return Environment(name="local", url=url, hosts=hosts, services=(api,))


def test_a_port_is_a_variable_with_a_default_or_one_that_is_set() -> None:
    found = environment("serve -p ${PORT:-8801} --db ${DB_PORT} --x ${EXPORT:-1} ${PORTAL:-2}")
    assert ports_of(found, {"DB_PORT": "5433"}) == {"PORT": 8801, "DB_PORT": 5433}
    assert ports_of(found, {"PORT": "9000"}) == {"PORT": 9000}
    given = environment(
        "serve", variables={"PORT": "8801", "OTHER": "8802", "A_PORT": "${B_PORT:-7}"}
    )
    assert ports_of(given, {}) == {"PORT": 8801, "B_PORT": 7}


def test_everything_that_has_the_port_follows_it() -> None:
    before = environment(
        "serve ${PORT:-8801} ${DB_PORT:-8802}", variables={"PORT": "8801", "DEBUG": "1"}
    )
    asked = [
        endpoint("own", "GET /books?next=http://127.0.0.1:8801/x"),
        endpoint("db", "GET http://127.0.0.1:8802/{{ id }}:8801"),
        endpoint("other", "GET https://example.com/8801"),
    ]
    made = plan(before.url, [persona("own")], asked)
    made = msgspec.structs.replace(made, environment=before, variables={"PORT": "8801", "A": "1"})
    after = moved(made, made.variables, {"PORT": 40001, "DB_PORT": 40002})
    assert after.environment.url == "http://127.0.0.1:40001/shop"
    assert after.environment.hosts == (
        "127.0.0.1:40001",
        "files.example.com:40001",
        "other.example.com",
    )
    [api] = after.environment.services
    assert api.ready == Ready(method="GET", url="http://127.0.0.1:40001/shop/health")
    assert api.variables == {"PORT": "40001", "DEBUG": "1"}
    assert api.run == before.services[0].run
    assert [each.url for each in after.endpoints] == [
        "/books?next=http://127.0.0.1:8801/x",
        "http://127.0.0.1:40002/{{ id }}:8801",
        "https://example.com/8801",
    ]
    assert after.variables == {"PORT": "40001", "A": "1"}


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ("serve ${PORT:-8801}", None),
        ("serve 8801", "write ${PORT:-8801} for it there and in services.api"),
        ("serve ${PORT:-8802}", "the port of environments.local.url (8801) is not one"),
    ],
)
def test_a_fixed_port_is_in_the_way(run: str, why: str | None) -> None:
    said = why_fixed(environment(run), {})
    assert said == why or (why is not None and said is not None and why in said)


def test_without_services_there_is_nothing_to_start() -> None:
    bare = Environment(name="staging", url="https://x.example.com", hosts=("x.example.com",))
    assert why_fixed(bare, {}) == (
        "environments.staging has no services, so there is no way to start two commits of them"
    )
