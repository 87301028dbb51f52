"""The rules of the house: small modules that say what they are for, and one place for every effect."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "perfspec").rglob("*.py"))
}
MAY_EXIT = ("perfspec/cli/", "perfspec/demo/")


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, text in MODULES.items() if not ast.get_docstring(ast.parse(text))]
    assert not silent


def test_no_module_is_longer_than_350_lines() -> None:
    lines = {name: text.count("\n") for name, text in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > 350} == {}


def test_the_usual_module_has_130_lines_at_most() -> None:
    sizes = [text.count("\n") for name, text in MODULES.items() if "__init__" not in name]
    assert median(sizes) <= 130


NOUNS = re.compile(
    r" (comparable |exceeded |more )?(blocks|budgets|connections|cores|errors|files|journeys|kinds"
    r"|levels|limits|readings|records|requests|rows|samples|tests|users|warnings|workers)\b(?!/)"
)


def test_a_noun_after_a_number_agrees_with_it() -> None:
    """``1 users`` is what a format string says that does not ask ``units.counted``."""
    found = [
        f"{name}:{node.lineno}:{noun.value!r}"
        for name, text in MODULES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.JoinedStr)
        for number, noun in pairwise(node.values)
        if isinstance(number, ast.FormattedValue)
        and not (isinstance(number.value, ast.Name) and number.value.id.isupper())
        and isinstance(noun, ast.Constant)
        and NOUNS.match(str(noun.value))
    ]
    assert found == []


def test_only_the_command_line_exits() -> None:
    """ruff bans the calls (below); this is the statement that it does not see."""
    found = [
        f"{name}:{node.lineno}"
        for name, text in MODULES.items()
        if not name.startswith(MAY_EXIT) and not name.endswith("__main__.py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Raise) and "SystemExit" in ast.dump(node)
    ]
    assert not found


@pytest.mark.xdist_group("house")
def test_groups_of_tests_stay_together(request: pytest.FixtureRequest) -> None:
    """`--dist loadgroup` tells a group by the node id, and does nothing where it cannot change it."""
    grouped = request.config.getoption("loadgroup", default=False)
    assert not grouped or request.node.nodeid.endswith("@house")


EFFECTS = {
    "print(1)": "T201",
    "sys.exit(1)": "TID251",
    "os._exit(1)": "TID251",
    "sys.stdout.write('')": "TID251",
    "sys.argv.pop()": "TID251",
    "time.sleep(1)": "TID251",
    "time.time()": "TID251",
    "datetime.now(UTC)": "TID251",
    "gevent.monkey.patch_all()": "TID251",
}
PROGRAM = (
    "import os\nimport sys\nimport time\nfrom datetime import UTC, datetime\nimport gevent.monkey\n"
)


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("perfspec/judge/any.py", set()),
        ("perfspec/run/driver/any.py", set()),
        ("tests/unit/any.py", set()),
        ("perfspec/cli/any.py", {"T201", "TID251"}),
        ("perfspec/clock.py", {"TID251"}),
        ("perfspec/run/driver/__main__.py", {"TID251"}),
    ],
)
def test_ruff_finds_effects_where_they_do_not_belong(module: str, allowed: set[str]) -> None:
    lines = PROGRAM.splitlines() + list(EFFECTS)
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select=T20,TID"]
    options = ["--output-format=concise", f"--stdin-filename={module}", "-"]
    program = "\n".join(lines) + "\n"
    result = subprocess.run(
        [*command, *options], input=program, cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = {int(each.split(":")[1]) for each in result.stdout.splitlines() if ".py:" in each}
    expected = {lines.index(each) + 1 for each, code in EFFECTS.items() if code not in allowed}
    assert found - set(range(len(PROGRAM.splitlines()) + 1)) == expected
