"""What the world outside gives to expressions: randomness and the time, so that runs can repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random
from typing import TypeAlias

import msgspec

Scope: TypeAlias = Mapping[str, object]
Closure: TypeAlias = Callable[[Scope], object]


class Tools(msgspec.Struct, frozen=True):
    """Sources of ``random``, ``uuid()``, ``random_int()`` … and ``now()``.

    Two compilations with equally seeded ``rng`` and the same calls give the same values. ``now``
    returns a time with its zone, as ``perfspec.clock.Clock.now`` does.
    """

    rng: Random
    now: Callable[[], datetime]
