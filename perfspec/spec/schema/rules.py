"""How the keys of one mapping go together: for editors, what the models check by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from perfspec.spec.answer import CAPTURES
from perfspec.spec.auth import AUTH_SCHEMES
from perfspec.spec.budget import Budget, TestBudget
from perfspec.spec.channel import CHANNEL_KEYS, SENDS
from perfspec.spec.limits import Slo
from perfspec.spec.monitor import KINDS, OWN_SERIES, READ_BY
from perfspec.spec.prices import Prices
from perfspec.spec.request import BODIES, OF_REQUESTS

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """Applies when any of ``given`` is written (always, if there is none) and none of ``without``.

    Then no key of ``forbids`` and every key of ``needs`` must be written.
    """

    message: str
    given: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def schema(self) -> Node:
        """The rule as if/then: an editor marks the forbidden key, or the mapping's own."""
        then: Node = {"errorMessage": self.message}
        if self.forbids:
            then["properties"] = dict.fromkeys(self.forbids, False)
        if self.needs:
            then["required"] = list(self.needs)
        conditions = [{"not": none_of(self.given)}] if self.given else []
        conditions += [none_of(self.without)] if self.without else []
        return {"if": {"allOf": conditions}, "then": then} if conditions else then


def none_of(keys: tuple[str, ...]) -> Node:
    """Holds for a mapping without any of ``keys``."""
    return {"propertyNames": {"not": {"enum": list(keys)}}}


def _any_of(message: str, *keys: str) -> tuple[Rule, ...]:
    return (Rule(message, without=keys, needs=keys[:1]),)


def _at_most_one(what: str, *keys: str) -> tuple[Rule, ...]:
    message = f"{what} has only one of {_listed(keys)}: keep one"
    return tuple(
        Rule(message, given=(key,), forbids=keys[index + 1 :])
        for index, key in enumerate(keys[:-1])
    )


def _one_of(what: str, *keys: str) -> tuple[Rule, ...]:
    return (*_at_most_one(what, *keys), *_any_of(f"{what} needs one of {_listed(keys)}", *keys))


def _listed(keys: tuple[str, ...]) -> str:
    return f"{', '.join(keys[:-1])} and {keys[-1]}"


def _written(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field.removesuffix("_") for field in fields)


def _conditions(*keys: str) -> tuple[Rule, ...]:
    alone = "exists stands alone: every other condition needs something that is there"
    return (
        *_any_of(f"Write one or more of {', '.join(keys)}, exists", *keys, "exists"),
        Rule(alone, given=("exists",), forbids=keys),
    )


_LEVELS: Final = _any_of("Write warn, fail or both", "warn", "fail")
_SHORT: Final = ("users", "arrivals", "duration", "spawn_rate")
RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "Auth": (
        *_one_of("Auth", *AUTH_SCHEMES),
        Rule(
            "oauth2 renews its token by itself: leave renew_with and expires_in out",
            given=("oauth2",),
            forbids=("renew_with", "expires_in"),
        ),
    ),
    "Capture": _one_of("A capture", *_written(CAPTURES)),
    "Data": (
        *_one_of("A data source", "json", "jsonl", "csv", "generate", "files"),
        Rule(
            "rows is for json only: leave it out",
            given=("rows",),
            without=("json",),
            forbids=("rows",),
        ),
        Rule(
            "Files are chosen by weight: leave pick and each out",
            given=("files",),
            forbids=("pick", "each"),
        ),
    ),
    "Ack": _any_of("Write event, match or both", "event", "match"),
    "Answer": _any_of("Write one or more of event, json, body", "event", "json", "body"),
    "Endpoint": (
        *_one_of("An endpoint", "request", *CHANNEL_KEYS),
        *_at_most_one("A request", *_written(BODIES)),
        Rule(
            "Only requests have this key, open connections do not",
            given=CHANNEL_KEYS,
            forbids=_written(OF_REQUESTS),
        ),
        Rule(
            "Only websocket and socketio have messages",
            given=("request",),
            forbids=("messages",),
        ),
    ),
    "Message": (
        *_at_most_one("A message", "emit", "send"),
        Rule(
            "json belongs beside emit; in a WebSocket write send: { json: … }",
            given=("json",),
            without=("emit",),
            forbids=("json",),
        ),
        Rule(
            "expect, capture and timeout are about the acknowledgement: write ack, too",
            given=("expect", "capture", "timeout"),
            without=("ack",),
            forbids=("expect", "capture", "timeout"),
        ),
    ),
    "Send": _one_of("A message", *_written(SENDS)),
    "FileClass": _one_of("A file", "size", "path"),
    "FileRef": _one_of("A file", "from", "path"),
    "SentFile": _one_of("A file", "from", "path"),
    "BodyCheck": _any_of("Write contains, matches or both", "contains", "matches"),
    "JsonCheck": _conditions("equals", "in", "matches", "min", "max"),
    "LatencyLevels": _LEVELS,
    "Monitor": (
        *_one_of("A monitor", *KINDS),
        Rule("Say what is read: series", given=tuple(READ_BY), needs=("series",)),
        Rule(
            "It has series of its own: leave this out",
            given=tuple(OWN_SERIES),
            forbids=("series",),
        ),
        Rule(
            "headers belong to prometheus and http: leave them out",
            given=("process", "host", "postgres", "cloudwatch"),
            forbids=("headers",),
        ),
    ),
    "MonitorLevels": (
        *_any_of("Write warn, fail or min", "warn", "fail", "min"),
        Rule(
            "within says when min must be reached: write min too",
            given=("within",),
            needs=("min",),
        ),
    ),
    "MonitorSeries": _one_of("A series", "query", "stat", "json"),
    "Prices": _any_of("Write a price, such as generator_hour: 2 USD", *Prices.model_fields),
    "Persona": _at_most_one("A persona", "weight", "users"),
    "RateLevels": _LEVELS,
    "RiseLevels": _LEVELS,
    "FallLevels": _LEVELS,
    "PointsLevels": _LEVELS,
    "Budget": _any_of("Write a budget, such as p95: +10%", *Budget.model_fields),
    "TestBudget": _any_of("Write a budget, such as p95: +10%", *TestBudget.model_fields),
    "ShareLevels": _LEVELS,
    "Stage": _one_of("A stage", "users", "arrivals"),
    "UsersLevels": _LEVELS,
    "Objective": (
        *_any_of("An objective needs slo, budget or both", "slo", "budget"),
        Rule(
            "during is about limits, and a budget compares the holds: leave it out",
            given=("during",),
            without=("slo",),
            forbids=("during",),
        ),
    ),
    "Slo": _any_of("Write a limit, such as p95: 300ms", *Slo.model_fields),
    "TextCheck": _conditions("equals", "contains", "matches"),
    "Test": (
        Rule(
            "stages stand instead of users and duration: keep one of the two",
            given=_SHORT,
            forbids=("stages",),
        ),
        Rule(
            "A test needs users and duration, arrivals and duration, or stages",
            without=("stages", "arrivals"),
            needs=("users", "duration"),
        ),
        Rule("arrivals needs a duration", given=("arrivals",), needs=("duration",)),
        Rule(
            "arrivals stand instead of users and spawn_rate: keep one of the two",
            given=("arrivals",),
            forbids=("users", "spawn_rate"),
        ),
        Rule(
            "recommend is a share of the capacity that stop_when finds: write stop_when, too",
            given=("recommend",),
            needs=("stop_when",),
        ),
    ),
}
"""By model. The models check the same; a property test holds the two together."""
