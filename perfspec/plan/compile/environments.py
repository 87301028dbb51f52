"""Environments, services and hooks of the spec, with their variables put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.errors import Diagnostic, InvalidSpecError
from perfspec.expr import fill_variables
from perfspec.plan.address import is_base, own_host
from perfspec.plan.compile.loads import parse_window
from perfspec.plan.model import Environment, Hook, Protection, Ready, Service
from perfspec.spec.base import VARIABLE, substitute
from perfspec.spec.limits import as_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.spec import model, protected
    from perfspec.spec.document import Document


def compile_environment(
    document: Document,
    name: str,
    variables: Mapping[str, str],
    secrets: frozenset[str],
    *,
    complete: bool = True,
) -> Environment:
    """The chosen environment; ``${NAME}`` stays where it is secret or not known.

    Raises InvalidSpecError when its variables make no URL of ``url``, unless ``complete`` is False.
    """
    written = document.spec.environments[name]

    def put(text: str) -> str:
        if secrets.isdisjoint(match[1] for match in VARIABLE.finditer(text)):
            known = substitute(text, variables)
            return text if known is None else known
        return fill_variables(text, {n: variables[n] for n in variables.keys() - secrets})

    filled = put(written.url)
    if complete and "${" not in filled and not is_base(filled):
        raise InvalidSpecError((_no_url(document, name, filled),))
    url = filled.rstrip("/")
    allowed = map(put, written.allow_hosts or ())
    return Environment(
        name=name,
        url=url,
        hosts=tuple(dict.fromkeys([own_host(url), *allowed])),
        services=tuple(
            _service(each, service, url, put) for each, service in (written.services or {}).items()
        ),
        protected=None if written.protected is None else _protection(written.protected),
    )


def _no_url(document: Document, name: str, url: str) -> Diagnostic:
    written = document.spec.environments[name].url
    became = "" if written == url else f", which {written} became"
    line, column = document.place("environments", name, "url", key=False)
    message = f"url is {url!r}{became}"
    hint = "write a URL such as https://api.example.com, without ? and #"
    return Diagnostic(document.file, line, column, "PS107", message, hint)


def compile_hook(written: model.Hook | None, variables: Mapping[str, str]) -> Hook | None:
    """A hook's commands stay templates."""
    if written is None:
        return None
    return Hook(
        run=written.run,
        creates=tuple(substitute(each, variables) or each for each in as_names(written.creates)),
        verify=written.verify,
        timeout_s=written.timeout,
    )


def _service(name: str, written: model.Service, url: str, put: Callable[[str], str]) -> Service:
    ready = None
    if written.ready is not None:
        method, _, path = put(written.ready).partition(" ")
        path = path.strip()
        ready = Ready(method=method, url=url + path if path.startswith("/") else path)
    return Service(
        name=name,
        run=written.run,
        ready=ready,
        ready_timeout_s=written.ready_timeout,
        directory=put(written.directory),
        variables={key: str(value) for key, value in (written.env or {}).items()},
    )


def _protection(written: protected.Protected) -> Protection:
    return Protection(
        max_users=written.max_users,
        tests=None if written.tests is None else tuple(written.tests),
        window=None if written.window is None else parse_window(written.window),
        checklist=tuple(written.checklist or ()),
    )
