"""pydantic's errors as mistakes of a file, each once; what is right is still checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError

from perfspec.spec.model import Spec
from perfspec.spec.persona import STEP_WORDS
from perfspec.spec.prune import LEFT_OUT, with_stubs, without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from perfspec.spec.findings import Findings
    from perfspec.spec.keys import Keys
    from perfspec.spec.tree import Node, Path

_ROUNDS: Final = 12
_AT_KEY: Final = frozenset(
    {"missing", "extra_forbidden", "perfspec", "perfspec_lacking", "too_short", "too_long"}
)
_SECTIONS: Final = ("environments", "endpoints", "personas", "tests")
_PRESENT: Final = frozenset({"perfspec"})
"""Mistakes that no missing part explains: they are told even where something was left out."""


class Shaped(NamedTuple):
    """A spec and the tree that it was read from; ``whole`` when nothing had to be left out."""

    spec: Spec
    tree: Node
    whole: bool


def check_shape(root: Node, findings: Findings, variables: Mapping[str, str]) -> Shaped | None:
    """The spec without what is wrong in it; None when nothing of it can be read.

    Mistakes go to ``findings``.
    """
    tree, whole = root, True
    for _ in range(_ROUNDS):
        data = with_stubs(tree) if not whole else tree.data
        try:
            spec = Spec.model_validate(data, context=variables)
        except ValidationError as error:
            errors = error.errors(include_url=False)
        else:
            return Shaped(spec if whole else _without_stubs(spec, tree), tree, whole)
        _tell(errors, tree, findings, follow_up=not whole)
        tree = without(tree, _without_culprits(errors, tree))
        whole = False
    return None


def _without_stubs(spec: Spec, tree: Node) -> Spec:
    real: dict[str, dict[str, object]] = {}
    for name in _SECTIONS:
        section = tree.child(name)
        written = section.names() if section is not None else []
        real[name] = {key: each for key, each in getattr(spec, name).items() if key in written}
    return spec.model_copy(update=real)


_STAND_INS: Final[dict[str, object]] = {
    "read_duration": "1s",
    "read_range": "1s",
    "read_size": "1B",
    "read_rate": "1/s",
    "read_share": "50%",
    "read_count": 1,
    "read_times": 1,
}


def _without_culprits(errors: list[ErrorDetails], tree: Node) -> dict[Path, object]:
    """What is left out to try again: wrong values, and mappings that lack a key.

    A wrong quantity has a stand-in, so that the mapping around it is still looked at.
    """
    from perfspec.spec.keys import Keys  # noqa: PLC0415  (on the error path)

    keys = Keys(lambda *_: None)
    found: dict[Path, object] = {}
    for error in errors:
        path, _ = tree.nearest(error["loc"])
        unfit = error["type"] == "perfspec_quantity"
        stand_in = _STAND_INS.get(keys.reader(error["loc"]), LEFT_OUT) if unfit else LEFT_OUT
        if len(path) > 1 and path[-1] in STEP_WORDS and isinstance(path[-2], int):
            path = path[:-1]  # without its word, the rest of a step means something else
        if path:
            found[path] = stand_in
    return found


def _tell(errors: list[ErrorDetails], tree: Node, findings: Findings, *, follow_up: bool) -> None:
    from perfspec.spec.keys import Keys  # noqa: PLC0415  (on the error path)

    keys = Keys(findings.near)
    bad = {error["input"] for error in errors if error["loc"][-1:] == ("[key]",)}
    by_path: dict[tuple[Path, str], list[ErrorDetails]] = {}
    for error in errors:
        path, node = tree.nearest(error["loc"])
        lost = str(error["loc"][-1]) if error["type"] == "missing" else ""
        known = error["type"] == "string_pattern_mismatch" and error["input"] in bad
        known = known and error["loc"][-1:] != ("[key]",)  # the name is told where it is given
        if not (node.refused or known or (follow_up and error["type"] not in _PRESENT)):
            by_path.setdefault((path, lost), []).append(error)
    meant = set()
    inner = {path[:end] for path, _ in by_path for end in range(len(path))}
    for (path, lost), found in by_path.items():
        if not lost and not (len(found) > 1 and path in inner):  # a list among kinds: its entry
            meant |= _report(path, found, tree, findings, keys)
    for (path, lost), found in by_path.items():
        if lost and (path, lost) not in meant:
            _report(path, found, tree, findings, keys)


def _report(
    path: Path, errors: list[ErrorDetails], tree: Node, findings: Findings, keys: Keys
) -> set[tuple[Path, str]]:
    """Tell one mistake; return the key that was meant by an unknown one, with its mapping."""
    from perfspec.spec.wording import BOUNDS, kinds, word  # noqa: PLC0415  (on the error path)

    node = tree.find(path) or tree
    parent = tree.find(path[:-1]) or tree
    exact = [e for e in errors if e["type"] == "string_pattern_mismatch" or e["type"] in BOUNDS]
    chosen = exact[0] if exact else errors[0]
    many = len(errors) > 1 and not exact and chosen["input"] is not None
    said = kinds(errors, path, keys) if many else word(chosen, path, parent, keys)
    at_key = (
        chosen["type"] in _AT_KEY or chosen["loc"][-1:] == ("[key]",) or chosen["input"] is None
    )
    place = node.key if at_key and node.key is not None else node.place
    findings.error(place, said.code, said.message, said.hint)
    hint = said.hint or ""
    if chosen["type"] == "extra_forbidden" and hint.startswith("did you mean '"):
        return {(path[:-1], hint.split("'")[1])}
    return set()
