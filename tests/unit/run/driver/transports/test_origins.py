"""Which host a URL means, and whether it may be asked."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec.run.driver.transports.origins import (
    Origin,
    RefusedError,
    beginning,
    check_allowed,
    is_telling,
)

names = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,5})?\Z")
rests = st.sampled_from(["", "/", "/a/b?x=http://other/", "?q=@", "#/@x"])
ports = st.none() | st.integers(1, 65_535)


@given(st.sampled_from(["http", "https", "HTTP"]), names, ports, rests)
def test_the_origin_of_a_url(scheme: str, host: str, port: int | None, rest: str) -> None:
    url = f"{scheme}://{host.upper()}{'' if port is None else f':{port}'}{rest}"
    default = 443 if scheme == "https" else 80
    assert Origin.of(url) == Origin(scheme.lower(), host, default if port is None else port)


@given(names, ports, rests, rests)
def test_what_a_url_begins_with_decides_alone(
    host: str, port: int | None, rest: str, other: str
) -> None:
    base = f"http://{host}{'' if port is None else f':{port}'}"
    start = beginning(base + rest)
    assert not is_telling(start) or start == base + "/"
    if is_telling(start):
        assert Origin.of(start + other) == Origin.of(base)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@host/",
        "http://host",
        "http://hostile",
        "http://host?a=/",
        "http://host#/",
        "http://a\\@b/",
        "http:///x/",
    ],
)
def test_urls_that_others_are_not_measured_by(url: str) -> None:
    assert not is_telling(beginning(url))
    assert beginning(url) != "http://host/"


@given(st.text(alphabet="htps:/\\@[]#?. \tab", max_size=20))
def test_doubt_is_refused(rest: str) -> None:
    with suppress(RefusedError):
        origin = Origin.of("http://" + rest)
        authority = re.split("[/?#]", rest, maxsplit=1)[0]
        assert not set(authority) & set("\\ \t")
        assert authority.rpartition("@")[2].lower().startswith(origin.host)


@pytest.mark.parametrize(
    ("allowed", "url", "good"),
    [
        ({"a.example"}, "http://a.example/", True),
        ({"a.example"}, "https://A.example:8443/", True),
        ({"a.example:8443"}, "https://a.example:8443/", True),
        ({"a.example:443"}, "https://a.example/", True),
        ({"a.example:8443"}, "https://a.example/", False),
        ({"a.example"}, "http://a.example.evil/", False),
        ({"a.example"}, "http://a.example@evil/", False),
        ({"a.example"}, "http://aaexample/", False),
        ({"::1"}, "http://[::1]:80/", True),
        ({"[::1]:80"}, "http://[::1]/", True),
        (set(), "http://a.example/", False),
    ],
)
def test_allowed_hosts(allowed: set[str], url: str, good: bool) -> None:
    origin = Origin.of(url)
    if good:
        check_allowed(frozenset(allowed), origin)
    else:
        with pytest.raises(RefusedError, match=r"^host .* is not allowed \(allow_hosts\)$"):
            check_allowed(frozenset(allowed), origin)


def test_a_function_may_decide() -> None:
    asked: list[tuple[str, int]] = []

    def allowed(host: str, port: int) -> bool:
        asked.append((host, port))
        return port == 81

    check_allowed(allowed, Origin.of("http://[::1]:81/"))
    with pytest.raises(RefusedError, match=r"host b is not allowed"):
        check_allowed(allowed, Origin.of("http://b/"))
    assert asked == [("::1", 81), ("b", 80)]
