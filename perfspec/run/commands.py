"""Commands of the spec as words: values put in, split as a shell would, but run by no shell."""

from __future__ import annotations

import re
import shlex
from random import Random
from typing import TYPE_CHECKING, Final

from perfspec.expr import ExpressionError, Tools, parse_template
from perfspec.plan.address import resolved
from perfspec.run.contracts import StepError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.clock import Clock
    from perfspec.plan.model import Plan

_HOLE: Final = re.compile(r"\{\{.*?\}\}|\$\{[^}]*\}", re.DOTALL)
_SHELL: Final = re.compile(r"\|{1,2}|&{1,2}|;|[12&]?>{1,2}|<|2>&1|\$[A-Za-z_]\w*")


class Texts:
    """Puts ``{{ environment.url }}`` and ``${NAME}`` into texts of services and hooks.

    ``variables`` may grow while the run goes on (hooks add some). ``environment`` is the plan's,
    with the secrets of its addresses.
    """

    def __init__(self, plan: Plan, variables: Mapping[str, str], clock: Clock) -> None:
        self._scope: dict[str, object] = {}
        self._variables = variables
        self._tools = Tools(rng=Random(plan.seed), now=clock.now)  # noqa: S311  (load, no secret)
        title = f"environments.{plan.environment.name}"
        self.environment = resolved(plan.environment, lambda text: self.fill(text, title))
        own = self.environment
        self._scope["environment"] = {"name": own.name, "url": own.url}

    def fill(self, text: str, title: str) -> str:
        """Raises StepError, with ``title`` for the text, when it cannot be computed."""
        try:
            return parse_template(text).compile_text(self._tools, self._variables)(self._scope)
        except ExpressionError as error:
            hint = f" ({error.hint})" if error.hint else ""
            msg = f"{title} cannot be read: {error}{hint}"
            raise StepError(msg) from None

    def words(self, command: str, title: str) -> list[str]:
        """Words of a command; a value that is put in never becomes two, nor a hole of its own."""
        holes: list[str] = []

        def stand_in(match: re.Match[str]) -> str:
            holes.append(match[0])
            return f"\x00{len(holes) - 1}\x00"

        try:
            words = shlex.split(_HOLE.sub(stand_in, command))
        except ValueError as error:
            msg = f"{title} cannot be read: {error} in {command}"
            raise StepError(msg) from None
        if not words:
            msg = f"{title} has no command"
            raise StepError(msg)
        for word in words:
            if _SHELL.fullmatch(word):
                fit = f"sh -c {shlex.quote(command)}"
                msg = f"{title} holds {word}, but it is no shell that runs it: write  {fit}"
                raise StepError(msg)
        filled = (re.sub("\x00(\\d+)\x00", lambda m: holes[int(m[1])], word) for word in words)
        return [self.fill(word, title) for word in filled]
