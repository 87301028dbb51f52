from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.run.driver.actor import Actor
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.targets import Target


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as target:
        yield target


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long users were to wait, instead of waiting."""
    found: list[float] = []

    def pause(_me: Actor, seconds: float) -> None:
        found.append(round(seconds, 6))

    for method in ("pause", "think"):
        monkeypatch.setattr(Actor, method, pause)
    return found
