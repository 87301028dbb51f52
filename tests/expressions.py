"""Expressions of workflows, evaluated by GitHub's own library, and what steps hand on to others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = Path(__file__).parent / "workflows" / "expressions.mjs"
NODE = shutil.which("node") or str(Path(sys.executable).parent / "node")


def evaluated(contexts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    """Texts with their ``${{ }}`` replaced; what names nothing is empty."""
    said = _ask(contexts, list(map(str, texts.values())), [], failed=False)["texts"]
    return dict(zip(texts, said, strict=True))


def holds(contexts: Mapping[str, Any], condition: str, *, failed: bool) -> bool:
    """Whether an ``if`` lets its step run; without a status function only while none failed."""
    [found] = _ask(contexts, [], [condition], failed=failed)["conditions"]
    return bool(found)


def _ask(
    contexts: Mapping[str, Any], texts: list[str], conditions: list[str], *, failed: bool
) -> dict[str, list[Any]]:
    asked = {"contexts": contexts, "failed": failed, "texts": texts, "conditions": conditions}
    done = subprocess.run(
        [NODE, str(SCRIPT)], input=json.dumps(asked), capture_output=True, check=True, text=True
    )
    answer: dict[str, list[Any]] = json.loads(done.stdout)
    return answer


def outputs_in(text: str) -> dict[str, str]:
    """``NAME=VALUE``, or ``NAME<<FENCE``, lines and the fence."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, fenced, fence = line.partition("<<")
        if not fenced:
            name, _, found[name] = line.partition("=")
            continue
        value: list[str] = []
        for each in lines:
            if each == fence:
                break
            value.append(each)
        found[name] = "\n".join(value)
    return found
