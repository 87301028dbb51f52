"""Endpoints of the spec as endpoints of the plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from perfspec.plan.channel import Answer
from perfspec.plan.request import (
    Body,
    Capture,
    CborBody,
    Endpoint,
    Expect,
    FileBody,
    FormBody,
    JsonBody,
    JsonCheck,
    MsgpackBody,
    MultipartBody,
    Poll,
    Retry,
    TextBody,
    TextCheck,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.plan.base import Place
    from perfspec.spec import answer as spec
    from perfspec.spec.channel import Answer as WrittenAnswer
    from perfspec.spec.model import Defaults
    from perfspec.spec.request import Endpoint as WrittenEndpoint
    from perfspec.spec.request import Poll as WrittenPoll
    from perfspec.spec.request import Retry as WrittenRetry

_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PARAMETER = re.compile(r"(?<![{$])\{([a-z][a-z0-9_]*)\}(?!\})")
Statuses = tuple[tuple[int, int], ...]


def compile_endpoint(
    name: str, written: WrittenEndpoint, defaults: Defaults, place: Place
) -> Endpoint:
    """Put defaults and path parameters in; texts stay templates."""
    method, url = _request_line(written.request or "", written.path or {})
    common = defaults.headers or {}
    return Endpoint(
        name=name,
        method=method,
        url=url,
        query=dict(written.query or {}),
        headers=compile_headers(common, written.headers or {}),
        auth=written.auth is None,
        body=_body(written),
        timeout_s=defaults.timeout if written.timeout is None else written.timeout,
        redirects=10 if written.redirects is None else written.redirects,
        expect=_expect(written.expect),
        captures=compile_captures(written.capture),
        retry=None if written.retry is None else _retry(written.retry),
        poll=None if written.poll is None else _poll(written.poll, written.path or {}, common),
        tags=tuple(written.tags or ()),
        description=written.description,
        place=place,
    )


def _request_line(line: str, path: Mapping[str, Any]) -> tuple[str, str]:
    method, _, url = line.partition(" ")
    return method, compile_url(url.strip(), path)


def compile_url(url: str, path: Mapping[str, Any]) -> str:
    """The URL with the templates of its path parameters in their places."""
    return _PARAMETER.sub(lambda match: _segment(path.get(match[1])), url)


def _segment(value: object) -> str:
    """A path parameter as part of a URL template: every value is percent-encoded, none is empty."""
    if not isinstance(value, str):
        return quote(str(value), safe="")
    pieces: list[str] = []
    at = 0
    for hole in _HOLE.finditer(value):
        pieces += [_constant(value[at : hole.start()]), f"{{{{ ({hole[1]}) | path_part }}}}"]
        at = hole.end()
    return "".join([*pieces, _constant(value[at:])])


def _constant(text: str) -> str:
    return quote(text, safe="${}:-_.~")


def compile_headers(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, str]:
    """A header of its own replaces that of ``defaults``, in whichever case its name is written."""
    replaced = {name.lower() for name in own}
    kept = {name: value for name, value in common.items() if name.lower() not in replaced}
    return {name: _text(value) for name, value in {**kept, **own}.items()}


def _text(value: object) -> str:
    """What YAML reads as a number or truth value goes out as it would stand in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _body(written: WrittenEndpoint) -> Body | None:
    given = written.model_fields_set
    if "json_" in given:
        return JsonBody(value=written.json_)
    if "cbor" in given:
        return CborBody(value=written.cbor)
    if "msgpack" in given:
        return MsgpackBody(value=written.msgpack)
    if written.form is not None:
        return FormBody(fields=dict(written.form))
    if written.multipart is not None:
        return MultipartBody(parts=dict(written.multipart))
    if written.text is not None:
        return TextBody(text=written.text)
    if written.file is not None:
        return FileBody(file=written.file.model_dump(by_alias=True, exclude_none=True))
    return None


def _statuses(written: spec.Status) -> Statuses:
    each = written if isinstance(written, list) else [written]
    return tuple(_range(status) for status in each)


