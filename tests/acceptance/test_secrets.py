"""A different secret is planted in every input of a run, and every output is searched for all."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlsplit

import pytest

from tests.commands import Done, Kept, perfspec, write_spec
from tests.targets import Answer, json_answer, running_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.targets import Received, Target

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("secrets")]

DECLARED = {
    "URL_USER": "url-user",
    "URL_PW": "url password",
    "QUERY": "query",
    "BASE_QUERY": "query in the middle of a path",
    "HEADER": "header",
    "BODY": "body",
    "FORM": "form",
    "HOOK": "hook",
    "SERVICE": "service",
    "PASSED": "variable of a service",
    "BASIC": "basic auth",
    "CALLED": "python function",
    "COLUMN": "generated column",
    "DEFAULT": "default header",
    "EXPECTED": "expected value",
    "SET": "variable of a journey",
}
"""Environment variables of ``secrets``, with what they are planted in."""

MADE_BY_HOOK = "hook/made+by=Ärger&"
ROWS = [f"row{n}/pass+word=ü{n}&" for n in range(4)]
TOKEN, COOKIE, LATER_COOKIE = "tok/en+of=login", "cookie-of-the-login", "cookie-of-a-redirect"
"""What only the target's answers hold: used as credentials, never declared."""

SPEC = """\
perfspec: 1
name: secrets
environments:
  local:
    url: "http://<authority>"
    allow_hosts: ["<elsewhere>"]
    services:
      helper:
        run: <python> service.py ${SERVICE}
        env: { ANOTHER: "${PASSED}" }
secrets: [<names>, MADE, people.password, numbered.code]
hooks:
  before:
    run: <python> hook.py before ${HOOK}
    creates: people.json
    verify: <python> hook.py verify ${HOOK}
  after: { run: "<python> hook.py after ${HOOK}" }
data:
  people: { json: people.json, rows: $.people, pick: unique }
  numbered: { generate: { code: "${COLUMN}{1..9}" } }
defaults: { headers: { X-Default: "${DEFAULT}" } }
endpoints:
  login:
    request: POST /login
    auth: none
    json: { password: "{{ user.password }}", hidden: "${BODY}", made: "${MADE}" }
    capture: { token: $.token, known: { cookie: session } }
  echo:
    request: GET /echo?in_path=${BASE_QUERY}
    query: { secret: "${QUERY}", code: "{{ numbered.code }}" }
    headers: { X-Secret: "${HEADER}", X-Made: "${MADE}", X-Row: "{{ user.password }}" }
    expect: { json: { $.headers.x-secret: no } }
  echo_query: { request: "GET /echo?in_path=${BASE_QUERY}", query: { s: "${QUERY}" }, expect: { json: { $.url: no } } }
  echo_made: { request: GET /echo, headers: { X: "${MADE}" }, expect: { json: { $.headers.x: no } } }
  echo_row: { request: GET /echo, headers: { X: "{{ user.password }}" }, expect: { json: { $.headers.x: no } } }
  echo_code: { request: GET /echo, headers: { X: "{{ numbered.code }}" }, expect: { json: { $.headers.x: no } } }
  echo_default: { request: GET /echo, expect: { json: { $.headers.x-default: no } } }
  echo_set: { request: GET /echo, headers: { X: "{{ mine }}" }, expect: { json: { $.headers.x: no } } }
  echo_authorization: { request: GET /echo, expect: { json: { $.headers.authorization: no } } }
  echo_cookie: { request: GET /echo, expect: { json: { $.headers.cookie: no } } }
  echo_form: { request: POST /echo, form: { a: "${FORM}" }, expect: { json: { $.body: no } } }
  echo_json: { request: POST /echo, json: { a: "${BODY}" }, expect: { body: { matches: "^no" } } }
  echo_expected: { request: GET /echo, expect: { json: { $.url: "${EXPECTED}" } } }
  set_cookie: { request: GET /cookies, expect: { headers: { Set-Cookie: no } } }
  bare_token: { request: GET /token, expect: { json: { $.bare: no } } }
  bare_cookie: { request: GET /cookie, expect: { json: { $.bare: no } } }
  elsewhere: { request: "GET http://<elsewhere>/?s=${QUERY}" }
  moved: { request: GET /moved }
  broken: { request: GET /broken, query: { s: "${QUERY}" }, headers: { X: "{{ user.password }}" } }
personas:
  bearer:
    users: 2
    data: people
    auth: { bearer: "{{ token }}" }
    think: 10ms
    on_start: [login]
    journey:
      - echo: { if_fails: continue }
      - echo_query: { if_fails: continue }
      - echo_made: { if_fails: continue }
      - echo_row: { if_fails: continue }
      - echo_code: { if_fails: continue }
      - echo_default: { if_fails: continue }
      - echo_set: { if_fails: continue, set: { mine: "${SET}" } }
      - echo_authorization: { if_fails: continue }
      - echo_cookie: { if_fails: continue }
      - echo_form: { if_fails: continue }
      - echo_json: { if_fails: continue }
      - echo_expected: { if_fails: continue }
      - set_cookie: { if_fails: continue }
      - bare_token: { if_fails: continue }
      - bare_cookie: { if_fails: continue }
      - elsewhere: { if_fails: continue }
      - moved: { if_fails: continue }
      - broken: { if_fails: continue }
      - call: functions:leak
        if_fails: continue
  basic:
    users: 1
    auth: { basic: { user: ann, password: "${BASIC}" } }
    think: 10ms
    journey: [echo_authorization]
tests:
  load: { users: 3, duration: 2s, slo: { error_rate: 0% } }
"""
HOOK = """\
import base64, json, os, sys
from urllib.parse import quote
secret, made = sys.argv[2], {made!r}
for text in (secret, made, os.environ["HOOK"], *{rows!r}):
    print("hook says", text, base64.b64encode(text.encode()).decode(), quote(text, safe=""))
    print("on stderr", text, file=sys.stderr)
if sys.argv[1] == "before":
    with open(os.environ["PERFSPEC_ENV"], "a") as file:
        file.write("MADE=" + made + "\\n")
    with open("people.json", "w") as file:
        json.dump({{"people": [{{"password": each}} for each in {rows!r}]}}, file)
"""
SERVICE = """\
import base64, os, signal, sys, time
for text in (sys.argv[1], os.environ["SERVICE"], os.environ["ANOTHER"], os.environ["BODY"]):
    print("service says", text, base64.b64encode(("x" + text).encode()).decode(), flush=True)
    print("on stderr", text, file=sys.stderr, flush=True)
if "DIE" in os.environ:
    sys.exit(5)
signal.pause()
"""
FUNCTIONS = """\
import logging, os, sys
def leak(session):
    secret = os.environ["CALLED"]
    print("printed", secret)
    print("on stderr", secret, file=sys.stderr)
    logging.getLogger("theirs").error("logged %s", secret)
    raise ValueError("raised with " + secret + " and " + session.variables["user"]["password"])
"""


