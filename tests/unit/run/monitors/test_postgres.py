"""Against a real server: what it counts, and that it only ever reads."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from perfspec.run.monitors.postgres import PostgresGauge
from perfspec.run.monitors.source import ReadError
from tests.postgres import READER
from tests.unit.run.monitors.sources import own, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually
    from tests.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]


@pytest.fixture
def gauge(postgres: Postgres) -> Iterator[PostgresGauge]:
    gauge = PostgresGauge(own("postgres"), postgres.dsn)
    yield gauge
    gauge.close()


def read(gauge: PostgresGauge) -> dict[str, float | None]:
    return values(gauge.read(0.0))


def test_its_own_connection_does_not_count(gauge: PostgresGauge) -> None:
    found = read(gauge)
    assert found == dict.fromkeys(found, 0.0)


def test_connections_by_what_they_do(gauge: PostgresGauge, postgres: Postgres) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(psycopg.connect(postgres.dsn, autocommit=True))
        waiting = stack.enter_context(psycopg.connect(postgres.dsn))
        waiting.execute("SELECT 1")
        found = read(gauge)
    assert found["connections_idle"] == 3
    assert found["connections_idle_in_transaction"] == 1
    assert found["connections_total"] == 4
    assert found["connections_used"] == 4 / 20


def test_slow_queries_and_waits_for_locks(
    gauge: PostgresGauge, postgres: Postgres, eventually: Eventually
) -> None:
    with psycopg.connect(postgres.dsn) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(7)")
        waiter = threading.Thread(target=_wait_for_lock, args=(postgres.dsn,))
        waiter.start()
        found = eventually(lambda: _slow(read(gauge)))
    waiter.join()
    assert found["lock_waits"] == found["slow_queries"] == found["connections_active"] == 1
    assert (found["query_duration_max"] or 0) > 1


def _wait_for_lock(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(7)")


def _slow(found: dict[str, float | None]) -> dict[str, float | None]:
    return found if found["slow_queries"] else {}


def test_it_cannot_write_and_does_not_wait_for_ever(
    gauge: PostgresGauge, postgres: Postgres
) -> None:
    read(gauge)
    with psycopg.connect(postgres.dsn) as other:
        settings = other.execute(
            "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'perfspec%'"
        ).fetchall()
    assert settings == [("perfspec monitor",)]
    connection = gauge._connected()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TABLE nothing ()")
    with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
        connection.execute("SELECT pg_sleep(20)")


def test_sessions_that_its_role_may_not_see_are_no_zero(postgres: Postgres) -> None:
    with (
        closing(PostgresGauge(own("postgres"), postgres.of(READER))) as gauge,
        psycopg.connect(postgres.dsn, autocommit=True),
        pytest.raises(ReadError, match="may not see 1 sessions of other roles: GRANT pg_monitor"),
    ):
        gauge.read(0.0)


def test_it_connects_anew_after_its_connection_broke(
    gauge: PostgresGauge, postgres: Postgres
) -> None:
    read(gauge)
    with psycopg.connect(postgres.dsn, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'perfspec monitor'"
        )
    with pytest.raises(psycopg.OperationalError):
        gauge.read(0.0)
    assert read(gauge)["connections_total"] == 0
