"""What a request sends: URL, headers and body, each ready or rendered for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from perfspec.run.driver.compile.bench import Text
from perfspec.run.driver.compile.body import compile_body, query_text
from perfspec.run.driver.transports.exchange import Shape
from perfspec.run.driver.transports.origins import Origin, RefusedError
from perfspec.run.driver.transports.socketio import ENGINE_IO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.expr import Scope
    from perfspec.plan.channel import Channel
    from perfspec.plan.request import Endpoint, Poll
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.compile.body import CompiledBody
    from perfspec.run.driver.transports.handles import Prepared

Lines: TypeAlias = tuple[str, ...]  # "Name: value"
Parts: TypeAlias = tuple[str, bytes | None, Lines, Lines]  # URL, body, headers, credentials


class Outgoing(NamedTuple):
    """``prepare`` gives what differs from one request to the next; it raises ExpressionError."""

    prepared: Prepared
    prepare: Callable[[Actor], Parts]
    file_classes: frozenset[str] = frozenset()


def compile_outgoing(
    bench: Bench, endpoint: Endpoint, credentials: SignIn | None, *, keep_body: bool
) -> Outgoing:
    """The request of an endpoint; raises ExpressionError for a template that is malformed."""
    body = None if endpoint.body is None else compile_body(bench, endpoint.body)
    headers = endpoint.headers
    if body is not None and "content-type" not in {name.lower() for name in headers}:
        headers = {"Content-Type": body.type, **headers}
    constant, render = _headers(bench, headers)
    shape = Shape(
        method=endpoint.method,
        headers=constant,
        timeout_s=endpoint.timeout_s,
        max_redirects=endpoint.redirects,
        keep_body=keep_body,
    )
    url = _url(bench, endpoint.url, endpoint.query)
    sign_in = None if credentials is None or not endpoint.auth else _sign_in(bench, credentials)
    classes = frozenset[str]() if body is None else body.file_classes
    return Outgoing(bench.prepare(shape), _prepare(url, body, render, sign_in), classes)


def compile_poll_request(
    bench: Bench, endpoint: Endpoint, poll: Poll, credentials: SignIn | None
) -> Outgoing:
    """The request that asks whether a job is done; it signs in as the endpoint does."""
    constant, render = _headers(bench, poll.headers)
    sign_in = None if credentials is None or not endpoint.auth else _sign_in(bench, credentials)
    shape = Shape(
        method=poll.method,
        headers=constant,
        timeout_s=endpoint.timeout_s,
        max_redirects=endpoint.redirects,
    )
    url = _url(bench, poll.url, {})
    return Outgoing(bench.prepare(shape), _prepare(url, None, render, sign_in))


def compile_opening(
    bench: Bench, channel: Channel, credentials: SignIn | None
) -> Callable[[Actor], tuple[str, Lines]]:
    """URL (http or https) and header lines of a WebSocket's handshake."""
    constant, render = _headers(bench, channel.headers)
    sign_in = None if credentials is None or not channel.auth else _sign_in(bench, credentials)
    query = channel.query if channel.protocol == "websocket" else {**channel.query, **ENGINE_IO}
    prepare = _prepare(_url(bench, channel.url, query), None, render, sign_in)

    def opening(me: Actor) -> tuple[str, Lines]:
        url, _, headers, login = prepare(me)
        return url, (*constant, *headers, *login)

    return opening


def _prepare(
    url: Text,
    body: CompiledBody | None,
    headers: Callable[[Scope], Lines] | None,
    sign_in: Callable[[Scope, str], Lines] | None,
) -> Callable[[Actor], Parts]:
    target, render = url
    content = None if body is None else body.content
    make = None if body is None or content is not None else body.make
    if target is not None and make is None and headers is None and sign_in is None:
        ready: Parts = (target, content, (), ())
        return lambda _me: ready

    def prepare(me: Actor) -> Parts:
        scope = me.scope
        where = target or render(scope)
        return (
            where,
            content if make is None else make(me),
            () if headers is None else headers(scope),
            () if sign_in is None else sign_in(scope, where),
        )

    return prepare


def _url(bench: Bench, template: str, query: Mapping[str, object]) -> Text:
    """The absolute URL; a path belongs to the environment's own host."""
    own = bench.plan.environment.url.rstrip("/") if template.startswith("/") else ""
    url = bench.text(own + template)
    if not query:
        return url
    dynamic, values = bench.value(dict(query))

    def render(scope: Scope) -> str:
        base, found = url.render(scope), values(scope)
        text = query_text(found) if isinstance(found, dict) else ""
        return f"{base}{'&' if '?' in base else '?'}{text}" if text else base

    return Text(None if dynamic or url.constant is None else render({}), render)


def _headers(
    bench: Bench, headers: Mapping[str, str]
) -> tuple[Lines, Callable[[Scope], Lines] | None]:
    """Lines that never change, and what renders the others, if there are any."""
    texts = [(name, bench.text(text)) for name, text in headers.items()]
    constant = tuple(
        f"{name}: {text.constant}" for name, text in texts if text.constant is not None
    )
    renders = [(f"{name}: ", text.render) for name, text in texts if text.constant is None]
    if not renders:
        return constant, None
    if len(renders) == 1:
        ((name, render),) = renders
        return constant, lambda scope: (name + render(scope),)
    return constant, lambda scope: tuple([name + render(scope) for name, render in renders])


def _sign_in(bench: Bench, credentials: SignIn) -> Callable[[Scope, str], Lines]:
    """Credentials go to the environment's own origin only."""
    own, lines = _Own(bench.plan.environment.url), credentials.lines
    return lambda scope, url: lines(scope) if url in own else ()


class _Own:
    """URLs of the environment's own origin; only they are sent credentials."""

    def __init__(self, url: str) -> None:
        self._origin = Origin.of(url)
        self._prefix = url.rstrip("/") + "/"

    def __contains__(self, url: str) -> bool:
        if url.startswith(self._prefix):
            return True
        try:
            return Origin.of(url) == self._origin
        except RefusedError:
            return False