def value_of(name: str) -> str:
    """A secret that looks different in each way in which it may be written."""
    return f"{name.lower()}/{DECLARED[name]}+=ß&end"


VARIABLES = {name: value_of(name) for name in DECLARED if not name.startswith("URL_")} | {
    "URL_USER": "url-user-of-ours",
    "URL_PW": "url-password-of-ours",
}
PLANTED = {
    **VARIABLES,
    "MADE": MADE_BY_HOOK,
    **{f"row {n}": text for n, text in enumerate(ROWS)},
    **{f"code {n}": VARIABLES["COLUMN"] + str(n) for n in range(1, 10)},
    "token": TOKEN,
    "cookie": COOKIE,
    "cookie of a redirect": LATER_COOKIE,
}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    def echo(request: Received) -> Answer:
        query = "&".join(f"{name}={value}" for name, value in request.query)
        body = request.body.decode(errors="replace")
        shown = {"url": f"{request.path}?{query}", "headers": request.headers, "body": body}
        return json_answer(shown, headers={"Set-Cookie": f"again={LATER_COOKIE}"})

    def moved(_: Received) -> Answer:
        url = f"http://127.0.0.1:1/?s={quote(VARIABLES['QUERY'])}"
        return Answer(302, headers={"Location": url, "Set-Cookie": f"moved={LATER_COOKIE}"})

    def broken(request: Received) -> Answer:
        return Answer(500, echo(request).body)

    with running_target() as target:
        cookie = {"Set-Cookie": f"session={COOKIE}; HttpOnly"}
        target.on("/login", json_answer({"token": TOKEN}, headers=cookie))
        target.on("/echo", echo)
        target.on("/cookies", json_answer({}, headers=cookie))
        target.on("/token", json_answer({"bare": TOKEN}))
        target.on("/cookie", json_answer({"bare": COOKIE}))
        target.on("/moved", moved)
        target.on("/broken", broken)
        yield target


