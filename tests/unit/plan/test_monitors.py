"""Monitors of an environment, and their limits as objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.plan.compile.choice import choose_tests
from perfspec.plan.compile.plan import compile_plan
from perfspec.plan.monitor import PostgresSource, ProcessSource
from tests.specs import load, spec

if TYPE_CHECKING:
    from perfspec.plan.model import Plan

SPEC = spec(
    environments="""
  local: { url: http://127.0.0.1:8801, services: { api: { run: make serve } } }
  staging:
    url: http://127.0.0.1:8802
    monitors: { db: { postgres: "${STAGING_DB}", every: 10s } }
    slo: { monitors: { db.slow_queries: 3 } }""",
    monitors="""
  api: { process: services.api, every: 1s, if_absent: skip }
  db: { postgres: "host=${DB_HOST}" }
  page:
    http: http://127.0.0.1:8801/status
    series: { pool: { json: $.pool, unit: percent }, delay: { json: $.delay, unit: ms } }""",
    slo="{ monitors: { api.cpu: 90%, page.pool: { warn: 50%, fail: 80% }, db.slow_queries: 5 } }",
    tests="""
  smoke: { users: 5, duration: 2m, slo: { monitors: { api.cpu: 70%, page.delay.p95: 300ms } } }""",
    objectives="""
  scales: { where: { tests: [smoke] }, slo: { monitors: { api.threads: { min: 4, within: 9s } } } }""",
)
VARIABLES = {"DB_HOST": "127.0.0.1", "STAGING_DB": "host=db password=secret"}


def plan(environment: str) -> Plan:
    document = load(SPEC, VARIABLES)
    chosen = choose_tests(document, None, (), (), None)
    return compile_plan(document, chosen, variables=VARIABLES, environment=environment)


def test_monitors_of_an_environment_replace_by_name_and_keep_their_secrets() -> None:
    local = {each.name: each for each in plan("local").monitors}
    assert list(local) == ["api", "db", "page"]
    assert local["api"].source == ProcessSource(service="api")
    assert local["db"].source == PostgresSource(dsn="host=${DB_HOST}")
    assert (local["db"].every_s, local["api"].absent) == (5.0, None)
    assert [(each.unit, each.factor) for each in local["page"].series] == [
        ("ratio", 0.01),
        ("s", 0.001),
    ]
    staging = {each.name: each for each in plan("staging").monitors}
    assert staging["db"].source == PostgresSource(dsn="${STAGING_DB}")
    assert staging["api"].absent == "environment staging starts no service api"


def test_limits_are_replaced_by_series_and_objectives_add() -> None:
    objectives = {each.id: each for each in plan("staging").test("smoke").objectives}
    assert {id_: each.fail for id_, each in objectives.items()} == {
        "api.cpu.mean": 0.7,
        "page.pool.mean": 0.8,
        "db.slow_queries.max": 3.0,
        "page.delay.p95": 0.3,
        "scales.api.threads.max.within": 4.0,
    }
    assert objectives["page.pool.mean"].warn == 0.5
    scales = objectives["scales.api.threads.max.within"]
    assert (scales.metric.at_least, scales.within_s, scales.if_absent) == (True, 9.0, "skip")
    assert objectives["db.slow_queries.max"].origin == (
        "environments.staging.slo.monitors.db.slow_queries"
    )


def test_a_changed_monitor_is_another_measurement_and_a_changed_limit_is_not() -> None:
    before = plan("local")
    document = load(SPEC.replace("api.cpu: 70%", "api.cpu: 75%"), VARIABLES)
    chosen = choose_tests(document, None, (), (), None)
    looser = compile_plan(document, chosen, variables=VARIABLES)
    assert looser.fingerprint == before.fingerprint
    document = load(SPEC.replace("every: 1s", "every: 2s"), VARIABLES)
    slower = compile_plan(document, chosen, variables=VARIABLES)
    assert slower.fingerprint != before.fingerprint
    assert slower.test("smoke").fingerprint == before.test("smoke").fingerprint
