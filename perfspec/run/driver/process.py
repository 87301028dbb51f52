"""What a driver process asks of the system before it sends anything."""

from __future__ import annotations

import gc
import resource

_YOUNG_OBJECTS = 50_000  # between two collections, as each may look at every user


def settle_memory() -> None:
    """Keep the collector from walking, again and again, through what stays for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)


def raise_file_limit() -> None:
    """As many sockets as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
