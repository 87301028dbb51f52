"""Specs for tests: a small shop that uses most of the language, and how to plan it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.plan.compile.choice import choose_tests
from perfspec.plan.compile.plan import compile_plan
from perfspec.spec.document import load_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.plan.model import Plan

SHOP = """\
perfspec: 1
name: shop
description: A shop
environments:
  local: { url: "http://127.0.0.1:${PORT:-8800}" }
  staging: { url: "https://staging.example.com", slo: { error_rate: 5% } }
secrets: [PASSWORD, accounts.password]
data:
  accounts:
    generate: { email: "u{001..050}@example.com", password: "${PASSWORD}" }
    pick: unique
  pictures:
    files:
      small: { size: 50KB, weight: 3, type: image/png }
      large: { size: 2MB, weight: 1, type: image/png }
defaults: { headers: { Accept: application/json }, timeout: 10s }
endpoints:
  login:
    request: POST /login
    auth: none
    json: { email: "{{ user.email }}", password: "{{ user.password }}", place: here }
    capture: { token: $.token }
    slo: { p95: 300ms }
    tags: [critical]
  list_books:
    request: GET /books
    query: { page: 1 }
    capture: { ids: "$[*].id" }
    slo: { p99: { warn: 500ms, fail: 700ms } }
  book:
    request: GET /books/{id}
    path: { id: "{{ ids | random }}" }
    tags: [critical, reading]
  upload:
    request: POST /upload
    multipart: { picture: { from: pictures } }
    tags: [slow]
  report:
    request: POST /reports
    expect: { status: 202 }
    capture: { job: $.id }
    tags: [slow]
    poll:
      request: GET /reports/{job}
      until: { json: { $.status: done } }
      every: 1s
      timeout: 1m
      slo: { p95: 5s }
personas:
  reader:
    weight: 80
    data: accounts
    auth: { bearer: "{{ token }}", renew_with: [login] }
    think: 1s..3s
    on_start: [login]
    journey:
      - list_books
      - book: { times: 1..3 }
      - group: sending
        slo: { p95: 2s }
        steps: [upload, report: { chance: 20% }]
  browser:
    weight: 20
    think: 1s
    on_start: [list_books]
    mix: { list_books: 3, book: 1 }
slo: { error_rate: 1% }
objectives:
  critical: { where: { tags: critical }, slo: { success_rate: 100% }, requirement: "11.2" }
tests:
  smoke: { users: 5, duration: 20s, every_step: true, slo: { error_rate: 0% } }
  load:
    stages:
      - { users: 10, ramp: 10s, hold: 1m }
      - { users: [20, 30], ramp: 5s, hold: 30s, jitter: { by: 10%, every: 5s..10s } }
      - { users: 0, ramp: 5s }
    slo: { p95: 1s, throughput: 5/s }
sequences:
  default: [smoke: { on_fail: stop }, load]
  quick: [load: { time_scale: 10% }]
"""


def plan_of(
    text: str = SHOP,
    *,
    sequence: str | None = None,
    environment: str | None = None,
    only: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    time_scale: float | None = None,
    variables: Mapping[str, str] | None = None,
) -> Plan:
    """Load, choose and compile a spec."""
    known = {"PASSWORD": "hunter2"} if variables is None else variables
    document = load_document(text.encode(), "perfspec.yaml", known)
    chosen = choose_tests(document, sequence, only, tags, time_scale)
    return compile_plan(document, chosen, variables=known, environment=environment)
