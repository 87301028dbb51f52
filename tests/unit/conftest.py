from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.amazon import running_moto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually


@pytest.fixture(scope="session")
def moto(session_leaves_nothing_behind: None, eventually: Eventually) -> Iterator[str]:  # noqa: ARG001  (order)
    """The URL of a server that answers as Amazon's do; tests with it are of one ``xdist_group``."""
    with running_moto(eventually) as url:
        yield url
