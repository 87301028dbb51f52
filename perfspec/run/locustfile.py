"""Writes the locustfile with which plain Locust runs a test; imports nothing of Locust."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TEMPLATE = '''"""Test {test} as perfspec planned it, for plain Locust: locust -f FILE [--headless]

The load follows the plan; --users, --spawn-rate and --run-time change nothing.
"""

from pathlib import Path

from perfspec.run.driver.locustfile import build

globals().update(build(Path(__file__).parent / {plan!r}, {test!r}))
'''


def render_locustfile(plan: str | Path, test: str) -> str:
    """Python source; ``plan`` is the plan's file, absolute or relative to the locustfile."""
    return _TEMPLATE.format(plan=str(plan), test=test)
