"""Objectives: limits and budgets that select what they are about."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from perfspec.spec.base import Strict, lacking, wrong
from perfspec.spec.budget import Budget
from perfspec.spec.limits import CalledNames, During, Names, Slo, Tags


class Where(Strict):
    """What an objective is about: several keys mean all of them, a list means any of it."""

    tests: Names | None = Field(None, description="Only in these tests. Example: `tests: [load]`")
    environments: Names | None = Field(
        None, description="Only in these environments. Example: `environments: [staging]`"
    )
    endpoints: CalledNames | None = Field(
        None, description="Each of these endpoints. Example: `endpoints: [login, checkout]`"
    )
    tags: Tags | None = Field(
        None, description="Each endpoint with one of these tags. Example: `tags: [critical]`"
    )
    personas: Names | None = Field(
        None, description="Only requests of these personas. Example: `personas: [student]`"
    )
    classes: Names | None = Field(
        None,
        description="Only requests that sent a file of these classes. Example: `classes: [large]`",
    )


class Objective(Strict):
    """Limits and budgets with a selector."""

    where: Where | None = Field(
        None,
        description="What it is about; left out: every request of every test. "
        "Example: `where: { tests: [load], tags: [critical] }`",
    )
    slo: Slo | None = Field(
        None,
        description="Limits of what `where` selects. Example: `slo: { success_rate: 100% }`",
    )
    budget: Budget | None = Field(
        None,
        description="How much worse than the baseline each endpoint that `where` selects may be. "
        "Example: `budget: { p95: +5% }`",
    )
    during: During | None = Field(
        None,
        description="Which seconds limits are about, hold when left out. Example: `during: all`",
    )
    requirement: str | None = Field(
        None, description='Carried into JUnit and reports. Example: `requirement: "11.2"`'
    )
    description: str | None = Field(
        None, description="For readers. Example: `description: Checkout`"
    )

    @model_validator(mode="after")
    def _something_to_judge(self) -> Self:
        written = self.model_fields_set
        if not written & {"slo", "budget"}:
            text = "an objective needs slo, budget or both"
            raise lacking(text)
        if "during" in written and "slo" not in written:
            text = "during is about limits, and a budget compares the holds: leave it out"
            raise wrong(text)
        return self