def _range(status: int | str) -> tuple[int, int]:
    if isinstance(status, int):
        return status, status
    low = int(status[0]) * 100
    return low, low + 99


def _expect(written: spec.Expect | None) -> Expect:
    if written is None:
        return Expect()
    texts = [_header_check(name, check) for name, check in (written.headers or {}).items()]
    if written.body is not None:
        texts.append(_body_check(written.body))
    return Expect(
        status=((200, 299),) if written.status is None else _statuses(written.status),
        json=tuple(_json_check(path, check) for path, check in (written.json_ or {}).items()),
        texts=tuple(texts),
    )


def compile_answer(written: WrittenAnswer | None) -> Answer:
    """What an incoming message looks like."""
    if written is None:
        return Answer()
    checks = tuple(_json_check(path, check) for path, check in (written.json_ or {}).items())
    texts = () if written.body is None else (_body_check(written.body),)
    return Answer(event=written.event, json=checks, texts=texts)


def _body_check(written: spec.BodyCheck) -> TextCheck:
    return TextCheck(contains=written.contains, matches=written.matches)


def _header_check(name: str, check: str | spec.TextCheck) -> TextCheck:
    if isinstance(check, str):
        return (
            TextCheck(name=name, exists=True)
            if check == "exists"
            else TextCheck(name=name, equals=check)
        )
    return TextCheck(
        name=name,
        equals=check.equals,
        contains=check.contains,
        matches=check.matches,
        exists=check.exists,
    )


def _json_check(path: str, check: object) -> JsonCheck:
    if check == "exists":
        return JsonCheck(path=path, exists=True)
    if isinstance(check, str | int | float | bool | list) or check is None:
        return JsonCheck(path=path, equals=(check,))
    conditions = check.model_dump(by_alias=True, exclude_unset=True)  # type: ignore[attr-defined]
    return JsonCheck(
        path=path,
        exists=conditions.get("exists"),
        equals=(conditions["equals"],) if "equals" in conditions else None,
        one_of=tuple(conditions["in"]) if "in" in conditions else None,
        matches=conditions.get("matches"),
        min=conditions.get("min"),
        max=conditions.get("max"),
    )


def compile_captures(written: spec.Captures | None) -> tuple[Capture, ...]:
    """Variables with where they are read from."""
    return tuple(_capture(name, source) for name, source in (written or {}).items())


def _capture(name: str, source: str | spec.Capture) -> Capture:
    if isinstance(source, str):
        return Capture(name=name, source="json", query=source)
    if source.json_ is not None:
        return Capture(name=name, source="json", query=source.json_, optional=source.optional)
    if source.header is not None:
        return Capture(name=name, source="header", query=source.header, optional=source.optional)
    if source.cookie is not None:
        return Capture(name=name, source="cookie", query=source.cookie, optional=source.optional)
    if source.regex is not None:
        return Capture(name=name, source="regex", query=source.regex, optional=source.optional)
    return Capture(name=name, source="status")


def _retry(written: WrittenRetry) -> Retry:
    return Retry(
        status=_statuses(written.status), attempts=written.attempts, backoff_s=written.backoff
    )


def _poll(written: WrittenPoll, path: Mapping[str, Any], common: Mapping[str, Any]) -> Poll:
    method, url = _request_line(_with_captures(written.request, path), path)
    return Poll(
        method=method,
        url=url,
        headers=compile_headers(common, written.headers or {}),
        until=_expect(written.until),
        fail_if=None if written.fail_if is None else _expect(written.fail_if),
        every_s=written.every,
        timeout_s=written.timeout,
        wait=written.wait,
        captures=compile_captures(written.capture),
    )


def _with_captures(line: str, path: Mapping[str, Any]) -> str:
    """In a poll, ``{job}`` that is no path parameter is the variable of that name."""

    def put(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name in path else f"{{{{ {name} | path_part }}}}"

    return _PARAMETER.sub(put, line)
