"""Diagnostics that show only when load, journeys and limits come together."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

LOAD: Final = (
    Rule(
        "PS301",
        "No step is left",
        "`only`, `without` or `--tags` take every request away from every persona of this test.",
        "without: { tags: [slow] }      # and every endpoint is slow",
        "only: { tags: [slow] }",
    ),
    Rule(
        "PS302",
        "No load",
        "A test needs users for some time.",
        "stages: [{ users: 0, hold: 2m }]",
        "stages: [{ users: 5, hold: 2m }]",
    ),
    Rule(
        "PS303",
        "Nothing would be judged",
        "Limits look at `hold` unless `during` says otherwise, and the warm-up is cut off. A "
        "test in which no second is judged would have no verdict.",
        "stages: [{ users: 10, ramp: 2m }]",
        "stages: [{ users: 10, ramp: 2m, hold: 5m }]",
    ),
    Rule(
        "PS304",
        "Not enough rows",
        "With `pick: unique` each user needs a row of its own.",
        'generate: { email: "reader-{1..3}@example.com" }      # for 5 users',
        'generate: { email: "reader-{1..500}@example.com" }',
    ),
    Rule(
        "PS305",
        "Nothing to recover to",
        "`recovery_time` compares what follows the highest level with the hold before it: the "
        "test needs a hold of a lower level before the highest, and one after.",
        "stages: [{ users: 60, hold: 3m }]",
        "stages: [{ users: 5, hold: 2m }, { users: 60, hold: 3m }, { users: 5, hold: 5m }]",
    ),
    Rule(
        "PS306",
        "A capacity that the test cannot find",
        "`capacity` is the number of users at which `stop_when` is not broken yet: the test needs "
        "`stop_when`, and levels that reach the limit.",
        "slo: { capacity: 60 users }      # and the highest stage has 40",
        "stages: [{ users: [20, 40, 60, 80], ramp: 1m, hold: 3m }]",
    ),
    Rule(
        "PS310",
        "Times without failures",
        "A connection that is refused is the quickest answer of all. Where 90 % of the requests "
        "fail and no limit counts them, a `p95` still decides by the rest; an `error_rate`, "
        "`success_rate`, `availability` or the like sees them. A budget counts them by itself.",
        "smoke: { users: 5, duration: 2m, slo: { p95: 300ms } }",
        "smoke: { users: 5, duration: 2m, slo: { p95: 300ms, error_rate: 1% } }",
        warning=True,
    ),
    Rule(
        "PS311",
        "No limit",
        "A test that nothing judges is inconclusive however it went.",
        "smoke: { users: 5, duration: 2m }",
        "smoke: { users: 5, duration: 2m, slo: { error_rate: 1% } }",
        warning=True,
    ),
    Rule(
        "PS312",
        "Few samples",
        "So few requests are expected that the limit will not be decided, or only in a clear case.",
        "duration: 30s",
        "duration: 10m",
        warning=True,
    ),
    Rule(
        "PS313",
        "More fixed users than the test has",
        "A persona's own `users` are taken first; together they are more than the highest stage.",
        "smoke: { users: 5, duration: 2m }      # and reader: { users: 8 }",
        "smoke: { users: 20, duration: 2m }",
        warning=True,
    ),
    Rule(
        "PS314",
        "A persona without users",
        "Whole users are shared out by weight, and none is left for this persona.",
        "smoke: { users: 5, duration: 2m }      # and buyer: { weight: 1 } of 100",
        "smoke: { users: 100, duration: 2m }",
        warning=True,
    ),
    Rule(
        "PS315",
        "Jitter without a hold",
        "Jitter moves the level while it is held; a ramp has none.",
        "- { users: 5, ramp: 1m, jitter: { by: 10%, every: 10s } }",
        "- { users: 5, ramp: 1m, hold: 5m, jitter: { by: 10%, every: 10s } }",
        warning=True,
    ),
    Rule(
        "PS316",
        "Never thinks",
        "Without think time each user sends as fast as the target answers: that is a stress "
        "test, and no picture of people.",
        "reader: { weight: 1, journey: [home] }",
        "reader: { weight: 1, think: 1s..5s, journey: [home] }",
        warning=True,
    ),
    Rule(
        "PS317",
        "Too few users for the arrivals",
        "As many users are busy as journeys start in the time that one takes. More than "
        "`max_users` there are not, so journeys would be dropped, and the test decides nothing.",
        "stages: [{ arrivals: 10/s, hold: 5m }], max_users: 20      # a journey takes 8 s",
        "stages: [{ arrivals: 10/s, hold: 5m }], max_users: 160",
        warning=True,
    ),
    Rule(
        "PS318",
        "Too short to see a recovery",
        "Ten seconds at a time are compared with the hold before the peak. Where less than the "
        "limit and these ten seconds follow it, a late recovery cannot be told from none.",
        "slo: { recovery_time: 5m }      # and the last stage is { users: 5, hold: 2m }",
        "- { users: 5, hold: 6m }",
        warning=True,
    ),
    Rule(
        "PS319",
        "A journey that may do nothing",
        "A user does not think after a step that is left out. Where every step may be, by "
        "`only_if`, `chance` or `times`, journeys without a request or a pause follow each other "
        "(a hundred a second of each user), and count as completed ones.",
        "reader: { weight: 1, think: 1s..5s, journey: [home: { chance: 20% }] }",
        "reader: { weight: 1, think: 1s..5s, journey: [home: { chance: 20% }, think: 1s] }",
        warning=True,
    ),
)
