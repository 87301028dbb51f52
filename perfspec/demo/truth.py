"""What the shop itself saw: exact counts, and service times with at most 0.1 % error.

A service time lasts from the arrival of the request (see ``arrival``) until the last byte of
the answer was handed to the socket. Times go into log-linear buckets with 10 bits of
mantissa (HdrHistogram's scheme), each reported by its middle: at most 0.05 % off, in memory
that does not grow with the number of requests. A quantile is the smallest recorded time that
at least this share of all requests did not exceed (nearest rank).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_BITS: Final = 10
_PER_MILLE: Final = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p99.9": 999}


class ServiceTimes:
    """A histogram of nanoseconds."""

    def __init__(self) -> None:
        self.count = 0
        self.total_ns = 0
        self.least_ns = 0
        self.most_ns = 0
        self._buckets: Counter[int] = Counter()

    def add(self, ns: int) -> None:
        self.least_ns = min(self.least_ns, ns) if self.count else ns
        self.most_ns = max(self.most_ns, ns)
        self.count += 1
        self.total_ns += ns
        exponent = max(0, ns.bit_length() - _BITS - 1)
        self._buckets[(exponent << _BITS) + (ns >> exponent)] += 1

    def merge(self, other: ServiceTimes) -> None:
        if not other.count:
            return
        self.least_ns = min(self.least_ns, other.least_ns) if self.count else other.least_ns
        self.most_ns = max(self.most_ns, other.most_ns)
        self.count += other.count
        self.total_ns += other.total_ns
        self._buckets.update(other._buckets)

    def summary(self) -> Mapping[str, float] | None:
        """Seconds by name (least, mean, the quantiles, most); None without a request."""
        if not self.count:
            return None
        found = {name: self._quantile_ns(share) for name, share in _PER_MILLE.items()}
        times = {
            "min": self.least_ns,
            "mean": self.total_ns / self.count,
            **found,
            "max": self.most_ns,
        }
        return {name: ns / 1e9 for name, ns in times.items()}

    def _quantile_ns(self, per_mille: int) -> float:
        rank = max(1, -(-per_mille * self.count // 1000))
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(max(_middle(bucket), self.least_ns), self.most_ns)
        raise AssertionError


class Seen:
    """One route's requests."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.bytes_in = 0
        self.bytes_out = 0
        self.unstamped = 0
        self.times = ServiceTimes()

    def merge(self, other: Seen) -> None:
        self.statuses.update(other.statuses)
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out
        self.unstamped += other.unstamped
        self.times.merge(other.times)

    def summary(self) -> Mapping[str, object]:
        """Counts, bytes (answers with their headers) and service times in seconds.

        ``unstamped`` counts requests whose arrival the kernel did not tell: they count from
        the moment at which they were read.
        """
        return {
            "count": self.times.count,
            "statuses": dict(sorted(self.statuses.items())),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "unstamped": self.unstamped,
            "service_s": self.times.summary(),
        }


class Truth:
    """All routes since the start, or since ``reset``."""

    def __init__(self) -> None:
        self._routes: dict[str, Seen] = {}

    def record(
        self, route: str, status: str, ns: int, *, bytes_in: int, bytes_out: int, stamped: bool
    ) -> None:
        """One request; ``status`` is its code, ``reset`` or ``aborted`` (by the client)."""
        seen = self._routes.get(route)
        if seen is None:
            seen = self._routes[route] = Seen()
        seen.statuses[status] += 1
        seen.bytes_in += bytes_in
        seen.bytes_out += bytes_out
        seen.unstamped += not stamped
        seen.times.add(ns)

    def reset(self) -> None:
        self._routes.clear()

    def report(self) -> Mapping[str, object]:
        """``{all: SUMMARY, routes: {"GET /books": SUMMARY, …}}``, see ``Seen.summary``."""
        everything = Seen()
        for seen in self._routes.values():
            everything.merge(seen)
        routes = {route: seen.summary() for route, seen in sorted(self._routes.items())}
        return {"all": everything.summary(), "routes": routes}


def _middle(bucket: int) -> float:
    exponent = max(0, (bucket >> _BITS) - 1)
    low = (bucket - (exponent << _BITS)) << exponent
    return low + ((1 << exponent) - 1) / 2
