"""Which worker runs how many users of which persona."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from perfspec.plan.shares import split_users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.journey import Persona

Counts: TypeAlias = dict[str, dict[str, int]]  # by worker, by persona


def share_out(counts: Counts, personas: Sequence[Persona], level: int, *, settled: bool) -> None:
    """Change ``counts`` to ``level`` users: whole users by largest remainder, ties in file order.

    Where all personas have fixed numbers of users, there are no more than these.

    While a ramp is under way (not ``settled``) nobody is stopped only to start somebody else, which
    the method of largest remainders wants now and then when a level grows. Each persona is spread
    evenly over the workers, and so are the personas that share a data source; what is left over
    goes to the first workers in the order of their ids, who have the rows that are left over, too.
    """
    wanted, workers = split_users(personas, level), sorted(counts)
    have = {name: sum(each[name] for each in counts.values()) for name in wanted}
    if not settled:
        _only_towards(have, wanted)
    for persona in personas:
        name = persona.name
        peers = [each.name for each in personas if each.data == persona.data]
        while have[name] < wanted[name]:
            counts[min(workers, key=lambda id_: _load(counts[id_], name, peers))][name] += 1
            have[name] += 1
        while have[name] > wanted[name]:
            fullest = max(reversed(workers), key=lambda id_: _load(counts[id_], name, peers))
            counts[fullest][name] -= 1
            have[name] -= 1


def _only_towards(have: dict[str, int], wanted: dict[str, int]) -> None:
    """Change ``wanted`` so that no persona moves against the direction of the whole."""
    change = sum(wanted.values()) - sum(have.values())
    step = 1 if change > 0 else -1
    missing = {name: (wanted[name] - have[name]) * step for name in wanted}
    wanted |= have
    for _ in range(abs(change)):
        name = max(missing, key=lambda each: missing[each])
        missing[name] -= 1
        wanted[name] += step


def _load(users: dict[str, int], name: str, peers: Sequence[str]) -> tuple[int, int, int]:
    return users[name], sum(users[each] for each in peers), sum(users.values())
