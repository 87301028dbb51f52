"""What a team may write. Shapes only: no file, no network, no Locust."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, model_validator

from perfspec.spec.base import (
    Duration,
    Name,
    Scalar,
    Strict,
    Text,
    by_shape,
    literally,
    only_one,
    wrong,
)
from perfspec.spec.budget import Baseline, TestBudget, Waiver
from perfspec.spec.headers import Headers
from perfspec.spec.limits import Slo
from perfspec.spec.load import Test
from perfspec.spec.monitor import Monitor
from perfspec.spec.objective import Objective
from perfspec.spec.persona import Persona
from perfspec.spec.prices import Prices
from perfspec.spec.protected import Protected
from perfspec.spec.request import Endpoint, FileClass
from perfspec.spec.sequence import Sequence

_VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"
_USER = rf"(([A-Za-z0-9._~!$&'()*+,;=:%-]|{_VARIABLE})*@)?"
_HOST = rf"(\[[0-9A-Fa-f:.]+\]|([A-Za-z0-9._-]|{_VARIABLE})+)"
_PATH = rf"([^\s?#]|{_VARIABLE})*"
_TO_65535 = (
    "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
_PORT = rf"(:({_TO_65535}|{_VARIABLE}))?"
Url = Annotated[
    str,
    Field(
        pattern=rf"^(https?://{_USER}{_HOST}{_PORT}(/{_PATH})?|{_VARIABLE}{_PATH})$",
        json_schema_extra={
            "patternErrorMessage": "Write a URL such as https://api.example.com, or ${NAME}"
        },
    ),
]
Ready = Annotated[
    str,
    Field(
        pattern=r"^(GET|HEAD|POST) +(/|https?://|\$\{)\S*$",
        json_schema_extra={"patternErrorMessage": "Write a request such as GET /health"},
    ),
]
Host = Annotated[
    str,
    Field(
        pattern=r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+|\$\{[^}]+\})"
        rf"(:({_TO_65535}|\$\{{[^}}]+\}}))?$",
        json_schema_extra={"patternErrorMessage": "Write a host such as uploads.example.com"},
    ),
]
Secret = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z_][A-Za-z0-9_]*|[a-z][a-z0-9_]*\.[A-Za-z0-9_-]+)$",
        json_schema_extra={"patternErrorMessage": "Write NAME of a variable, or data.column"},
    ),
]


class Service(Strict):
    """A process that is started before the run and stopped after it."""

    run: Text = Field(
        description="The command that serves. Example: `run: python -m perfspec.demo`"
    )
    ready: Ready | None = Field(
        None,
        description="Polled until it answers 2xx; before that nothing is tested. "
        "Example: `ready: GET /health`",
    )
    ready_timeout: Duration = Field(
        60.0,
        description="How long `ready` may take, 1m when left out. Example: `ready_timeout: 30s`",
    )
    directory: Text = Field(
        ".",
        description="Where the command runs, from the spec's own folder. "
        "Example: `directory: backend`",
    )
    env: dict[Text, Scalar] | None = Field(
        None,
        description="Environment variables of the command. Example: `env: { LOG_LEVEL: warning }`",
    )


class Environment(Strict):
    """A place to send load to."""

    url: Url = Field(
        description="Where the endpoints' paths begin. Example: `url: http://127.0.0.1:8800`"
    )
    services: dict[Name, Service] | None = Field(
        None,
        description="Processes that are started before the run and stopped after it. "
        "Example: `services: { api: { run: make serve, ready: GET /health } }`",
    )
    allow_hosts: list[Host] | None = Field(
        None,
        description="Hosts that requests may reach beside the url's own. "
        "Example: `allow_hosts: [cdn.example.com]`",
    )
    monitors: dict[Name, Monitor] | None = Field(
        None,
        description="Beside the root's, or instead of one of the same name. "
        "Example: `monitors: { db: { postgres: '${STAGING_DATABASE_URL}' } }`",
    )
    slo: Slo | None = Field(
        None,
        description="Replaces the root's, metric by metric. Example: `slo: { availability: 99% }`",
    )
    protected: Protected | None = Field(
        None,
        description="Runs only with --confirm, and within these bounds. "
        "Example: `protected: { max_users: 60 }`",
    )


Paths = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[list[Text], Field(min_length=1), Tag("<list>")],
    by_shape("a path or a list of paths"),
]


class Hook(Strict):
    """A command around the tests."""

    run: Text = Field(description="The command that runs. Example: `run: python seed.py up`")
    creates: Paths | None = Field(
        None, description="Files that must exist afterwards. Example: `creates: build/users.json`"
    )
    verify: Text | None = Field(
        None,
        description="A command that must succeed afterwards. "
        "Example: `verify: python seed.py check`",
    )
    timeout: Duration = Field(
        300.0, description="How long it may take, 5m when left out. Example: `timeout: 2m`"
    )


class Hooks(Strict):
    """Once a run: services ready, before, tests, after, services down."""

    before: Hook | None = Field(
        None,
        description="Once services are ready, before the first test. "
        "Example: `before: { run: python seed.py up }`",
    )
    after: Hook | None = Field(
        None,
        description="After the last test, whatever happened since `before` began. "
        "Example: `after: { run: python seed.py down }`",
    )


class Data(Strict):
    """Rows or files for virtual users."""

    json_: Text | None = Field(
        None, alias="json", description="A JSON file with a list of rows. Example: `json: u.json`"
    )
    jsonl: Text | None = Field(
        None, description="A file with a JSON object in each line. Example: `jsonl: users.jsonl`"
    )
    csv: Text | None = Field(
        None, description="A CSV file with a header line. Example: `csv: users.csv`"
    )
    generate: dict[Name, Scalar] | None = Field(
        None,
        min_length=1,
        description="Columns of rows that are made up; {001..500} counts. "
        'Example: `generate: { email: "u{1..50}@example.com" }`',
    )
    files: dict[Name, FileClass] | None = Field(
        None,
        min_length=1,
        description="Files to send, one drawn by weight each time. "
        "Example: `files: { small: { size: 50KB, weight: 3 }, large: { size: 2MB } }`",
    )
    rows: Text | None = Field(
        None, description="Where the rows stand in the JSON file. Example: `rows: $.users`"
    )
    pick: Literal["unique", "round_robin", "random"] = Field(
        "round_robin",
        description="How rows are given out, round_robin when left out. Example: `pick: unique`",
        json_schema_extra={
            "markdownEnumDescriptions": [
                "Each user has a row of its own, also across processes",
                "One after the other, then again from the first",
                "Any row, drawn anew each time",
            ]
        },
    )
    each: Literal["user", "journey"] = Field(
        "user",
        description="How long a user keeps its row, user when left out. Example: `each: journey`",
        json_schema_extra={"markdownEnumDescriptions": ["For its whole life", "For one journey"]},
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        source = only_one(self, ("json_", "jsonl", "csv", "generate", "files"), "data")
        written = self.model_fields_set
        if "rows" in written and source != "json":
            text = f"rows belongs to json, not to {source}"
            raise wrong(text)
        if source == "files" and written & {"pick", "each"}:
            text = "files are chosen by weight: leave pick and each out"
            raise wrong(text)
        return self


class Defaults(Strict):
    """What endpoints have when they do not say otherwise."""

    headers: Headers | None = Field(
        None,
        description="Sent with every request. Example: `headers: { Accept: application/json }`",
    )
    timeout: Duration = Field(
        30.0,
        description="How long a whole answer may take, 30s when left out. Example: `timeout: 10s`",
    )


class Spec(Strict):
    """A whole perfspec.yaml."""

    perfspec: Annotated[Literal[1], literally(expected=1)] = Field(
        description="Version of the language. Example: `perfspec: 1`"
    )
    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="What is tested. Example: `name: bookshop`"
    )
    description: str | None = Field(
        None, description="For readers. Example: `description: Our shop`"
    )
    environments: dict[Name, Environment] = Field(
        min_length=1,
        description="Where load is sent to; `local` is used when --env is not given. "
        "Example: `environments: { local: { url: http://127.0.0.1:8800 } }`",
    )
    secrets: list[Secret] = Field(
        [],
        description="Variables and data columns that are masked in everything that is written. "
        "Example: `secrets: [API_TOKEN, users.password]`",
    )
    hooks: Hooks | None = Field(
        None,
        description="Commands around the tests, once a run. "
        "Example: `hooks: { before: { run: python seed.py up } }`",
    )
    data: dict[Name, Data] = Field(
        {},
        description="Rows and files for virtual users. "
        "Example: `data: { accounts: { csv: accounts.csv, pick: unique } }`",
    )
    defaults: Defaults = Field(
        default_factory=Defaults,
        description="What endpoints have when they do not say otherwise. "
        "Example: `defaults: { timeout: 10s }`",
    )
    endpoints: dict[Name, Endpoint] = Field(
        min_length=1,
        description="Requests, each with a name. "
        "Example: `endpoints: { books: { request: GET /books, slo: { p95: 300ms } } }`",
    )
    personas: dict[Name, Persona] = Field(
        min_length=1,
        description="Kinds of virtual users: what they do, and how often. "
        "Example: `personas: { reader: { weight: 80, journey: [home, books] } }`",
    )
    monitors: dict[Name, Monitor] = Field(
        {},
        description="What is read beside the load. "
        "Example: `monitors: { api: { process: services.api, every: 1s } }`",
    )
    prices: Prices | None = Field(
        None,
        description="What a run costs is told before it and after it. "
        "Example: `prices: { generator_hour: 0.20 USD, endpoints: { to_audio: 0.02 USD } }`",
    )
    slo: Slo | None = Field(
        None, description="Limits of every test. Example: `slo: { availability: 99.9% }`"
    )
    budget: TestBudget | None = Field(
        None,
        description="How much worse than the baseline each endpoint may be. "
        "Example: `budget: { p95: +10%, error_rate: +0.5pp }`",
    )
    baseline: Baseline | None = Field(
        None,
        description="The runs that budgets compare with. "
        "Example: `baseline: { store: git:perfspec-baselines }`",
    )
    waivers: list[Waiver] = Field(
        [],
        description="Regressions that only warn until a day. Example: `waivers: [{ endpoint: "
        'checkout, until: "2026-12-31", reason: new provider, owner: team-checkout }]`',
    )
    objectives: dict[Name, Objective] = Field(
        {},
        description="Limits that choose what they are about. "
        "Example: `objectives: { fast: { where: { tags: [critical] }, slo: { p95: 1s } } }`",
    )
    tests: dict[Name, Test] = Field(
        min_length=1,
        description="How much load, and for how long. "
        "Example: `tests: { smoke: { users: 5, duration: 2m } }`",
    )
    sequences: dict[Name, Sequence] = Field(
        {},
        description="Tests in order; `default` is what perfspec run runs. "
        "Example: `sequences: { default: [smoke, load] }`",
    )
