"""Open connections in a spec: what fits, and what is told of the rest."""

from __future__ import annotations

import pytest

from tests.specs import spec, told

TALK = """endpoints:
  home: {{ request: GET / }}
  chat:
    websocket: /chat
    messages:
      hello: {{ {message} }}
personas:
  reader: {{ weight: 1, think: 1s, journey: [{steps}] }}"""


def chat(steps: str, message: str = "send: { text: hello }, ack: next") -> str:
    head, _, rest = spec().partition("endpoints:")
    tests = "tests:" + rest.rpartition("tests:")[2]
    return head + TALK.format(steps=steps, message=message) + "\n" + tests


@pytest.mark.parametrize(
    "steps",
    [
        "home, connect: chat, chat.hello, close: chat",
        "home, connect: chat, { receive: chat, capture: { id: $.id } }, chat.hello: { times: 3 }",
        "home, connect: chat, { stream: chat.hello, every: 20ms, for: 1s, pcm: { rate: 8000 } }",
        "home, connect: chat, { mix: { home: 1, chat.hello: 2 } }",
    ],
)
def test_steps_over_a_connection(steps: str) -> None:
    assert told(chat(steps)) == []


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("home, chat", "PS217"),
        ("home, connect: home", "PS217"),
        ("home, connect: chat, { stream: chat, every: 1s, for: 2s }", "PS217"),
        ("home, connect: chat, { stream: home, every: 1s, for: 2s }", "PS217"),
        ("home, chat.hello", "PS218"),
        ("home, receive: chat", "PS218"),
        ("home, connect: chat, chat.helo", "PS201"),
        ("home, connect: chta", "PS201"),
        ("home, connect: chat, { receive: chat, until: { event: a } }", "PS334"),
        ("home, connect: chat, { stream: chat.hello, every: 1s }", "PS101"),
    ],
)
def test_steps_that_do_not_fit(steps: str, code: str) -> None:
    assert [line.split()[1] for line in told(chat(steps))] == [code]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("send: { text: a, json: 1 }", "PS109"),
        ("emit: a, send: { text: a }", "PS109"),
        ("json: 1", "PS109"),
        ("send: { text: a }, expect: { json: { $.a: 1 } }", "PS109"),
        ("send: { text: a }, ack: later", "PS107"),
        ("send: { text: a }, ack: callback", "PS334"),
        ("send: { text: a }, ack: { event: b }", "PS334"),
        ("send: { text: a }, slo: { p95: 1s }", "PS335"),
        ("send: { text: a }, ack: { match: { seq: 1 } }", "PS321"),
        ('send: { text: "{{ nobody }}" }, ack: next', "PS210"),
    ],
)
def test_messages_that_do_not_fit(message: str, code: str) -> None:
    lines = told(chat("home, connect: chat, chat.hello", message))
    assert [line.split()[1] for line in lines] == [code]


def test_messages_know_their_number_and_nobody_else_does() -> None:
    numbered = 'send: { json: { n: "{{ seq }}" } }, ack: { match: { $.n: "{{ seq }}" } }'
    assert told(chat("home, connect: chat, chat.hello", numbered)) == []
    steps = 'connect: chat, chat.hello, { set: { a: "{{ seq }}" } }, home'
    assert [line.split()[1] for line in told(chat(steps, numbered))] == ["PS210"]
