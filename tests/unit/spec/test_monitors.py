"""Monitors and limits on them, as lint sees them."""

from __future__ import annotations

import pytest

from perfspec.spec.secret import secret_names
from tests.specs import codes, load, spec, told

MONITORS = """
  api: { process: services.api, every: 1s }
  machine: { host: true }
  db: { postgres: "${DATABASE_URL}" }
  edge: { prometheus: http://127.0.0.1:9090, series: { up: { query: count(up), unit: count } } }"""
ENVIRONMENTS = """
  local: { url: http://127.0.0.1:8801, services: { api: { run: make serve } } }"""


def limits(text: str) -> str:
    return spec(
        environments=ENVIRONMENTS,
        monitors=MONITORS,
        tests=f"\n  smoke: {{ users: 5, duration: 2m, slo: {{ monitors: {{ {text} }} }} }}",
    )


@pytest.mark.parametrize(
    "text",
    [
        "api.cpu: 70%",
        "api.cpu.p95: { warn: 70%, fail: 90% }",
        "api.rss: 2GB, api.disk_read: 5MB/s, api.threads: 12",
        "db.query_duration_max: 300ms, edge.up: { min: 4, within: 90s }",
        "api.cpu: '${LIMIT}', api.rss: '${SIZE:-5MiB}'",
    ],
)
def test_limits_in_the_unit_of_their_series(text: str) -> None:
    assert told(limits(text)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("api.cpuu: 70%", "PS215"),
        ("apo.cpu: 70%", "PS215"),
        ("api.cpu: 70", "PS371"),
        ("api.cpu: 300ms", "PS371"),
        ("api.rss: 5MB/s", "PS371"),
        ("edge.up: { min: 70% }", "PS371"),
        ("api.cpu: { warn: 90%, fail: 70% }", "PS328"),
    ],
)
def test_limits_that_mean_nothing(text: str, code: str) -> None:
    assert codes(limits(text)) == [code]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api: 70%", "write MONITOR.SERIES"),
        ("api.cpu.p42: 70%", "write MONITOR.SERIES"),
        ("api.cpu: fast", "'fast' is no quantity"),
        ("api.cpu: -1", "-1 is below 0"),
        ("api.cpu: { within: 5s }", "write warn, fail or min"),
        ("api.cpu: { fail: 5, within: 5s }", "write min, or leave within out"),
    ],
)
def test_limits_that_cannot_be_read(text: str, said: str) -> None:
    [line] = told(limits(text))
    assert said in line


@pytest.mark.parametrize(
    ("monitor", "code"),
    [
        ("{ process: services.apo }", "PS216"),
        ("{ host: true, every: 10ms }", "PS374"),
        ("{ postgres: 'postgresql://a:b@c/d' }", "PS375"),
        ("{ postgres: '${DSN:-postgresql://a:b@c/d}' }", "PS375"),
        ("{ postgres: 'host=c password=b' }", "PS375"),
        ("{ http: 'http://a:b@c', series: { n: { query: n, unit: s } } }", "PS375"),
        ("{ prometheus: http://a, series: { n: { json: $.n, unit: s } } }", "PS372"),
        ("{ http: http://a, series: { n: { stat: A.b, unit: s } } }", "PS372"),
    ],
)
def test_monitors_that_read_nothing(monitor: str, code: str) -> None:
    assert codes(spec(environments=ENVIRONMENTS, monitors=f"\n  m: {monitor}")) == [code]


@pytest.mark.parametrize(
    "monitor",
    [
        "{ every: 1s }",
        "{ host: true, process: a.pid }",
        "{ http: http://a }",
        "{ host: true, series: { n: { query: n, unit: s } } }",
        "{ host: true, headers: { A: b } }",
        "{ host: false }",
    ],
)
def test_monitors_of_the_wrong_shape(monitor: str) -> None:
    assert len(told(spec(monitors=f"\n  m: {monitor}"))) == 1


@pytest.mark.parametrize(
    "sections",
    [
        {"endpoints": "\n  home: { request: GET /, slo: { monitors: { m.cpu: 5% } } }"},
        {"objectives": "\n  o: { where: { endpoints: home }, slo: { monitors: { m.cpu: 5% } } }"},
    ],
)
def test_monitors_are_about_whole_tests(sections: dict[str, str]) -> None:
    assert "PS373" in codes(spec(monitors="\n  m: { host: true }", **sections))


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        ("m.cpu: 95%", []),
        ("m.cpu.max: { fail: 95% }", []),
        ("m.cpu: { min: 5% }", []),
        ("m.cpu: { warn: 80%, fail: 95% }", ["PS327"]),
        ("m.cpu: { min: 5%, within: 1m }", ["PS327"]),
        ("m.cpu: 500MB", ["PS371"]),
        ("m.cpuu: 5%", ["PS215"]),
    ],
)
@pytest.mark.parametrize("key", ["abort", "stop_when"])
def test_a_monitor_may_end_a_test(key: str, limit: str, found: list[str]) -> None:
    tests = (
        f"\n  smoke: {{ users: 5, duration: 2m, slo: {{ p95: 1s }},"
        f" {key}: {{ monitors: {{ {limit} }} }} }}"
    )
    assert codes(spec(monitors="\n  m: { host: true }", tests=tests)) == found


@pytest.mark.parametrize(
    "dsn", ["postgresql://a@c/d", "postgresql://a:${PASS}@c/d", "host=c password=${PASS}", "${DSN}"]
)
def test_no_password_is_no_mistake(dsn: str) -> None:
    lines = told(spec(secrets="[PASS, DSN]", monitors=f"\n  m: {{ postgres: '{dsn}' }}"))
    assert lines == []


def test_connection_strings_and_headers_are_secret_whatever_their_names() -> None:
    monitors = """
  db: { postgres: "${DATABASE_URL}" }
  page: { http: "${PAGE}", headers: { X-Auth: "${WORD}" }, series: { n: { query: n, unit: s } } }"""
    assert secret_names(load(spec(monitors=monitors)).spec) == {"DATABASE_URL", "WORD"}
