from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually
    from tests.postgres import Postgres


@pytest.fixture(scope="session")
def postgres(session_leaves_nothing_behind: None, eventually: Eventually) -> Iterator[Postgres]:  # noqa: ARG001  (order)
    with running_postgres(eventually) as server:
        yield server
