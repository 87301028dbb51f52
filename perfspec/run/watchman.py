"""Ends what a run has started when the run itself was killed; a process of its own.

It reads ``+PID`` and ``-PID`` of process groups from stdin, and ``>WORDS`` and ``<WORDS`` of
commands. When stdin ends, whoever is on the list gets SIGTERM, and SIGKILL soon after; then the
commands that are left are run. It imports little, since every run starts one.
"""

from __future__ import annotations

import os
import select
import signal
import sys

GRACE_S = 5.0
STEP_S = 0.05


def main() -> None:
    """Read until the run is gone, then end what it has left."""
    groups: set[int] = set()
    commands: dict[str, None] = {}  # in order
    for line in sys.stdin:
        match line[0]:
            case "+":
                groups.add(int(line[1:]))
            case "-":
                groups.discard(int(line[1:]))
            case ">":
                commands[line[1:]] = None
            case _:
                commands.pop(line[1:], None)
    _end(groups)
    for each in commands:
        _run(each.rstrip("\n").split("\t"))


def _end(groups: set[int]) -> None:
    left = {group for group in groups if _tell(group, signal.SIGTERM)}
    for _ in range(int(GRACE_S / STEP_S)):
        left = {group for group in left if _tell(group, 0)}
        if not left:
            return
        select.select([], [], [], STEP_S)
    for group in left:
        _tell(group, signal.SIGKILL)


def _run(words: list[str]) -> None:
    """To its end, whatever comes of it: nobody is there to be told."""
    try:
        os.waitpid(os.spawnvp(os.P_NOWAIT, words[0], words), 0)  # noqa: S606  (no shell is wanted)
    except OSError:
        return


def _tell(group: int, number: int) -> bool:
    """Whether there is such a group; one that we may not signal is out of reach."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
