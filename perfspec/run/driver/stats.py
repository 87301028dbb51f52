"""Keeps Locust's own statistics and request event right, once a second, from what was folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locust.event import EventHook
from locust.stats import StatsEntry, StatsError, bucket_response_time

from perfspec.clock import SystemClock
from perfspec.measure.histogram import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from locust.env import Environment

    from perfspec.measure.model import ErrorGroup, Key, Series
    from perfspec.plan.request import Endpoint
    from perfspec.run.driver.breath import Breathe
    from perfspec.run.driver.recorder import Failure, Folded, Sample, SeriesBuffer


class RequestFailed(Exception):  # noqa: N818  (what Locust's listeners are handed, never raised)
    """Why a request failed, as listeners of Locust's request event get to see it."""


class LocustStats:
    """Writes into the statistics of ``environment``.

    Requests and polls count towards Locust's total; groups and completions have rows of their own.
    """

    def __init__(self, environment: Environment, endpoints: Iterable[Endpoint]) -> None:
        self._environment = environment
        self._methods = {each.name: each.method for each in endpoints}

    def add(self, folded: Folded, breathe: Breathe) -> None:
        """Take the numbers of the last second; ``breathe`` is called between two series."""
        second = int(SystemClock().now().timestamp())
        failures: dict[Key, int] = {}
        for group in folded.errors:
            failures[group.key] = failures.get(group.key, 0) + group.count
            self._add_error(group)
        for series in folded.series:
            self._add_series(series, second, failures.get(series.key, 0))
            breathe()

    def listeners(self) -> EventHook | None:
        """Locust's request event without its own runner, None if nobody else listens."""
        found = EventHook()
        for each in self._environment.events.request._handlers:  # noqa: SLF001  (no public view)
            if each.__module__ != "locust.runners":
                found.add_listener(each)
        return found if found._handlers else None  # noqa: SLF001

    def tell(
        self,
        listeners: EventHook,
        series: SeriesBuffer,
        samples: Sequence[Sample],
        failures: Iterable[Failure],
    ) -> None:
        """Tell ``listeners`` of each sample of one series; without a time it is None to them."""
        why = {each.started: f"{each.error}: {each.message}" for each in failures}
        now = SystemClock().now().timestamp()
        for started, latency_us, _, _, received, *_ in samples:
            message = why.get(started)
            listeners.fire(
                request_type=self._method(series.key),
                name=series.key.name,
                response_time=latency_us / 1000 if series.timed else None,
                response_length=received,
                response=None,
                context={},
                exception=RequestFailed(message) if message else None,
                start_time=now,
                url=None,
            )

    def _method(self, key: Key) -> str:
        if key.kind == "request":
            return self._methods.get(key.name, "CALL")
        return key.kind.upper()

    def _add_series(self, series: Series, second: int, failures: int) -> None:
        stats, method = self._environment.stats, self._method(series.key)
        delta = _entry(StatsEntry(stats, series.key.name, method), series, second, failures)
        stats.entries[series.key.name, method].extend(delta)
        if series.key.kind in {"request", "poll"}:
            stats.total.extend(delta)

    def _add_error(self, group: ErrorGroup) -> None:
        errors, method = self._environment.stats.errors, self._method(group.key)
        text = f"{group.error}: {group.message}"
        key = StatsError.create_key(method, group.key.name, text)
        known = errors.setdefault(key, StatsError(method, group.key.name, text))
        known.occurred()
        known.occurrences += group.count - 1


def _entry(entry: StatsEntry, series: Series, second: int, failures: int) -> StatsEntry:
    """Locust's form of a series: milliseconds with two digits."""
    for window in series.windows:
        latency = window.latency
        for bucket, n in latency:
            low, high = bounds(bucket)
            ms = bucket_response_time((low + high - 1) / 2000)
            entry.response_times[ms] += n
            if entry.min_response_time is None or ms < entry.min_response_time:
                entry.min_response_time = ms
        entry.num_requests += window.count
        entry.num_none_requests += window.untimed
        entry.total_response_time += round(latency.sum_us / 1000)
        entry.max_response_time = max(entry.max_response_time, round(latency.max_us / 1000))
        entry.total_content_length += window.bytes_received
    entry.num_failures = failures
    entry.last_request_timestamp = second
    entry.num_reqs_per_sec[second] = entry.num_requests
    if failures:
        entry.num_fail_per_sec[second] = failures
    return entry
