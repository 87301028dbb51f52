"""Good specs as plain data, in every key that the language has."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
Strategy = st.SearchStrategy[Any]

names = st.sampled_from(["a", "books", "get_book2", "reader"])
texts = st.sampled_from(["x", "books.json", "{{ user.name }}", "$.id", "5", "true"])
scalars = texts | st.sampled_from(["", 0, -3, 2.5, True, False])
free = scalars | st.none() | st.just([1, None]) | st.just({"A-b": [{}]})
flags = st.booleans()
durations = st.sampled_from(
    ["0s", "300ms", "1.5s", "1h30m", " 5m ", "31d", "${T}", "${T:-5s}", "${N}ms"]
)
ranges = durations | st.sampled_from(["1s..5s", "0s..0s", "${T:-1s..2s}"])
sizes = st.sampled_from(["0B", "50KB", "2.5 MiB", "1GB", "${SIZE}"])
rates = st.sampled_from(["10/s", "0.5 / min", "36/h", "${RATE:-1/s}"])
shares = st.sampled_from(["0%", "99.9 %", "100%", "100.0%", "007%", "${SHARE}"])
users = st.sampled_from([0, 1, 1_000_000, "${USERS}", "${USERS:-0}", "${USERS:-1000000}"])
counts = st.sampled_from([1, 5, "${COUNT:-3}", "${COUNT:- 007}"])
times = st.sampled_from([0, 3, 999_999, "3", "0..3", " 1..1 "])
weights = st.sampled_from([1, 0.5, 1_000_000])
words = st.lists(texts, max_size=2)


def listed(each: Strategy) -> Strategy:
    return st.lists(each, min_size=1, max_size=2)


def one_or_more(each: Strategy) -> Strategy:
    return each | listed(each)


def named(each: Strategy, keys: Strategy = names) -> Strategy:
    return st.dictionaries(keys, each, min_size=1, max_size=2)


def mapping(required: Document | None = None, /, **optional: Strategy) -> Strategy:
    """``required`` and some of ``optional``, and a key that is the team's own."""
    return st.fixed_dictionaries(required or {}, optional={**optional, "x-note": free})


def one_of(sources: dict[str, Strategy], /, **optional: Strategy) -> Strategy:
    return st.one_of([mapping({key: each}, **optional) for key, each in sources.items()])


def limits(each: Strategy) -> Strategy:
    samples = st.sampled_from([1, 500])
    return st.one_of(
        each,
        mapping({"warn": each}, fail=each, min_samples=samples),
        mapping({"fail": each}, min_samples=samples),
    )


