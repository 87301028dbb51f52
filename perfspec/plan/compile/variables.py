"""Environment variables of a plan: which are needed, which are known, which are secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.errors import Diagnostic, InvalidSpecError
from perfspec.spec.base import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.plan.model import Plan
    from perfspec.spec.document import Document

_MEASURED = ("personas", "endpoints", "data", "defaults")  # read after the hooks have run


def with_variables(plan: Plan, known: Mapping[str, str], secrets: frozenset[str]) -> Plan:
    """Keep the values of variables that texts of the plan still name, secrets left out."""
    names = variables_in(plan) - secrets
    return msgspec.structs.replace(
        plan, variables={name: known[name] for name in sorted(names) if name in known}
    )


def variables_in(part: object) -> set[str]:
    """Names of the variables that texts of a part still mention."""
    return {match[1] for match in VARIABLE.finditer(msgspec.json.encode(part).decode())}


def check_variables(document: Document, plan: Plan, secrets: frozenset[str]) -> None:
    """Every variable of the parts in use must exist; hooks may bring those of texts later."""
    used = {("environments", plan.environment.name), ("slo",), ("defaults",)}
    used |= {("tests", each.name) for each in plan.tests}
    used |= {("personas", each.name) for test in plan.tests for each in test.personas}
    used |= {("endpoints", each.name) for each in plan.endpoints}
    used |= {("monitors",)}
    used |= {("data", each.name) for each in plan.data} | {
        ("data", each.name) for each in plan.files
    }
    found = []
    for path, name in document.unresolved.items():
        later = name in secrets or (plan.hooks_before is not None and path[0] in _MEASURED)
        if (path[:2] in used or path[:1] in used) and not later:
            line, column = document.place(*path, key=False)
            message = f"the environment variable {name} is not set"
            hint = f"export {name}=…, or write ${{{name}:-default}}"
            found.append(Diagnostic(document.file, line, column, "PS250", message, hint))
    if found:
        raise InvalidSpecError(tuple(sorted(found)))
