"""By what a check and a comment are found again: spec, sequence and environment, and no less.

Were one of them missing, a run that passed would stand where another one had failed.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from perfspec import jsonio
from perfspec.publish.annotations import path_in_repository
from perfspec.report.escape import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Plan

USUAL: Final = "perfspec.yaml"
_LONGEST: Final = 250  # characters of a check's name


class Identity(NamedTuple):
    """``spec`` is its path in the repository: two of the same name are two."""

    spec: str
    name: str
    sequence: str
    environment: str

    @classmethod
    def of(cls, plan: Plan, workspace: Path | None) -> Self:
        """The same for every run of this spec, sequence and environment."""
        path = path_in_repository(plan, workspace)
        return cls(path, plan.name, plan.sequence, plan.environment.name)

    @property
    def check(self) -> str:
        """The name by which people require it; with the path where it is not the usual one."""
        path = "" if self.spec == USUAL else f" ({self.spec})"
        text = f"perfspec / {self.name} on {self.environment} / {self.sequence}{path}"
        return one_line(text, _LONGEST)

    @property
    def marker(self) -> str:
        """Hidden at the top of its comment."""
        return _hidden("run", *self)


def step_marker(spec: str, sequence: str | None, environment: str | None) -> str:
    """Hidden in the comments of a step that was asked for these; None is left to the spec.

    A step whose spec has mistakes knows no more of what it would have measured.
    """
    return _hidden("step", spec, sequence, environment)


def _hidden(kind: str, *what: str | None) -> str:
    return f"<!-- perfspec:{kind}:{sha256(jsonio.encode(what)).hexdigest()[:20]} -->"
