"""What an editor offers to write where a new entry of the spec begins."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

Node = dict[str, Any]


class Entry(NamedTuple):
    """A named entry of one of the root's mappings; ``${1:…}`` are what is to be changed."""

    key: str
    model: str
    name: str
    bodies: dict[str, Node]  # the first is offered with its name, all where a name stands already


_USERS: Final = {"users": "${2:5}", "duration": "${3:2m}", "slo": {"error_rate": "${4:1%}"}}
_ENTRIES: Final = (
    Entry(
        "environments",
        "Environment",
        "${1:local}",
        {
            "new environment": {"url": "${2:http://127.0.0.1:8080}"},
            "new environment with a service": {
                "url": "${2:http://127.0.0.1:8080}",
                "services": {"${3:app}": {"run": "${4:make serve}", "ready": "GET ${5:/health}"}},
            },
        },
    ),
    Entry(
        "endpoints",
        "Endpoint",
        "${1:books}",
        {
            "new endpoint": {"request": "GET ${2:/books}", "slo": {"p95": "${3:300ms}"}},
            "new endpoint with a JSON body": {
                "request": "POST ${2:/orders}",
                "json": {"${3:title}": '"{{ ${4:title} }}"'},
                "expect": {"status": "${5:201}"},
                "capture": {"${6:order}": "${7:$.id}"},
            },
        },
    ),
    Entry(
        "personas",
        "Persona",
        "${1:reader}",
        {
            "new persona": {
                "weight": "${2:100}",
                "think": "${3:1s..5s}",
                "journey": ["${4:endpoint}"],
            }
        },
    ),
    Entry(
        "tests",
        "Test",
        "${1:smoke}",
        {
            "new test": _USERS,
            "new test in stages": {
                "stages": [
                    {"users": "${2:10}", "ramp": "${3:2m}", "hold": "${4:8m}"},
                    {"users": 0, "ramp": "${5:1m}"},
                ],
                "slo": {"error_rate": "${6:1%}"},
            },
        },
    ),
    Entry(
        "data",
        "Data",
        "${1:accounts}",
        {"new data": {"csv": "${2:accounts.csv}", "pick": "${3:unique}"}},
    ),
)
WORDS: Final[dict[str, Any]] = {
    "group": "${1:name}",
    "mix": "{ ${1:endpoint}: ${2:60}, ${3:another}: ${4:40} }",
    "think": "${1:2s}",
    "set": "{ ${1:name}: ${2:value} }",
    "call": "${1:module}:${2:function}",
    "connect": "${1:endpoint}",
    "receive": "${1:endpoint}",
    "stream": "${1:endpoint}.${2:message}",
    "close": "${1:endpoint}",
}
"""What follows the word that says what a step is."""
_STEPS: Final[dict[str, Node]] = {
    "new step with options": {"${1:endpoint}": {"times": "${2:1..3}"}},
    "new group": {"group": "${1:name}", "steps": ["${2:endpoint}"]},
}


def add_snippets(schema: Node) -> None:
    """Put them where the editor looks for them: at the mapping of names, and at what a name has."""
    defs = schema["$defs"]
    for key, model, name, bodies in _ENTRIES:
        defs[model]["defaultSnippets"] = [snippet(*each) for each in bodies.items()]
        label, body = next(iter(bodies.items()))
        schema["properties"][key]["defaultSnippets"] = [snippet(label, {name: body})]
    steps = [snippet(*each) for each in _STEPS.items()]
    for key in ("on_start", "journey", "on_stop"):
        defs["Persona"]["properties"][key]["defaultSnippets"] = steps
    defs["GroupStep"]["properties"]["steps"]["defaultSnippets"] = steps


def snippet(label: str, body: Any) -> Node:  # noqa: ANN401  (any JSON value)
    """What an editor offers under a label."""
    return {"label": label, "body": body}