@pytest.fixture(scope="module")
def folder(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    host = urlsplit(target.url).netloc
    write_spec(
        folder,
        SPEC,
        python=sys.executable,
        names=", ".join(DECLARED),
        authority="${URL_USER}:${URL_PW}@" + host,
        elsewhere="127.0.0.1:9",
    )
    (folder / "tmp").mkdir()
    (folder / "hook.py").write_text(HOOK.format(made=MADE_BY_HOOK, rows=ROWS))
    (folder / "service.py").write_text(SERVICE)
    (folder / "functions.py").write_text(FUNCTIONS)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Done:
    return command(folder, "run")


def test_they_were_really_sent(run: Done, target: Target) -> None:
    """Else nothing would be shown by their absence."""
    assert run.code == 1, run.all
    echoed = target.seen("/echo")
    sent = {value for each in echoed for value in each.headers.values()}
    sent |= {value for each in echoed for _, value in each.query}
    lost = [
        name
        for name in ("QUERY", "HEADER", "DEFAULT", "SET", "MADE", "row 0", "code 1")
        if not {PLANTED[name], PLANTED[name].encode().decode("latin-1")} & sent
    ]
    assert lost == []
    authorizations = {each.headers.get("authorization") for each in echoed}
    basic = base64.b64encode(f"ann:{VARIABLES['BASIC']}".encode()).decode()
    assert authorizations == {f"Bearer {TOKEN}", f"Basic {basic}"}
    assert any(COOKIE in each.headers.get("cookie", "") for each in echoed)


def test_the_run_says_what_went_wrong_without_them(folder: Path, run: Done) -> None:
    assert "$.headers.x-secret: expected the text 'no', found the text '***'" in run.out
    messages = [each.message for each in Kept(folder).test("load").errors]
    assert "ValueError: raised with *** and ***" in messages
    assert "$.url: expected the text '***', found the text '/echo?'" in messages
    answers = [each.body for each in Kept(folder).test("load").errors if each.body]
    assert [each.split("headers")[0] for each in answers] == ['{"url": "/broken?s=***", "']


def test_no_stream_of_a_run_shows_one(run: Done) -> None:
    assert found_in(run.all) == []


def test_no_file_of_a_run_holds_one(folder: Path, run: Done) -> None:
    assert run.code == 1
    files = [each for each in (folder / ".perfspec").rglob("*") if each.is_file()]
    assert {each.name for each in files} >= {
        *("plan.json", "result.json", "verdict.json", "junit.xml", "summary.md", "windows.csv"),
        *("hook-before.log", "hook-after.log", "service-helper.log", "driver-load.log"),
    }
    logs = {each.name: each.read_text() for each in files if each.suffix == ".log"}
    for name in ("hook-before.log", "hook-after.log", "service-helper.log"):
        assert "says ***" in logs[name]
    found = [(each.name, *found_in(each.read_text(errors="replace"))) for each in files]
    assert [each for each in found if len(each) > 1] == []


COMMANDS = [
    ["lint"],
    ["plan"],
    ["plan", "--json"],
    ["judge"],
    ["judge", "--json"],
    ["report"],
    ["try"],
    ["try", "--headers"],
    ["try", "--json", "--headers"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_other_command_shows_one(folder: Path, run: Done, arguments: list[str]) -> None:
    assert run.code == 1
    done = command(folder, *arguments)
    assert done.code in {0, 1}, done.all
    assert done.out
    assert found_in(done.all) == []


def test_a_compiled_locustfile_holds_none(folder: Path, tmp_path: Path) -> None:
    done = command(folder, "compile", "--output", str(tmp_path))
    assert done.code == 0, done.err
    texts = [each.read_text() for each in tmp_path.iterdir()]
    assert len(texts) == 2
    assert found_in("\n".join([*texts, done.all])) == []


def test_neither_does_the_error_of_a_service_that_dies(folder: Path) -> None:
    done = command(folder, "run", DIE="1")
    assert done.code == 3
    assert "service says ***" in done.err
    assert found_in(done.all) == []


def test_nor_the_error_of_a_hook_that_fails(folder: Path) -> None:
    text = (folder / "hook.py").read_text()
    (folder / "hook.py").write_text(text + "sys.exit('failed with ' + made)\n")
    try:
        done = command(folder, "run")
    finally:
        (folder / "hook.py").write_text(text)
    assert done.code == 3
    assert "hook before ended with exit status 1" in done.err
    assert "failed with ***" in done.err
    assert found_in(done.all) == []


def test_temporary_files_are_gone(folder: Path, run: Done) -> None:
    assert run.code == 1
    assert list((folder / "tmp").iterdir()) == []


def command(folder: Path, *arguments: str, **more: str) -> Done:
    return perfspec(folder, *arguments, **VARIABLES, TMPDIR=str(folder / "tmp"), **more)


def found_in(text: str) -> list[str]:
    """Names of the secrets that stand in a text, in whichever form."""
    return [
        f"{name} ({form})"
        for name, secret in PLANTED.items()
        for form, written in forms(secret).items()
        if written in text
    ]


def forms(secret: str) -> dict[str, str]:
    """The ways in which a value may be written; each is long enough to be nothing else."""
    content = secret.encode()
    whole = {
        "plain": secret,
        "JSON": json.dumps(secret)[1:-1],
        "quoted": quote(secret, safe=""),
        "quoted path": quote(secret),
        "quoted form": quote_plus(secret),
        "base64": base64.b64encode(content).decode().rstrip("="),
        "base64 of URLs": base64.urlsafe_b64encode(content).decode().rstrip("="),
        "latin-1": content.decode("latin-1"),
        "hex": content.hex(),
    }
    inside = {
        f"base64 inside, {offset}": base64.b64encode(bytes(offset) + content).decode()[4:-4]
        for offset in (1, 2)
    }
    return whole | inside


def test_the_search_finds_what_is_there() -> None:
    secret = VARIABLES["HEADER"]
    for text in (
        secret,
        f"k={quote_plus(secret)}",
        base64.b64encode(f"a:{secret}".encode()).decode(),
    ):
        assert found_in(text)
    assert found_in("nothing of that kind") == []
