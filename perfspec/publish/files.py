"""What a step of a workflow leaves in files: its summary, and outputs for later steps."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from perfspec.judge.model import Outcome
from perfspec.publish.annotations import rulings
from perfspec.publish.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perfspec.judge.model import Verdict


def append_summary(path: Path, text: str) -> None:
    """Add to the job summary; other steps may have written there. Raises PublishError."""
    _append(path, text + "\n", "the job summary")


def write_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Outputs of the step; a value cannot end its own field. Raises PublishError.

    Source: GitHub's documentation of ``GITHUB_OUTPUT`` (a delimiter that nobody can guess).
    """
    fence = f"perfspec_{secrets.token_hex(16)}"
    text = "".join(f"{name}<<{fence}\n{value}\n{fence}\n" for name, value in outputs.items())
    _append(path, text, "the outputs of the step")


def outputs_of(verdict: Verdict, run: Path) -> dict[str, str]:
    """``regressions`` counts limits and budgets not kept; paths are as the step sees them."""
    broken = sum(each.outcome is Outcome.FAIL for test in verdict.tests for each in rulings(test))
    report = run / "report"
    return {
        "verdict": str(verdict.outcome),
        "exit-code": str(verdict.exit_code),
        "regressions": str(broken),
        "run-dir": str(run),
        "junit": str(report / "junit.xml"),
        "report": str(report / "report.html"),
        "json": str(run / "verdict.json"),
    }


def _append(path: Path, text: str, what: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        msg = f"{what} cannot be written: {path}: {error.strerror or error}"
        raise PublishError(msg) from None
