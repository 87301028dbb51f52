"""GitHub's API as far as we use it, over a real socket: pages, token scopes, limits, failures.

Comments and check runs are kept as GitHub keeps them; every call is remembered with its body.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from perfspec.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "acme/shop"
BOT = "github-actions[bot]"
TOKEN = "ghs_workflow-token-of-the-test"
SCOPES = {"checks": "write", "pull-requests": "write"}


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


@dataclass(frozen=True)
class Fault:
    """Answered instead of the next calls whose method and path fit; ``done`` answers too late.

    ``done`` means that the server obeys and then fails, as a proxy in between does.
    """

    status: int
    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False


class GitHub:
    """The state of one repository."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.tokens: dict[str, dict[str, str]] = {TOKEN: SCOPES}
        self.comments: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()

    def comment(self, number: int, body: str, login: str = BOT) -> dict[str, Any]:
        """Written by somebody, as it would be listed."""
        known = 1 + len(self.comments)
        made = {
            "id": known,
            "issue": number,
            "body": body,
            "user": {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"},
            "html_url": f"{self.url}/{REPOSITORY}/pull/{number}#issuecomment-{known}",
        }
        self.comments.append(made)
        return made

    def open_pull(self, number: int, head: str, sha: str, *labels: str) -> None:
        """Open one, or push to it; ``head`` is ``owner:branch``."""
        self.pulls = [each for each in self.pulls if each["number"] != number]
        self.pulls.append(
            {
                "number": number,
                "state": "open",
                "label": head,
                "head": {"sha": sha},
                "labels": [{"name": each} for each in labels],
            }
        )

    def merge_labelled(self, number: int, sha: str, label: str, by: str) -> None:
        """A pull request that was merged as this commit, with a label that somebody gave it."""
        self.pulls.append(
            {
                "number": number,
                "title": "A slower *hash*",
                "state": "closed",
                "label": "acme:hash",
                "head": {"sha": "c" * 40},
                "merge_commit_sha": sha,
                "merged_at": f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}",
                "labels": [{"name": "bug"}, {"name": label}],
            }
        )
        given = {"event": "labeled", "label": {"name": label}, "actor": {"login": by}}
        self.events += [{"event": "assigned", "actor": {"login": "eve"}}, given]

    def writes(self) -> list[Call]:
        return [
            each
            for each in self.calls
            if each.method != "GET" and not each.path.endswith("/graphql")
        ]

    def answer(self, call: Call) -> tuple[int, Any, dict[str, str]]:
        with self.lock:
            self.calls.append(call)
            scopes = self.tokens.get(call.headers.get("authorization", "").partition(" ")[2])
            if scopes is None:
                return 401, {"message": "Bad credentials"}, {}
            fault = next((each for each in self.faults if fits(each, call)), None)
            if fault is None:
                return self._route(call, scopes)
            self.faults.remove(fault)
            if fault.done:
                self._route(call, scopes)
            return fault.status, {"message": f"fault {fault.status}"}, fault.headers

    def _route(self, call: Call, scopes: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        if (call.method, call.path) == ("POST", "/graphql"):
            return 200, {"data": {"viewer": {"login": BOT}}}, {}
        path = call.path.removeprefix(f"/repos/{REPOSITORY}/")
        needed = "checks" if "check-runs" in path else "pull-requests"
        if call.method != "GET" and scopes.get(needed) != "write":
            accepted = {"X-Accepted-GitHub-Permissions": f"{needed.replace('-', '_')}=write"}
            return 403, {"message": "Resource not accessible by integration"}, accepted
        for method, pattern, handle in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == call.method:
                return getattr(self, handle)(call, *found.groups())  # type: ignore[no-any-return]
        return 404, {"message": "Not Found"}, {}

    def list_comments(self, call: Call, number: str) -> tuple[int, Any, dict[str, str]]:
        return self._page(call, [each for each in self.comments if each["issue"] == int(number)])

    def list_pulls(self, call: Call) -> tuple[int, Any, dict[str, str]]:
        head = call.query.get("head")
        return self._page(call, [each for each in self.pulls if head in {None, each["label"]}])

    def one_pull(self, _call: Call, number: str) -> tuple[int, Any, dict[str, str]]:
        found = [each for each in self.pulls if each["number"] == int(number)]
        return (200, found[0], {}) if found else (404, {"message": "Not Found"}, {})

    def list_pulls_of(self, call: Call, sha: str) -> tuple[int, Any, dict[str, str]]:
        return self._page(
            call, [each for each in self.pulls if each.get("merge_commit_sha") == sha]
        )

    def list_events(self, call: Call, _number: str) -> tuple[int, Any, dict[str, str]]:
        return self._page(call, self.events)

    def list_checks(self, call: Call, sha: str) -> tuple[int, Any, dict[str, str]]:
        name = call.query.get("check_name")
        found = [each for each in self.checks if (each["head_sha"], each["name"]) == (sha, name)]
        status, items, headers = self._page(call, found)
        return status, {"total_count": len(found), "check_runs": items}, headers

    def add_comment(self, call: Call, number: str) -> tuple[int, Any, dict[str, str]]:
        body = call.json["body"]
        if len(body) > 65536:
            return 422, {"message": "Body is too long (maximum is 65536 characters)"}, {}
        return 201, self.comment(int(number), body), {}

    def change_comment(self, call: Call, known: str) -> tuple[int, Any, dict[str, str]]:
        [found] = [each for each in self.comments if each["id"] == int(known)]
        found["body"] = call.json["body"]
        return 200, found, {}

    def add_check(self, call: Call) -> tuple[int, Any, dict[str, str]]:
        known = 1 + len(self.checks)
        made = {**call.json, "id": known, "html_url": f"{self.url}/{REPOSITORY}/runs/{known}"}
        self.checks.append(made | {"annotations": []})
        return 201, made, {}

    def change_check(self, call: Call, known: str) -> tuple[int, Any, dict[str, str]]:
        change = call.json
        added = change.get("output", {}).get("annotations", [])
        if len(added) > 50:
            return 422, {"message": "No more than 50 annotations"}, {}
        if any(len(each["title"]) > 255 for each in added):
            return 422, {"message": "title is too long (maximum is 255 characters)"}, {}
        if len(change.get("output", {}).get("summary", "")) > 65535:
            return 422, {"message": "summary is too long"}, {}
        [found] = [each for each in self.checks if each["id"] == int(known)]
        found["annotations"] += added
        found.update(change)
        return 200, found, {}

    def _page(self, call: Call, items: list[Any]) -> tuple[int, list[Any], dict[str, str]]:
        size = min(100, int(call.query.get("per_page", "30")))
        page = int(call.query.get("page", "1"))
        headers = {}
        if page * size < len(items):
            query = "&".join(
                f"{name}={value}" for name, value in call.query.items() if name != "page"
            )
            headers["Link"] = f'<{self.url}{call.path}?{query}&page={page + 1}>; rel="next"'
        return 200, items[(page - 1) * size : page * size], headers


ROUTES = (
    ("GET", r"issues/(\d+)/comments", "list_comments"),
    ("POST", r"issues/(\d+)/comments", "add_comment"),
    ("PATCH", r"issues/comments/(\d+)", "change_comment"),
    ("GET", r"pulls", "list_pulls"),
    ("GET", r"pulls/(\d+)", "one_pull"),
    ("GET", r"commits/(\w+)/check-runs", "list_checks"),
    ("GET", r"commits/(\w+)/pulls", "list_pulls_of"),
    ("GET", r"issues/(\d+)/events", "list_events"),
    ("POST", r"check-runs", "add_check"),
    ("PATCH", r"check-runs/(\d+)", "change_check"),
)


def fits(fault: Fault, call: Call) -> bool:
    return fault.method in {"", call.method} and fault.path in call.path


@contextmanager
def running_github() -> Iterator[GitHub]:
    github = GitHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            call = Call(
                method=self.command,
                path=parts.path,
                query={name: values[0] for name, values in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length).decode(),
            )
            status, content, headers = github.answer(call)
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    for method in ("GET", "POST", "PATCH"):
        setattr(Handler, f"do_{method}", Handler._answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        github.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()
