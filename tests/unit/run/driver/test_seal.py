from __future__ import annotations

import pytest

from perfspec.errors import RunError
from perfspec.run.driver.seal import Seal

CONTENT = b"plan and private keys"


def test_only_the_same_key_opens_it() -> None:
    sealed = Seal("one key").close(CONTENT)
    assert Seal("one key").open(sealed) == CONTENT
    with pytest.raises(RunError, match="PERFSPEC_WORKER_KEY is not the same here"):
        Seal("one kez").open(sealed)


def test_nothing_of_it_can_be_read_or_changed() -> None:
    seal = Seal("one key")
    sealed = seal.close(CONTENT)
    assert b"private" not in sealed
    assert seal.close(CONTENT) != sealed
    for at in range(len(sealed)):
        changed = bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]])
        with pytest.raises(RunError):
            seal.open(changed)
    with pytest.raises(RunError):
        seal.open(b"")
