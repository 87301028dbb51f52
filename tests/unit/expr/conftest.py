"""Evaluating with a seeded generator and a fixed time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from types import MappingProxyType

import pytest

from perfspec.expr import Tools, parse_expression

Evaluate = Callable[..., object]
NOTHING: Mapping[str, object] = MappingProxyType({})


@pytest.fixture
def tools() -> Tools:
    return Tools(Random(0), lambda: datetime(2026, 11, 21, 6, 37, tzinfo=UTC))


@pytest.fixture
def evaluate(tools: Tools) -> Evaluate:
    def run(text: str, scope: Mapping[str, object] = NOTHING, **variables: str) -> object:
        return parse_expression(text).compile(tools, variables)(scope)

    return run