levels = st.sampled_from(["1 user", "60 users", " 007  users", "${N:-5 users}", "${USERS}"])
LATENCIES = [
    *("p50", "p75", "p90", "p95", "p99", "p99_9", "mean", "max"),
    *("ttfb_p50", "ttfb_p90", "ttfb_p95", "ttfb_p99"),
]
SHARES = [
    *("error_rate", "success_rate", "server_error_rate", "availability"),
    *("journey_error_rate", "dropped"),
]
slos = mapping(
    **dict.fromkeys(LATENCIES, limits(durations)),
    **dict.fromkeys(SHARES, limits(shares)),
    errors=named(limits(shares), st.sampled_from(["dns", "throttled"])),
    throughput=limits(rates),
    journeys=limits(rates),
    lateness=limits(durations),
    recovery_time=limits(durations),
    growth=named(limits(shares), st.sampled_from(["api.memory", "db.rows"])),
    capacity=levels | mapping({"warn": levels}, fail=levels) | mapping({"fail": levels}),
    degradation=named(limits(shares), st.sampled_from(["p50", "p99_9"])),
).filter(lambda slo: slo.keys() - {"x-note"})
levels = st.sampled_from(
    ["70%", "300ms", "2 GiB", "10MB/s", "10 / min", "5", 5, 0.5, "${N}", "${N:-5%}", "${N:-1h30m}"]
)
slos |= mapping(
    {
        "monitors": st.dictionaries(
            st.sampled_from(["api.cpu", "db.slow_queries.p95"]),
            levels
            | mapping({"warn": levels}, fail=levels)
            | mapping({"min": levels}, within=durations),
            min_size=1,
            max_size=2,
        )
    }
)
statuses = one_or_more(st.sampled_from([100, 204, 599, "2xx", "5xx"]))
header_names = st.sampled_from(["Accept", "X-Trace", "x_1", "~"])
headers = st.dictionaries(header_names, scalars, max_size=2)
json_checks = one_of(
    {"equals": free, "in": st.lists(free, min_size=1, max_size=2), "matches": texts},
    min=st.sampled_from([1, -0.5]),
    max=st.just(10),
) | mapping({"exists": flags})
expectations = mapping(
    status=statuses,
    json=named(scalars | json_checks | st.just([1]), texts),
    headers=named(
        texts | one_of({"equals": texts, "contains": texts, "exists": flags}), header_names
    ),
    body=one_of({"contains": texts, "matches": texts}),
)
captures = named(
    texts
    | one_of(
        {
            "json": texts,
            "header": header_names,
            "cookie": texts,
            "regex": texts,
            "status": st.just(True),
        },
        optional=flags,
    )
)
requests = st.sampled_from(
    ["GET /", "POST  /books/{id}?a=b c", "PUT {{ url }}", "HEAD https://a.example", "DELETE ${URL}"]
)
polls = mapping(
    {"request": requests, "until": expectations},
    headers=headers,
    fail_if=expectations,
    every=durations,
    timeout=durations,
    wait=flags,
    capture=captures,
    slo=slos,
)
references = one_of({"from": names, "path": texts}, type=texts)
ENDPOINT = {
    "description": texts | st.just(""),
    "query": named(scalars | st.lists(scalars, max_size=2), texts),
    "path": named(scalars),
    "headers": headers,
    "auth": st.just("none"),
    "timeout": durations,
    "redirects": st.sampled_from([0, 50]),
    "expect": expectations,
    "capture": captures,
    "retry": mapping({"status": statuses}, attempts=counts, backoff=durations),
    "poll": polls,
    "tags": words,
    "slo": slos,
}
FORM = named(scalars | st.lists(scalars, max_size=2), texts)
BODIES: dict[str, Strategy] = dict.fromkeys(["json", "cbor", "msgpack"], free)
BODIES |= {"form": FORM, "multipart": named(free, texts), "text": texts, "file": references}
endpoints = st.one_of(
    mapping({"request": requests}, **ENDPOINT),
    *[mapping({"request": requests, key: body}, **ENDPOINT) for key, body in BODIES.items()],
)
OPTIONS = {
    "only_if": texts,
    "chance": shares,
    "times": times,
    "think": ranges,
    "set": named(free),
    "if_fails": st.sampled_from(["stop", "continue"]),
}
simple_steps = st.one_of(
    names,
    st.dictionaries(names, mapping(**OPTIONS), min_size=1, max_size=1),
    mapping({"mix": named(weights)}, **OPTIONS),
    mapping({"call": st.just("helpers.more:sign")}, **OPTIONS),
    st.fixed_dictionaries({"think": ranges}),
    st.fixed_dictionaries({"set": named(free)}),
)
steps = simple_steps | mapping({"group": names, "steps": listed(simple_steps)}, slo=slos, **OPTIONS)
auths = one_of(
    {"bearer": texts, "basic": mapping({"user": scalars, "password": scalars}), "header": headers},
    renew_before=durations,
    renew_with=listed(names),
    expires_in=texts,
)
PERSONA = {
    "description": texts,
    "data": names,
    "auth": auths,
    "think": ranges,
    "on_start": st.lists(steps, max_size=1),
    "on_stop": st.lists(steps, max_size=1),
}
ACTIONS: dict[str, Strategy] = {"journey": listed(steps), "mix": named(weights), "like": names}
personas = one_of(ACTIONS, weight=weights, **PERSONA) | one_of(ACTIONS, users=users, **PERSONA)
tags = one_or_more(texts)
TEST = {
    "description": texts,
    "personas": named(weights) | listed(names),
    "only": mapping({"tags": tags}),
    "without": mapping({"tags": tags}),
    "every_step": flags,
    "endpoint_limits": st.sampled_from(["fail", "warn", "off"]),
    "during": st.sampled_from(["hold", "ramp", "all"]),
    "warm_up": durations,
    "slo": slos,
    "abort": slos,
    "stop_when": slos,
    "say": texts,
    "advice": words,
}
STAGE = {
    "ramp": durations,
    "hold": durations,
    "jitter": mapping({"by": shares, "every": ranges}),
}
spacings = st.sampled_from(["even", "poisson"])
arrivals = one_or_more(rates) | mapping({"rate": one_or_more(rates)}, spacing=spacings)
searches = mapping({"search": st.sampled_from(["10..500", "1..2", "${RANGE}", "${R:-5..9}"])})
stages = one_of({"users": one_or_more(users) | searches, "arrivals": arrivals}, **STAGE)
OPEN = {"max_users": st.integers(1, 500), "finish_within": durations, **TEST}
recommendation = {"stop_when": slos, "recommend": st.sampled_from(["70% of capacity", "${PART}"])}
tests = (
    mapping({"stages": listed(stages)}, **OPEN)
    | mapping(
        {"arrivals": rates | mapping({"rate": rates}, spacing=spacings), "duration": durations},
        **OPEN,
    )
    | st.tuples(
        st.fixed_dictionaries(recommendation), mapping({"stages": listed(stages)}, **TEST)
    ).map(lambda each: {**each[1], **each[0]})
    | mapping({"users": users, "duration": durations}, spawn_rate=rates, **TEST)
)
entries = names | st.dictionaries(
    names,
    mapping(
        needs=one_or_more(names),
        on_fail=st.sampled_from(["stop", "continue"]),
        time_scale=shares,
    ),
    min_size=1,
    max_size=1,
)
rules = mapping(
    max_users=users,
    tests=listed(names),
    window=st.sampled_from(["Sun 02:00-05:00 UTC", "Mon-Fri,Sun 22:30-24:00 Europe/Berlin"]),
    checklist=words,
    abort=slos,
)
environments = mapping(
    {
        "url": st.sampled_from(
            ["http://127.0.0.1:80", "https://a.example/x", "http://a:65535", "${URL}"]
        )
    },
    services=named(
        mapping(
            {"run": texts},
            ready=st.sampled_from(["GET /health", "HEAD http://127.0.0.1:1"]),
            ready_timeout=durations,
            directory=texts,
            env=named(scalars, texts),
        )
    ),
    allow_hosts=st.lists(st.sampled_from(["a.example:80", "[::1]", "${HOST}"]), max_size=2),
    slo=slos,
    protected=rules,
)
PICK = {
    "pick": st.sampled_from(["unique", "round_robin", "random"]),
    "each": st.sampled_from(["user", "journey"]),
}
data = st.one_of(
    mapping({"json": texts}, rows=texts, **PICK),
    one_of({"jsonl": texts, "csv": texts, "generate": named(scalars)}, **PICK),
    mapping({"files": named(one_of({"size": sizes, "path": texts}, weight=weights, type=texts))}),
)
hook = mapping({"run": texts}, creates=one_or_more(texts), verify=texts, timeout=durations)
objectives = mapping(
    {"slo": slos},
    where=mapping(
        **dict.fromkeys(["tests", "environments", "endpoints"], one_or_more(names)),
        **dict.fromkeys(["personas", "classes"], one_or_more(names)),
        tags=tags,
    ),
    during=st.sampled_from(["hold", "ramp", "all"]),
    requirement=texts,
    description=texts,
)
SMALL: Document = {
    "perfspec": 1,
    "name": "bookshop",
    "environments": {"local": {"url": "http://127.0.0.1:8800"}},
    "endpoints": {"books": {"request": "GET /books"}},
    "personas": {"reader": {"journey": ["books"]}},
    "tests": {"smoke": {"users": 5, "duration": "1m"}},
}
urls = st.sampled_from(["http://127.0.0.1:9090", "https://a.example/b?c", "${URL}"])
series = named(
    one_of(
        {"query": texts, "stat": st.sampled_from(["CPU.Average", "a.p99"]), "json": texts},
        unit=st.sampled_from(["percent", "ms", "bytes", "count"]),
    ).filter(lambda each: "unit" in each)
)
READING: dict[str, Strategy] = {
    "every": durations,
    "if_absent": st.sampled_from(["inconclusive", "skip"]),
}
rises = st.sampled_from(["+10%", " +0.5 % ", "+007%", "+00.10%", "+250%", "${R}", "${R:-+5%}"])
falls = st.sampled_from(["-5%", "-99.99%", "-007 %", "${F:- -5%}"])
points = st.sampled_from(["+0.5pp", "+10 pp", "+00.1pp", "${P}"])


