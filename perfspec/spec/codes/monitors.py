"""Diagnostics of monitors, of the limits on them, and of prices."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

MONITORS: Final = (
    Rule(
        "PS371",
        "A limit in the wrong unit",
        "A limit is written in the unit of its series: a percentage for `percent` and `ratio`, "
        "a duration for `ms` and `s`, a size for `bytes`, a number for `count`.",
        "monitors: { api.rss: 80% }",
        "monitors: { api.rss: 500MB }",
    ),
    Rule(
        "PS372",
        "A series that its monitor cannot read",
        "`prometheus` reads by `query`, `cloudwatch` by `stat`, `http` by `json` or, from "
        "Prometheus' text format, by `query`.",
        "edge: { prometheus: http://127.0.0.1:9090, series: { up: { json: $.up, unit: count } } }",
        "edge: { prometheus: http://127.0.0.1:9090, series: { up: { query: up, unit: count } } }",
    ),
    Rule(
        "PS373",
        "A monitor where single requests are judged",
        "Monitors are about a whole test: their limits stand in the `slo` of the root, of an "
        "environment or of a test, or in an objective that chooses tests and environments only.",
        "home: { request: GET /, slo: { monitors: { api.cpu: 90% } } }",
        "home: { request: GET / }\n\nslo: { monitors: { api.cpu: 90% } }",
    ),
    Rule(
        "PS374",
        "A monitor that reads too often",
        "Reading more than ten times a second disturbs what is read.",
        "api: { process: services.api, every: 10ms }",
        "api: { process: services.api, every: 1s }",
    ),
    Rule(
        "PS375",
        "A password in the spec",
        "What stands in the spec is read by everybody who reads the repository, and stands in the "
        "plan of each run. The variables of connection strings are masked everywhere.",
        "db: { postgres: postgresql://shop:hunter2@db.example.com/shop }",
        'db: { postgres: "${DATABASE_URL}" }',
    ),
    Rule(
        "PS376",
        "Prices in several currencies",
        "They are added up, so they must be of one currency.",
        "prices: { generator_hour: 0.20 USD, ci_minute: 0.01 EUR }",
        "prices: { generator_hour: 0.20 USD, ci_minute: 0.008 USD }",
    ),
)
