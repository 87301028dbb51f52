"""All checks of a spec that has the right shape, or of what is left of one that has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.spec.checks.budgets import check_budgets
from perfspec.spec.checks.captures import check_captures
from perfspec.spec.checks.channels import check_channels
from perfspec.spec.checks.context import Context
from perfspec.spec.checks.data import check_data
from perfspec.spec.checks.habits import check_habits
from perfspec.spec.checks.loads import check_loads
from perfspec.spec.checks.meaning import check_meaning
from perfspec.spec.checks.monitors import check_monitors
from perfspec.spec.checks.names import Names
from perfspec.spec.checks.prices import check_prices
from perfspec.spec.checks.references import check_references
from perfspec.spec.checks.requests import check_requests
from perfspec.spec.checks.texts import Texts
from perfspec.spec.checks.variables import check_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.spec.findings import Findings
    from perfspec.spec.shape import Shaped
    from perfspec.spec.tree import Node


def check_spec(
    shaped: Shaped, root: Node, text: str, variables: Mapping[str, str], findings: Findings
) -> None:
    """Tell ``findings`` everything that is wrong or doubtful; ``root`` is the tree of ``text``."""
    context = Context(
        spec=shaped.spec,
        tree=shaped.tree,
        root=root,
        names=Names.of(root),
        lines=tuple(text.splitlines()),
        variables=variables,
        findings=findings,
    )
    texts = Texts(context)
    check_references(context)
    check_meaning(context)
    check_monitors(context)
    check_prices(context)
    check_budgets(context)
    check_loads(context)
    check_data(context)
    check_requests(context)
    check_channels(context)
    check_variables(context, texts)
    check_captures(context, texts)
    check_habits(context, texts)
