"""The metrics of the language: what each word of an ``slo`` means in samples."""

from __future__ import annotations

import msgspec

from perfspec.plan.limits import Metric

ALL_CLASSES = (
    "connect", "dns", "tls", "reset", "timeout", "throttled", "auth", "payment", "client",
    "server", "check", "message", "generator",
)  # fmt: skip
SERVER_CLASSES = ("connect", "dns", "tls", "reset", "timeout", "server")
QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


def metric_of(name: str) -> Metric:
    """The metric that a word names; ``errors.CLASS``, ``degradation.p95``.

    Raises KeyError.
    """
    if name.startswith("errors."):
        return Metric(name=name, kind="share", classes=(name.removeprefix("errors."),))
    if name.startswith("growth."):
        return Metric(name="growth", kind="growth")
    if name.startswith("degradation."):
        of = _BY_NAME[name.removeprefix("degradation.")]
        return msgspec.structs.replace(of, name=name, kind="degradation")
    return _BY_NAME[name]


def _quantiles() -> dict[str, Metric]:
    plain = {name: Metric(name=name, kind="quantile", quantile=q) for name, q in QUANTILES.items()}
    first_byte = {
        f"ttfb_{name}": Metric(name=f"ttfb_{name}", kind="quantile", quantile=q, of="ttfb")
        for name, q in QUANTILES.items()
    }
    return plain | first_byte


_BY_NAME: dict[str, Metric] = _quantiles() | {
    each.name: each
    for each in (
        Metric(name="mean", kind="mean"),
        Metric(name="max", kind="max"),
        Metric(name="error_rate", kind="share", classes=ALL_CLASSES),
        Metric(name="success_rate", kind="share", classes=ALL_CLASSES, at_least=True),
        Metric(name="server_error_rate", kind="share", classes=SERVER_CLASSES),
        Metric(name="availability", kind="share", classes=SERVER_CLASSES, at_least=True),
        Metric(name="throughput", kind="throughput", at_least=True),
        Metric(name="journeys", kind="throughput", of="journeys", at_least=True),
        Metric(name="journey_error_rate", kind="share", of="journeys"),
        Metric(name="dropped", kind="share", of="arrivals"),
        Metric(name="lateness", kind="quantile", quantile=0.99, of="lateness"),
        Metric(name="recovery_time", kind="recovery"),
        Metric(name="capacity", kind="capacity", at_least=True),
    )
}
