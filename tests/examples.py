"""The teams' plans of ``examples/``: run in copies, found faulty, and seen from elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.targets import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.judge.model import Finding, TestVerdict
    from tests.commands import Kept
    from tests.targets import Received

EXAMPLES = Path(__file__).parents[1] / "examples"


def copied(folder: Path) -> Path:
    """The example of that name, in a folder of its own."""
    ignored = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(EXAMPLES / folder.name, folder, ignore=ignored)
    return folder


def only(kept: Kept) -> tuple[TestVerdict, dict[str, Finding]]:
    """What was said of the only test, and which of its limits were broken."""
    (test,) = kept.verdict.tests
    return test, {each.objective: each for each in test.findings if each.outcome == "fail"}


def check_growth(test: TestVerdict, broken: Mapping[str, Finding], series: str) -> None:
    """It grew by more than 10 % beyond doubt, and that is told."""
    low = broken[f"{series}.growth"].low
    assert low is not None
    assert low > 0.1
    assert any(each.cause.startswith(f"{series} grows") for each in test.diagnoses)


def prometheus_of(value: str) -> Callable[[Received], Answer]:
    """Answers for a range, with the same value for whatever is asked."""

    def answer(request: Received) -> Answer:
        asked = dict(request.query)
        begin, end, step = (float(asked[each]) for each in ("start", "end", "step"))
        values = [[begin + each * step, value] for each in range(round((end - begin) / step) + 1)]
        data = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
        return Answer(body=json.dumps({"status": "success", "data": data}).encode())

    return answer


def check_workflow(*paths: Path | str) -> None:
    """Nothing in them is found wrong by zizmor."""
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--quiet"]
    done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
