"""What people see of the JSON Schema in an editor, in the language server that editors run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.editor.lsp import SERVER, Editor, Problem, running_editor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("editor")]
HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "schema/perfspec.schema.json"
GOOD = (HERE / "good.yaml").read_text("utf-8")
MISTAKES = YAML(typ="safe", pure=True).load((HERE / "mistakes.yaml").read_text("utf-8"))
MARK = "▸"


@pytest.fixture(scope="module")
def editor(eventually: Eventually) -> Iterator[Editor]:
    assert SERVER.exists(), "`make test` installs the language server"
    with running_editor(SCHEMA, eventually) as running:
        yield running


@pytest.fixture(scope="module")
def opened(editor: Editor) -> dict[str, str]:
    """Names of all texts with a mistake, opened together: the server thinks before it speaks."""
    return {name: editor.open(mistaken(name).replace(MARK, "")) for name in MISTAKES}


def mistaken(name: str) -> str:
    before, after = MISTAKES[name]["change"], MISTAKES[name]["to"]
    assert GOOD.count(before) == 1
    return GOOD.replace(before, after)


def test_a_good_spec_has_no_squiggle(editor: Editor) -> None:
    assert editor.problems(editor.open(GOOD)) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_one_message_at_its_place(
    name: str, editor: Editor, opened: dict[str, str]
) -> None:
    before = mistaken(name).partition(MARK)[0]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    says, more, _ = MISTAKES[name]["says"].partition("…")
    problems = editor.problems(opened[name])
    if more:
        problems = [each._replace(message=each.message[: len(says)]) for each in problems]
    assert problems == [Problem(line, column, says)]


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("a typo in a test", "duration"),
        ("a metric that is not known", "p99"),
        ("a pick that is not known", "round_robin"),
    ],
)
def test_a_typo_has_a_quick_fix(
    name: str, fix: str, editor: Editor, opened: dict[str, str]
) -> None:
    assert fix in editor.fixes(opened[name])


OPTIONS = "only_if, chance, times, think, set, if_fails"
OFFERED = {
    "the file": (
        "perfspec: 1\n‸",
        "name, environments, endpoints, personas, tests, data, slo, objectives, sequences, hooks",
    ),
    "environments": ("environments:\n  ‸", "new environment, name"),
    "endpoints": ("endpoints:\n  ‸", "new endpoint, name"),
    "personas": ("personas:\n  ‸", "new persona, name"),
    "tests": ("tests:\n  ‸", "new test, name"),
    "an environment": ("environments:\n  local:\n    ‸", "url, services, allow_hosts, protected"),
    "an endpoint": (
        "endpoints:\n  books:\n    ‸",
        "new endpoint with a JSON body, request, json, form, expect, capture, retry, poll, slo",
    ),
    "expect": ("endpoints:\n  books:\n    expect:\n      ‸", "status, json, headers, body"),
    "slo": ("slo:\n  ‸", "p50, p95, p99, error_rate, availability, throughput, errors"),
    "slo, begun": ("slo:\n  p9‸", "p90, p95, p99, p99_9"),
    "a limit": ("slo:\n  p95:\n    ‸", "warn, fail, min_samples"),
    "error classes": ("slo:\n  errors:\n    ‸", "connect, dns, timeout, throttled, auth, check"),
    "a persona": ("personas:\n  a:\n    ‸", "weight, data, auth, think, on_start, journey, mix"),
    "a journey": ("personas:\n  a:\n    journey:\n      ‸", "new step with options, new group"),
    "a step": ("personas:\n  a:\n    journey:\n      - ‸", "group, mix, think, set, call"),
    "a step's options": ("personas:\n  a:\n    journey:\n      - books:\n          ‸", OPTIONS),
    "a group": ("personas:\n  a:\n    journey:\n      - group: b\n        ‸", f"steps, {OPTIONS}"),
    "a test": ("tests:\n  a:\n    ‸", "new test in stages, users, duration, stages, every_step"),
    "a stage": ("tests:\n  a:\n    stages:\n      - ‸", "users, ramp, hold, jitter"),
    "an entry": ("sequences:\n  a:\n    - smoke:\n        ‸", "on_fail, time_scale"),
    "pick": ("data:\n  a:\n    pick: ‸", "unique, round_robin, random"),
    "during": ("tests:\n  a:\n    during: ‸", "hold, ramp, all"),
    "endpoint_limits": ("tests:\n  a:\n    endpoint_limits: ‸", 'fail, warn, "off"'),
    "every_step": ("tests:\n  a:\n    every_step: ‸", "true, false"),
    "a duration": ("tests:\n  a:\n    duration: ‸", "300ms, 2s, 5m, 1h30m"),
    "a request": ("endpoints:\n  a:\n    request: ‸", "GET /, POST /, PUT /, PATCH /, DELETE /"),
}


@pytest.mark.parametrize("place", OFFERED)
def test_what_fits_is_offered(place: str, editor: Editor) -> None:
    text, words = OFFERED[place]
    assert set(words.split(", ")) <= editor.completions(text + "\n").keys()


def test_only_what_fits_is_offered(editor: Editor) -> None:
    options = editor.completions(OFFERED["a step's options"][0] + "\n")
    assert options.keys() == set(OPTIONS.split(", "))
    left = editor.completions("tests:\n  a:\n    stages:\n      - users: 1\n        ‸\n")
    assert left.keys() == {"arrivals", "ramp", "hold", "jitter"}


def test_a_new_entry_is_written_whole(editor: Editor) -> None:
    inserted = editor.completions("endpoints:\n  ‸\n")["new endpoint"]
    assert inserted == ("${1:books}:\n  request: GET ${2:/books}\n  slo:\n    p95: ${3:300ms}")
    inserted = editor.completions("perfspec: 1\n‸\n")["tests"]
    assert inserted.startswith("tests:\n  ${1:smoke}:\n    users: ${2:5}\n    duration: ${3:2m}\n")


EXPLAINED = {
    "slo:\n  p9‸5: 300ms": ("Latency of 95 % of the requests", "p95: 300ms"),
    "slo:\n  errors:\n    thr‸ottled: 5%": ("Status 429", "throttled: 5%"),
    "end‸points:\n  books: { request: GET / }": ("Requests, each with a name", "endpoints:"),
    "endpoints:\n  books:\n    req‸uest: GET /": ("Method and path", "GET /books/{book_id}"),
    "tests:\n  a:\n    end‸point_limits: warn": ("What limits on endpoints lead to", "A breach"),
    "data:\n  a:\n    pick: uni‸que": ("How rows are given out", "also across processes"),
    "personas:\n  a:\n    journey:\n      - gr‸oup: b": (
        "Steps measured as one",
        "group: checkout",
    ),
    "personas:\n  a:\n    journey:\n      - b: { ti‸mes: 2 }": ("How many times", "times: 1..3"),
    "personas:\n  a:\n    journey:\n      - thi‸nk: 2s": ("A pause", "think: 2s"),
    "environments:\n  local:\n    prot‸ected: { max_users: 1 }": ("--confirm", "max_users: 60"),
    "sequences:\n  a:\n    - b: { time_sc‸ale: 10% }": ("Shortens ramp", "time_scale: 10%"),
    "endpoints:\n  bo‸oks: { request: GET / }": ("One kind of request",),
}


@pytest.mark.parametrize("text", EXPLAINED)
def test_a_key_is_explained_with_an_example(text: str, editor: Editor) -> None:
    shown = editor.hover(text + "\n")
    for words in EXPLAINED[text]:
        assert words in shown
