"""What ``try`` runs: one user of each persona, with the journey of the first test that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.errors import UsageError
from perfspec.plan.load import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.journey import Persona
    from perfspec.plan.model import Plan


def trial_of(plan: Plan, wanted: Sequence[str]) -> Plan:
    """The plan with a single test of all its personas, or of those ``wanted``.

    It keeps the name of the only test that it stands for, so that a protected environment which
    allows that test allows trying it. Raises UsageError for a persona that no test of the plan has.
    """
    found: dict[str, Persona] = {}
    for test in plan.tests:
        for persona in test.personas:
            found.setdefault(persona.name, persona)
    for name in wanted:
        if name not in found:
            msg = f"no test has a persona {name!r}: they have {', '.join(found)}"
            raise UsageError(msg)
    chosen = tuple(
        msgspec.structs.replace(each, users=1)
        for each in found.values()
        if not wanted or each.name in wanted
    )
    trial = msgspec.structs.replace(
        plan.tests[0],
        name=plan.tests[0].name if len(plan.tests) == 1 else "try",
        personas=chosen,
        stages=(Stage(users=len(chosen), hold_s=1.0),),
        open_model=None,
        objectives=(),
        abort=(),
    )
    return msgspec.structs.replace(plan, tests=(trial,))
