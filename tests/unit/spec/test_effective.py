"""Personas as they live, and which variables are secret."""

from __future__ import annotations

import pytest

from perfspec.spec.effective import effective_personas, owner_of
from perfspec.spec.persona import MixStep
from perfspec.spec.secret import looks_secret, secret_names
from perfspec.units import Range
from tests.specs import load, spec

PERSONAS = """
  reader:
    weight: 80
    description: reads
    think: 1s
    data: users
    on_start: [home]
    journey: [home, home]
  writer: { like: reader, think: 5s }
  mixed: { like: reader, weight: 1, mix: { home: 1 } }
  single: { weight: 2, mix: { home: 3 } }
  copied: { like: single }
"""
SPEC = spec(personas=PERSONAS.rstrip(), data="\n  users: { csv: a.csv }")


def test_like_copies_what_is_not_written_here_and_never_how_many() -> None:
    found = effective_personas(load(SPEC).spec)
    writer = found["writer"]
    assert (writer.journey, writer.on_start, writer.data) == (["home", "home"], ["home"], "users")
    assert writer.think == Range(5, 5)
    assert (writer.weight, writer.users, writer.description) == (None, None, None)


def test_a_mix_is_a_journey_of_one_step_and_replaces_that_of_another() -> None:
    found = effective_personas(load(SPEC).spec)
    for name, weight in (("mixed", 1), ("single", 3), ("copied", 3)):
        assert found[name].journey == [MixStep(mix={"home": weight})]
        assert found[name].mix is None
    assert found["mixed"].on_start == ["home"]


@pytest.mark.parametrize(
    ("persona", "key", "owner"),
    [
        ("writer", "journey", "reader"),
        ("writer", "think", "writer"),
        ("writer", "weight", "writer"),
        ("mixed", "journey", "mixed"),
        ("copied", "journey", "single"),
        ("copied", "auth", "copied"),
        ("reader", "journey", "reader"),
    ],
)
def test_the_owner_of_a_key_wrote_it(persona: str, key: str, owner: str) -> None:
    assert owner_of(load(SPEC).spec, persona, key) == owner


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("API_TOKEN", True), ("TOKEN", True), ("DB_PASSWORD", True), ("passwd", True),
        ("CLIENT_SECRET", True), ("SECRETS", True), ("API_KEY", True), ("AWS_CREDENTIALS", True),
        ("APIKEY", True), ("KEY_FILE", True), ("HOST", False), ("MONKEY", False),
        ("KEYBOARD", False), ("TOKENIZER", False), ("STAGING_URL", False),
    ],
)  # fmt: skip
def test_names_that_look_secret(name: str, secret: bool) -> None:
    assert looks_secret(name) is secret


def test_secret_names_are_those_written_and_those_that_look_so() -> None:
    text = spec(
        secrets="[PLAIN, users.pin]",
        data="\n  users: { generate: { pin: '${MY_TOKEN}', a: '${HARMLESS}', b: '$${NO_KEY}' } }",
        environments="\n  local: { url: http://x, services: { s: { run: x, env: { A: '${DB_PASSWORD:-x}' } } } }",
        personas="\n  reader: { weight: 1, data: users, journey: [home: { set: { a: ['${DEEP_KEY}'] } }] }",
    )
    assert secret_names(load(text).spec) == {"PLAIN", "MY_TOKEN", "DB_PASSWORD", "DEEP_KEY"}
