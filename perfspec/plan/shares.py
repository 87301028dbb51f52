"""Dividing load among personas: whole users by largest remainder, journeys by weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.journey import Persona
    from perfspec.plan.model import Test


def split_users(personas: Sequence[Persona], users: int) -> dict[str, int]:
    """How many of ``users`` each persona gets.

    Fixed numbers (``users``) are taken first, in file order, as far as they go; the rest is shared
    by weight (Hamilton's method).
    """
    counts = {each.name: 0 for each in personas}
    left = users
    for each in personas:
        if each.users is not None:
            counts[each.name] = min(each.users, left)
            left -= counts[each.name]
    weighted = [each for each in personas if each.users is None]
    total = sum(each.weight for each in weighted)
    if not weighted or total <= 0:
        return counts
    exact = {each.name: left * each.weight / total for each in weighted}
    for name, share in exact.items():
        counts[name] = int(share + 1e-9)
    missing = left - sum(counts[name] for name in exact)
    by_remainder = sorted(
        exact, key=lambda name: -(exact[name] - counts[name])
    )  # stable: ties keep order
    for name in by_remainder[:missing]:
        counts[name] += 1
    return counts


def persona_shares(personas: Sequence[Persona]) -> dict[str, float]:
    """The share of all arriving journeys that each persona has."""
    total = sum(each.weight for each in personas)
    return {each.name: each.weight / total for each in personas}


def most_users(test: Test) -> dict[str, int]:
    """How many users of each persona there may be at once.

    In the open model those who are needed come, so that any persona may have them all.
    """
    if test.open_model is not None:
        return {each.name: test.open_model.max_users for each in test.personas}
    return split_users(test.personas, test.peak_users)
