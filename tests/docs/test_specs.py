"""Every piece of YAML in the documentation is checked by perfspec lint, as a reader would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from perfspec.cli.lint import lint_file
from perfspec.spec.source import SpecSyntaxError
from perfspec.spec.yaml import parse
from tests.docs.pages import SPEC, Block, blocks

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.errors import Diagnostic


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.place)
def test_yaml_in_the_docs_lints(block: Block, tmp_path: Path) -> None:
    """A whole spec without any finding, a part without errors, a mistake with its codes."""
    complaints: list[str] = []
    text = whole_spec(block, complaints) if block.has("part") else block.text
    if complaints or text is None:
        codes = {each.split()[0] for each in complaints}
    else:
        found = [each for each in lint(text, tmp_path) if not (block.has("part") and each.warning)]
        complaints = [str(each) for each in found]
        codes = {each.code for each in found}
    assert codes == set(block.said("finds").split()), complaints


def test_a_mistake_in_a_block_is_found(tmp_path: Path) -> None:
    part = Block(
        "page.md", 1, "yaml", "request: GET /\ntimeout: 5\n", (("part", "endpoints.a"),), None
    )
    complaints: list[str] = []
    text = whole_spec(part, complaints)
    assert text is not None
    codes = [each.code for each in lint(text, tmp_path) if not each.warning]
    assert (complaints, codes) == ([], ["PS104"])
    broken = part._replace(text="request: GET /\nrequest: GET /a\n")
    whole_spec(broken, complaints)
    assert complaints[0].startswith("PS009")


def lint(text: str, folder: Path) -> tuple[Diagnostic, ...]:
    file = folder / "perfspec.yaml"
    file.write_text(text, encoding="utf-8")
    return lint_file(str(file))


def whole_spec(block: Block, complaints: list[str]) -> str | None:
    """The part in the minimal spec; None when it is no YAML."""
    try:
        tree = parse(
            block.text, lambda _, code, text, hint: complaints.append(f"{code} {text} ({hint})")
        )
    except SpecSyntaxError as error:
        complaints.append(f"{error.code} {error.message} ({error.hint})")
        return None
    if complaints:
        return None
    return json.dumps(embedded(tree.data, block.said("part")), indent=1)


def embedded(part: object, place: str) -> object:
    """The minimal spec with the part at its place; what stands beside it stays."""
    whole = parse(SPEC, lambda *problem: pytest.fail(str(problem)))
    path = place.split(".") if place else []
    for name in reversed(path):
        part = {name: part}
    return merged(whole.data, part, depth=max(len(path), 2))


def merged(below: object, above: object, depth: int) -> object:
    if not depth or not isinstance(below, dict) or not isinstance(above, dict):
        return above
    both = {name: merged(below[name], above[name], depth - 1) for name in below if name in above}
    return {**below, **above, **both}
