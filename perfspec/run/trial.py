"""``try``: one journey of each persona in a load process that shows every request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeGuard, assert_never, cast

import msgspec

from perfspec.expr import parse_template
from perfspec.measure.trace import Exchange, Fault, Tried, TryEnded, TryMessage
from perfspec.plan.journey import ReceiveStep
from perfspec.run.child import Child, Closed, Silence
from perfspec.run.contracts import StepError
from perfspec.run.process import STEP_S, describe_status
from perfspec.run.supervisor import run_around
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from perfspec.clock import Clock
    from perfspec.plan.model import Plan
    from perfspec.redact import Redactor
    from perfspec.run.context import Context
    from perfspec.run.contracts import Observer, RunOptions
    from perfspec.run.folder import RunFolder
    from perfspec.run.record import Record

LOOK_S: Final = 0.1
UNAUTHORIZED: Final = 401
SHORTEST_COOKIE: Final = 8  # shorter ones are settings, such as a language, and no sessions
_MESSAGE: Final = cast("type[TryMessage]", TryMessage)  # a union is no type to mypy


def try_plan(
    plan: Plan,
    folder: RunFolder,
    *,
    show: Callable[[TryMessage], None],
    observer: Observer,
    options: RunOptions,
    clock: Clock,
) -> bool:
    """Run one journey of each persona of the plan's only test; whether every step of it passed.

    A step that failed is told, though ``if_fails: continue`` lets the journey go on. ``show`` gets
    every message with secrets masked. Raises what ``run_plan`` raises.
    """
    passed: list[bool] = []

    def work(context: Context, record: Record, failure: Callable[[], StepError | None]) -> str:
        (test,) = context.plan.tests
        signing = {each.name: each.auth for each in test.personas if each.auth is not None}
        renewing = {name for name, auth in signing.items() if auth.renew_with or auth.oauth2}
        broken: set[str] = set()
        with Child.start(context, test.name, _MESSAGE, "--try") as child:
            for each in _messages(context, child, failure):
                message = each
                if _is_failure(message, renewing):
                    broken.add(message.persona)
                if isinstance(message, Tried):
                    whole = message.passed and message.persona not in broken
                    message = msgspec.structs.replace(message, passed=whole)
                    passed.append(whole)
                show(_masked(message, plan, options.redactor))
        record.interrupted = context.hurry()
        return "tried, not run"

    result = run_around(plan, folder, work=work, observer=observer, options=options, clock=clock)
    (test,) = plan.tests
    return len(passed) == len(test.personas) and all(passed) and not result.interrupted


def _messages(
    context: Context, child: Child[TryMessage], failure: Callable[[], StepError | None]
) -> Iterator[TryMessage]:
    """Messages until the last; raises StepError when the process or a service breaks."""
    patience = _patience(context)
    heard, presses = context.clock.monotonic(), 0
    last: TryEnded | None = None
    while not isinstance(message := child.receive(LOOK_S), Closed):
        if not isinstance(message, Silence):
            heard = context.clock.monotonic()
            last = message if isinstance(message, TryEnded) else last
            yield message
        broken = failure()
        if broken is not None:
            raise broken
        if context.clock.monotonic() - heard > patience:
            msg = f"the {child.process.title} sent nothing within {format_duration(patience)}"
            raise StepError(msg, child.process.why())
        if context.interrupts.fresh > presses:
            presses = context.interrupts.fresh
            (child.stop if presses == 1 else child.kill)()
    if presses < 2:
        _part(context, child, last)


def _patience(context: Context) -> float:
    """Seconds in which the next message must come: a request and its poll may use theirs up."""
    plan = context.plan
    waits = [
        each.timeout_s + (each.poll.timeout_s if each.poll else 0.0) for each in plan.endpoints
    ]
    for channel in plan.channels:
        waits += [channel.timeout_s, *(each.timeout_s for each in channel.messages)]
    for persona in plan.tests[0].personas:
        waits += [each.timeout_s for each in persona.life if isinstance(each, ReceiveStep)]
    longest = max(waits)
    return context.options.deadlines.start + longest


def _part(context: Context, child: Child[TryMessage], last: TryEnded | None) -> None:
    """The process has closed its output: it must end, and must have said why."""
    late = context.clock.monotonic() + context.options.deadlines.leave
    while child.process.status is None:
        if context.clock.monotonic() > late:
            msg = f"the {child.process.title} was done, but did not exit"
            raise StepError(msg, child.process.why())
        context.clock.sleep(STEP_S)
    child.process.stop(0.0)  # its last lines are in the log then
    if last is None:
        msg = f"the {child.process.title} {describe_status(child.process.status)}"
        raise StepError(msg, child.process.why())
    if last.problem is not None:
        raise StepError(last.problem, child.process.why() if child.process.log.tail() else "")


def _is_failure(message: TryMessage, renewing: Container[str]) -> TypeGuard[Exchange | Fault]:
    """Whether a step failed; a 401 that renews credentials is repeated, and a poll asked again."""
    if isinstance(message, Exchange):
        renews = message.status == UNAUTHORIZED and message.persona in renewing
        return message.error is not None and message.kind != "poll" and not renews
    return isinstance(message, Fault)


def _masked(message: TryMessage, plan: Plan, redactor: Redactor) -> TryMessage:
    """The message without secrets: those known, and what it captures for signing requests."""
    text = redactor.text
    match message:
        case Exchange():
            tokens = _credential_names(plan)
            redactor.add(str(v) for name, v in message.captures.items() if name in tokens and v)
            redactor.add(_credentials(message))
            return msgspec.structs.replace(
                message,
                url=text(message.url),
                request_headers=_headers(message.request_headers, redactor),
                request_body=message.request_body and redactor.cut(message.request_body),
                response_headers=_headers(message.response_headers, redactor),
                response_body=redactor.cut(message.response_body),
                captures={
                    name: json.loads(text(json.dumps(value)))
                    for name, value in message.captures.items()
                },
                checks=[
                    msgspec.structs.replace(each, message=each.message and text(each.message))
                    for each in message.checks
                ],
                message=message.message and text(message.message),
            )
        case Fault():
            return msgspec.structs.replace(message, message=text(message.message))
        case Tried():
            return message
        case TryEnded():
            return TryEnded(problem=message.problem and text(message.problem))
        case _:
            assert_never(message)


def _credentials(message: Exchange) -> Iterator[str]:
    """What its headers sign in with: another answer may show it by itself."""
    for name, value in (*message.request_headers, *message.response_headers):
        match name.lower():
            case "authorization" | "proxy-authorization":
                yield value.rpartition(" ")[2]
            case "set-cookie":
                content = value.partition(";")[0].partition("=")[2].strip().strip('"')
                if len(content) >= SHORTEST_COOKIE:
                    yield content
            case "cookie":
                contents = (each.partition("=")[2].strip() for each in value.split(";"))
                yield from (each for each in contents if len(each) >= SHORTEST_COOKIE)
            case _:
                continue


def _headers(headers: list[tuple[str, str]], redactor: Redactor) -> list[tuple[str, str]]:
    """Masked as lines, since a header's name says that its value is a secret."""
    lines = [redactor.text(f"{name}: {value}").partition(": ") for name, value in headers]
    return [(name, value) for name, _, value in lines]


def _credential_names(plan: Plan) -> frozenset[str]:
    """Variables that some persona signs its requests with."""
    return frozenset(
        name
        for test in plan.tests
        for persona in test.personas
        if persona.auth is not None
        for text in persona.auth.headers.values()
        for name in parse_template(text).names
    )
