"""What a command line may decide of the gate: how budgets are compared, with what, what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, get_args

import click
from msgspec.structs import replace

from perfspec.baseline.store import FORMS
from perfspec.errors import UsageError
from perfspec.plan.budget import Compare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.plan.model import Plan

Command = TypeVar("Command", bound="Callable[..., Any]")


class Gate(NamedTuple):
    """For one run; None is as the spec says."""

    compare: Compare | None = None
    baseline: str | None = None
    record: bool | None = None


AS_WRITTEN: Final = Gate()


def gate_options(command: Command) -> Command:
    """The options by which ``how_to_gate`` makes a Gate."""
    options = (
        click.option(
            "--compare",
            type=click.Choice(get_args(Compare)),
            help="How budgets are compared; as the spec says when left out.",
        ),
        click.option(
            "--baseline",
            metavar="ADDRESS",
            help=f"{FORMS}; the spec's when left out.",
        ),
        click.option(
            "--record/--no-record",
            default=None,
            help="Whether a valid run of the branch enters the baseline.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def how_to_gate(given: Mapping[str, Any]) -> tuple[Gate, dict[str, Any]]:
    """The gate of these options, and the others."""
    gate = Gate(**{name: given[name] for name in Gate._fields})
    return gate, {name: value for name, value in given.items() if name not in Gate._fields}


def with_store(plan: Plan, store: str | None) -> Plan:
    """The plan with another store of its baseline. Raises UsageError when it has none."""
    if store is None:
        return plan
    if plan.baseline is None:
        msg = f"{plan.file} has neither budgets nor a baseline: --baseline changes nothing of it"
        raise UsageError(msg)
    return replace(plan, baseline=replace(plan.baseline, store=store))


def with_acceptance(plan: Plan, reason: str | None) -> Plan:
    """The plan whose regressions are meant. Raises UsageError when it would compare nothing."""
    if reason is None:
        return plan
    if not reason.strip():
        msg = "--accept is empty: say why it may be worse, such as --accept 'TLS everywhere'"
        raise UsageError(msg)
    if not any(each.budgets for each in plan.tests):
        msg = f"no test of {plan.file} that runs has a budget: --accept changes nothing of it"
        raise UsageError(msg)
    return replace(plan, accepted=reason)
