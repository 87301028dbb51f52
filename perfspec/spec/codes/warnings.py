"""Warnings: allowed, and hardly meant."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

WARNINGS: Final = (
    Rule(
        "PS401",
        "An endpoint that nobody calls",
        "Its limits are never judged.",
        "journey: [home]",
        "journey: [home, search]",
        warning=True,
    ),
    Rule(
        "PS402",
        "Data that nobody uses",
        "No persona has it as `data`, no template mentions it and no body takes files from it.",
        "reader: { journey: [home] }",
        "reader: { data: readers, journey: [home] }",
        warning=True,
    ),
    Rule(
        "PS403",
        "A persona that never runs",
        "It has neither a weight nor users of its own, and no test names it.",
        "buyer: { journey: [home] }",
        "buyer: { weight: 20, journey: [home] }",
        warning=True,
    ),
    Rule(
        "PS404",
        "Weights that look like percentages",
        "They add up to nearly 100. Weights are shares of their sum, so this is allowed, and "
        "often a slip.",
        "mix: { search: 70, browse: 20 }",
        "mix: { search: 70, browse: 30 }",
        warning=True,
    ),
    Rule(
        "PS405",
        "A variable that looks secret",
        "Its name says TOKEN, SECRET, PASSWORD, PASSWD, KEY or CREDENTIAL, and `secrets` "
        "does not hold it. It is masked all the same; writing it down tells your readers.",
        'headers: { X-Api-Key: "${API_KEY}" }',
        'secrets: [API_KEY]\nheaders: { X-Api-Key: "${API_KEY}" }',
        warning=True,
    ),
    Rule(
        "PS406",
        "A host that an environment does not allow",
        "In the environments named, this request would be refused before a byte is sent.",
        "local: { url: http://127.0.0.1:8801 }",
        "local: { url: http://127.0.0.1:8801, allow_hosts: [covers.example.com] }",
        warning=True,
    ),
)
