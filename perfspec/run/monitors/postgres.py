"""A PostgreSQL server by its own statistics views, on one connection that only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perfspec.run.monitors.source import Gauge, ReadError, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

    from perfspec.plan.monitor import MonitorSeries

SLOW_S: Final = 1.0
_TIMEOUT_MS: Final = 2000
_CONNECT_S: Final = 5
_QUERY: Final = f"""
    SELECT count(*) FILTER (WHERE state IN ('active', 'fastpath function call')),
           count(*) FILTER (WHERE state = 'idle'),
           count(*) FILTER (WHERE state LIKE 'idle in transaction%%'),
           count(*),
           count(*)::float8 / current_setting('max_connections')::float8,
           count(*) FILTER (WHERE state = 'active'
                            AND clock_timestamp() - query_start > interval '{SLOW_S} seconds'),
           count(*) FILTER (WHERE wait_event_type = 'Lock'),
           coalesce(max(extract(epoch FROM clock_timestamp() - query_start))
                    FILTER (WHERE state = 'active'), 0)::float8,
           count(*) FILTER (WHERE query = '<insufficient privilege>')
    FROM pg_stat_activity
    WHERE (backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL)
          AND pid <> pg_backend_pid()
"""  # noqa: S608  (the number is ours; the type of a hidden session is NULL)
_NAMES: Final = (
    "connections_active", "connections_idle", "connections_idle_in_transaction",
    "connections_total", "connections_used", "slow_queries", "lock_waits", "query_duration_max",
)  # fmt: skip


class PostgresGauge(Gauge):
    """Sessions of clients in the whole server, its own left out."""

    def __init__(self, series: Sequence[MonitorSeries], dsn: str) -> None:
        super().__init__(series)
        self._dsn = dsn
        self._connection: Connection[Any] | None = None

    def values(self) -> Values:
        connection = self._connected()
        try:
            row: tuple[Any, ...] | None = connection.execute(_QUERY).fetchone()
        except BaseException:
            self.close()  # the next reading begins anew
            raise
        if row is None:
            msg = "pg_stat_activity gave no row"
            raise ReadError(msg)
        *numbers, hidden = row
        if hidden:
            msg = (
                f"its role may not see {hidden} sessions of other roles:"
                " GRANT pg_monitor to it, or use another role"
            )
            raise ReadError(msg)
        return {name: float(value) for name, value in zip(_NAMES, numbers, strict=True)}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection[Any]:
        if self._connection is not None:
            return self._connection
        try:
            import psycopg  # noqa: PLC0415  (an extra)
        except ImportError:
            msg = "psycopg, which reads it, is not installed: pip install perfspec[postgres]"
            raise ReadError(msg) from None
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=_CONNECT_S,
            application_name="perfspec monitor",
            prepare_threshold=None,  # a pooler may hand each query to another server process
        )
        self._connection = connection
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.execute(f"SET statement_timeout = {_TIMEOUT_MS}")
        return connection
