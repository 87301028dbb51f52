"""The page itself: a template filled, with style, script and data inside.

Nothing is loaded from anywhere, and a browser is told so: the content security policy allows
exactly this script and this style, by their hashes, and no address at all.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from perfspec import jsonio
from perfspec.report.escape import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

STATIC = files("perfspec.report.html") / "static"
STYLES = ("uplot/uPlot.min.css", "report.css")
SCRIPTS = (
    "uplot/uPlot.iife.min.js", "format.js", "charts.js", "trends.js", "heat.js", "spread.js",
    "tables.js", "page.js",
)  # fmt: skip


def render(template: str, *, data: object, **values: object) -> str:
    """Fill ``template``; ``data`` goes to the scripts as JSON. Foreign text stays text."""
    style, script = _joined(STYLES), _joined(SCRIPTS)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            policy=policy,
            style=Markup(style),  # noqa: S704  (our own files)
            script=Markup(script),  # noqa: S704
            data=_inside_script(data),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("perfspec.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(name: str) -> Markup:
    """A long name, so that a narrow column breaks it behind a dot or an underscore."""
    text = str(escape(_harmless(name)))
    return Markup(text.replace(".", ".<wbr>").replace("_", "_<wbr>"))  # noqa: S704  (escaped)


def _harmless(value: object) -> object:
    """Foreign text without control characters and invisible marks; its lines stay lines."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\n".join(visible(line) for line in value.split("\n"))


@cache
def _joined(names: Sequence[str]) -> str:
    """The files as one text, as it stands between two tags."""
    return "\n" + "\n".join((STATIC / each).read_text(encoding="utf-8") for each in names)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _inside_script(data: object) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = jsonio.encode(data).decode()
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704  (escaped just now)
