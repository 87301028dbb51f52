"""What a command line may decide of the gate, and what it refuses instead of ignoring it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.cli.gate import with_acceptance
from perfspec.cli.main import run
from perfspec.errors import UsageError
from perfspec.plan.budget import Budget
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import metric_of
from tests.results import limit, make_plan, make_test, place
from tests.specs import spec

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Test

BUDGET = Budget(
    id="login.p95 budget",
    subject=Subject(kind="request", name="login"),
    metric=metric_of("p95"),
    fail=0.1,
    min_samples=200,
    place=place(20),
    origin="budget.p95",
)
LIMITED = make_test(limit("p95", 0.3))
COMPARED = make_test(limit("p95", 0.3), name="compared", budgets=(BUDGET,))


def test_a_reason_is_of_use_where_a_test_has_budgets() -> None:
    assert with_acceptance(make_plan(LIMITED, COMPARED), "TLS").accepted == "TLS"
    assert with_acceptance(make_plan(LIMITED), None).accepted is None


@pytest.mark.parametrize(
    ("test", "reason", "words"),
    [
        (LIMITED, "TLS", "no test of perfspec.yaml that runs has a budget"),
        (COMPARED, " ", "--accept is empty: say why"),
    ],
)
def test_else_it_is_refused(test: Test, reason: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        with_acceptance(make_plan(test), reason)


def test_nothing_runs_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfspec.yaml").write_text(spec(slo="{ error_rate: 1% }"), encoding="utf-8")
    assert run(["run", "--accept", "TLS everywhere"]) == 2
    assert "--accept changes nothing of it" in capsys.readouterr().err
    assert not (tmp_path / ".perfspec").exists()
