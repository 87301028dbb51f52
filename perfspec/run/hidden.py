"""Teaching the redactor what is secret in this run: values of variables and of data columns."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from perfspec.errors import RunError
from perfspec.expr import Tools
from perfspec.redact import SHORTEST, secret_values
from perfspec.run.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfspec.clock import Clock
    from perfspec.plan.model import Plan
    from perfspec.redact import Redactor

RUNNERS: Final = (
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "CI_JOB_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
)
"""Secret in every run: what a service prints of its environment must not reach an artifact."""


def hide_variables(plan: Plan, variables: Mapping[str, str], redactor: Redactor) -> Iterator[str]:
    """Mask the secret variables that are set; what comes back are warnings."""
    redactor.add(secret_values(RUNNERS, variables, {}))
    for name in plan.secrets:
        values = secret_values([name], variables, {})
        redactor.add(values)
        if any(0 < len(value) < SHORTEST for value in values):
            yield f"the secret {name} is shorter than {SHORTEST} characters and is not masked"


def hide_columns(
    plan: Plan, variables: Mapping[str, str], redactor: Redactor, clock: Clock
) -> None:
    """Mask the secret columns of the data in use; raises RunError for data that cannot be read.

    Without it nothing could be masked, so a run must not go on.
    """
    tools = Tools(rng=Random(plan.seed), now=clock.now)  # noqa: S311  (load, no secret)
    for source in plan.data:
        names = [f"{source.name}.{column}" for column in source.secret]
        if names:
            rows = read_rows(source, plan.directory, tools, variables)
            known = [row for row in rows if isinstance(row, dict)]
            redactor.add(secret_values(names, {}, {source.name: known}))


def hide_what_is_there(
    plan: Plan, variables: Mapping[str, str], redactor: Redactor, clock: Clock
) -> None:
    """After a failure: mask the columns of those files that a hook has written all the same."""
    try:
        hide_columns(plan, variables, redactor, clock)
    except RunError:
        return  # the failure itself is what is reported