def budget_levels(each: Strategy, **optional: Strategy) -> Strategy:
    return each | mapping({"warn": each}, fail=each, **optional) | mapping({"fail": each})


BUDGET = {
    **dict.fromkeys(
        ["p50", "p75", "p90", "p95", "p99", "p99_9"],
        budget_levels(rises, floor=durations, min_samples=st.just(500)),
    ),
    "error_rate": budget_levels(points),
}
budgets = mapping(**BUDGET, throughput=budget_levels(falls)).filter(
    lambda one: one.keys() - {"x-note"}
)
monitors = st.one_of(
    one_of(
        {
            "process": st.sampled_from(["services.api", "run/api.pid"]),
            "host": st.just(True),
            "postgres": texts,
        },
        **READING,
    ),
    mapping({"prometheus": urls, "series": series}, headers=headers, **READING),
    mapping({"http": urls, "series": series}, headers=headers, **READING),
    mapping(
        {
            "cloudwatch": mapping(
                {"namespace": texts, "region": texts},
                dimensions=named(texts, texts),
                profile=texts,
                endpoint=urls,
            ),
            "series": series,
        },
        **READING,
    ),
)
prices = st.sampled_from(["0.20 USD", " 15  EUR ", "${PRICE}", "${PRICE:-1 USD}"])
PARTS: dict[str, Strategy] = {
    "prices": mapping(
        **dict.fromkeys(["generator_hour", "ci_minute", "sent_gb", "received_gb"], prices),
        endpoints=named(prices),
        instance_hours=named(prices, st.just("edge.instances")),
    ).filter(lambda each: each.keys() - {"x-note"}),
    "monitors": named(monitors),
    "environments": named(environments),
    "secrets": st.lists(st.sampled_from(["API_TOKEN", "accounts.pass-word"]), max_size=2),
    "hooks": mapping(before=hook, after=hook),
    "data": named(data),
    "defaults": mapping(headers=headers, timeout=durations),
    "endpoints": named(endpoints),
    "personas": named(personas),
    "slo": slos,
    "budget": budgets,
    "objectives": named(objectives),
    "tests": named(tests),
    "sequences": named(listed(entries) | mapping({"tests": listed(entries)}, environment=names)),
    "description": texts,
    "x-anything": free,
}


@st.composite
def good(draw: st.DrawFn) -> Document:
    """A small spec with one part drawn from all that the language has for it."""
    part = draw(st.sampled_from(sorted(PARTS)))
    return {**deepcopy(SMALL), part: draw(PARTS[part])}
