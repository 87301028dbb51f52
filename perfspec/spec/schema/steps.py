"""Steps of a journey and entries of a sequence: a name, or a name with options beneath it."""

from __future__ import annotations

from typing import Any

from perfspec.spec.persona import CHANNEL_WORDS, OPTION_WORDS, STEP_WORDS
from perfspec.spec.schema.generator import STEP
from perfspec.spec.schema.rules import none_of
from perfspec.spec.schema.snippets import WORDS, snippet

Node = dict[str, Any]
_REF = "#/$defs/"
_CHOSEN = ("set", "think", *CHANNEL_WORDS, "call", "mix", "group")  # the last is looked for first
_ALONE = ("think", "set")  # a step that takes no options
_FITTING = (
    "A step is an endpoint's name, alone or with options beneath it "
    f"({', '.join(OPTION_WORDS)}), or one of {', '.join(STEP_WORDS)}"
)


def with_steps(schema: Node) -> Node:
    """The generator's schema with steps as a definition, and options that must stand beneath."""
    defs = schema["$defs"]
    defs["Step"] = _step(_kinds(schema), defs)
    defs["StepOptions"]["errorMessage"] = _FITTING
    done: Node = _replaced(schema, defs)
    return done


def _kinds(node: Any) -> Node:  # noqa: ANN401  (any JSON value)
    """Members of the union of steps, by tag; {} when it is not below ``node``."""
    match node:
        case dict() if STEP in node:
            kinds: Node = node[STEP]
            return kinds
        case dict():
            return next(filter(None, map(_kinds, node.values())), {})
        case _:
            return {}


def _replaced(node: Any, defs: Node) -> Any:  # noqa: ANN401  (any JSON value)
    match node:
        case dict() if STEP in node:
            return {"$ref": f"{_REF}Step"}
        case {"maxProperties": 1, "additionalProperties": {"$ref": ref}}:
            return _with_options_beneath(node, defs[ref.removeprefix(_REF)])
        case dict():
            return {key: _replaced(each, defs) for key, each in node.items()}
        case list():
            return [_replaced(each, defs) for each in node]
        case _:
            return node


def _with_options_beneath(node: Node, options: Node) -> Node:
    """A mapping of one name to its options; options beside the name are the classic mistake."""
    keys = tuple(options["properties"])
    beside = {
        "properties": dict.fromkeys(keys, False),
        "errorMessage": "Options stand beneath the name: - NAME: { … }",
    }
    several = _refuse_mapping(options["errorMessage"])
    moved = ("propertyNames", "additionalProperties")
    return {
        **{key: each for key, each in node.items() if key not in {*moved, "maxProperties"}},
        "if": {"maxProperties": 1},
        "then": {key: node[key] for key in moved},
        "else": {"if": none_of(keys), "then": several, "else": beside},
    }


def _step(kinds: Node, defs: Node) -> Node:
    """A name; or a mapping that one of the words names; or a mapping of a name to options."""
    rules: Node = {key: each for key, each in kinds["<endpoint>"].items() if key != "type"}
    rules["properties"] = {word: _hint(word, kinds, defs) for word in STEP_WORDS}
    for word in _CHOSEN:
        condition: Node = {"type": "object", "required": [word]}
        then = kinds[f"<{word}>"]
        if word in _ALONE:
            condition["propertyNames"] = {"enum": list(OPTION_WORDS)}
            more = _refuse_mapping(f"{word} takes no options: give each a dash of its own")
            then = {"if": {"maxProperties": 1}, "then": then, "else": more}
        rules = {"if": condition, "then": then, "else": rules}
    return {
        **kinds["<text>"],
        "description": "One step of a journey",
        "type": ["string", "object"],
        "patternErrorMessage": "Write the name of an endpoint",
        "errorMessage": _FITTING,
        **rules,
    }


def _refuse_mapping(message: str) -> Node:
    return {"type": "string", "errorMessage": message}


def _hint(word: str, kinds: Node, defs: Node) -> Node:
    """What an editor says and offers for a word before anything stands beneath it."""
    model = defs[kinds[f"<{word}>"]["$ref"].removeprefix(_REF)]
    description = model["properties"][word]["description"]
    return {"description": description, "defaultSnippets": [snippet(word, WORDS[word])]}
