"""GitHub's API: patient where waiting helps, and clear about what a token lacks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import github3
import requests
from github3.session import GitHubSession
from github3.structs import GitHubIterator

from perfspec.publish.errors import PublishError, TransientError
from perfspec.report.escape import one_line
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfspec.clock import Clock
    from perfspec.publish.context import Context

VERSION: Final = "2022-11-28"
TRIES: Final = 4
STEP_S: Final = 2.0
LONGEST_WAIT_S: Final = 60.0  # a job waits no longer for a limit that ends
_BUSY: Final = frozenset({500, 502, 503, 504})
_REPEATABLE: Final = frozenset({"GET", "PUT", "PATCH", "DELETE"})  # a POST may have been obeyed

T = TypeVar("T")

_HINTS: Final = {
    401: "the token is refused: pass `GITHUB_TOKEN: ${{ github.token }}`",
    403: "the token may not do this: give the job the permission that it needs (docs/github.md)",
    404: "it is not there, or the token may not see it",
}


class Api:
    """Calls below ``/repos/OWNER/NAME``; a context. Every method raises PublishError."""

    def __init__(self, context: Context, clock: Clock) -> None:
        self._clock = clock
        self._session = _Session(clock)
        github3.GitHub(token=context.token, session=self._session, api_version=VERSION)
        self._root = f"{context.api_url}/repos/{context.repository}"
        self._graphql_url = context.graphql_url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def login(self) -> str:
        """Whose token this is; for that of a workflow ``github-actions[bot]``."""
        query = {"query": "query { viewer { login } }"}
        answer = self._call("POST", self._graphql_url, query, what="who the token belongs to")
        try:
            login: str = answer["data"]["viewer"]["login"]
        except (KeyError, TypeError):
            msg = "GitHub does not say who the token belongs to: is it a token for an account?"
            raise PublishError(msg) from None
        return login

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, over all of its pages; ``key`` holds it where it is wrapped."""
        items = GitHubIterator(
            -1, f"{self._root}/{path}", dict, self._session, params=dict(query), list_key=key
        )
        try:
            yield from items
        except github3.exceptions.ConnectionError as error:
            raise _unreachable(self._root, error.exception) from None
        except github3.exceptions.GitHubException as error:
            response = getattr(error, "response", None)
            raise _refused(response, f"read {path}", str(error)) from None

    def persistently(self, work: Callable[[], T]) -> T:
        """``work`` begins by looking for what it may have done already, so it may be repeated."""
        for number in range(1, TRIES):
            try:
                return work()
            except TransientError:
                self._clock.sleep(STEP_S * number)
        return work()

    def get(self, path: str, *, what: str) -> dict[str, Any]:
        """One thing; ``what`` says in an error what was to be done."""
        return self._call("GET", f"{self._root}/{path}", None, what=what)

    def post(self, path: str, content: object, *, what: str) -> dict[str, Any]:
        return self._call("POST", f"{self._root}/{path}", content, what=what)

    def patch(self, path: str, content: object, *, what: str) -> dict[str, Any]:
        return self._call("PATCH", f"{self._root}/{path}", content, what=what)

    def _call(self, method: str, url: str, content: object, *, what: str) -> dict[str, Any]:
        try:
            response = self._session.request(method, url, json=content)
        except requests.RequestException as error:
            raise _unreachable(url, error) from None
        if not response.ok:
            raise _refused(response, what)
        try:
            answer: dict[str, Any] = response.json()
        except requests.JSONDecodeError:
            raise _refused(response, what, "the answer is no JSON") from None
        return answer


class _Session(GitHubSession):  # type: ignore[misc]  # github3 has no types
    """Waits for limits that end soon, and tries again what a busy server may be asked twice."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(default_connect_timeout=5, default_read_timeout=15)
        self._clock = clock

    def request(self, method: str, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        for number in range(1, TRIES + 1):
            last = number == TRIES
            try:
                response: requests.Response = super().request(method, *args, **options)
            except (requests.ConnectionError, requests.Timeout):
                if last or method not in _REPEATABLE:
                    raise
                wait_s: float | None = 2.0 ** (number - 1)
            else:
                wait_s = self._wait(response, method, 2.0 ** (number - 1))
                if last or wait_s is None:
                    return response
            self._clock.sleep(wait_s or 0.0)
        raise AssertionError

    def _wait(self, response: requests.Response, method: str, step_s: float) -> float | None:
        """Seconds until another try makes sense, None when it makes none."""
        if response.status_code in _BUSY:
            return step_s if method in _REPEATABLE else None
        if response.status_code not in {403, 429}:
            return None
        wait_s = limited_for(response, self._clock)
        if wait_s is None:
            return step_s if response.status_code == 429 else None
        return wait_s if wait_s <= LONGEST_WAIT_S else None


def limited_for(response: requests.Response, clock: Clock) -> float | None:
    """Seconds that a rate limit still lasts, as GitHub's headers say; None when they do not."""
    after = response.headers.get("Retry-After", "")
    if after.isdigit():
        return float(after)
    reset = response.headers.get("X-RateLimit-Reset", "")
    if response.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        return max(0.0, float(reset) - clock.now().timestamp())
    return None


def _unreachable(url: str, error: Exception) -> TransientError:
    parts = urlsplit(url)
    name = type(error).__name__
    return TransientError(f"GitHub cannot be reached at {parts.scheme}://{parts.netloc}: {name}")


def _refused(response: requests.Response | None, what: str, said: str = "") -> PublishError:
    if response is None:
        return PublishError(f"cannot {what}: {one_line(said)}")
    status = response.status_code
    ends = _limit_ends(response) if status in {403, 429} else None
    if ends is not None:
        hint = f"the rate limit lasts {ends}: publish again then"
    elif status in _BUSY:
        return TransientError(f"cannot {what}: {status}: GitHub is in trouble: publish again later")
    else:
        needed = response.headers.get("X-Accepted-GitHub-Permissions", "")
        hint = _HINTS.get(status, said or _message(response))
        hint += f" (needs {one_line(needed)})" if needed else ""
    return PublishError(f"cannot {what}: {status}: {hint}")


def _limit_ends(response: requests.Response) -> str | None:
    after = response.headers.get("Retry-After", "")
    if after.isdigit():
        return f"another {format_duration(float(after))}"
    reset = response.headers.get("X-RateLimit-Reset", "")
    if response.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        return f"until {datetime.fromtimestamp(int(reset), UTC):%H:%M} UTC"
    return None


def _message(response: requests.Response) -> str:
    try:
        return one_line(str(response.json()["message"]))
    except (requests.JSONDecodeError, KeyError, TypeError):
        return one_line(response.text)
