"""Against moto, which answers as CloudWatch does."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.plan.monitor import CloudWatchSource
from perfspec.run.monitors.cloudwatch import CloudWatchHistory
from tests.unit.run.monitors.sources import column, series

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("moto")]

START = 1_700_000_040.0  # a whole minute
CPU = series("cpu", "CPUUtilization.Average", "stat", "ratio", 0.01)


@pytest.fixture
def client(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import boto3  # noqa: PLC0415  (only here)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = boto3.client("cloudwatch", region_name="eu-west-1", endpoint_url=moto)
    yield client
    client.close()


def put(client: Any, service: str, minute: int, *values: float) -> None:  # noqa: ANN401
    client.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "ServiceName", "Value": service}],
                "Timestamp": datetime.fromtimestamp(START + 60 * minute + 5, UTC),
                "Value": value,
            }
            for value in values
        ],
    )


def history(moto: str, service: str) -> CloudWatchHistory:
    source = CloudWatchSource(
        namespace="Shop", region="eu-west-1", dimensions={"ServiceName": service}, endpoint=moto
    )
    return CloudWatchHistory((CPU,), 60.0, START, source)


def test_numbers_that_come_late_are_waited_for(client: Any, moto: str) -> None:  # noqa: ANN401
    reader = history(moto, "late")
    put(client, "late", 0, 40.0, 60.0)
    first = reader.read(START + 125)
    assert [(each.at, each.value) for each in first] == [(START + 30, 0.5)]
    put(client, "late", 1, 80.0)
    second = reader.read(START + 190)
    assert [(each.at, each.value) for each in second] == [(START + 90, 0.8)]


def test_what_never_came_is_missing_at_the_end(client: Any, moto: str) -> None:  # noqa: ANN401
    reader = history(moto, "gaps")
    put(client, "gaps", 1, 20.0)
    found = reader.finish(START + 180)
    assert sorted(each.at for each in found) == [START + 30, START + 90, START + 150]
    assert column(sorted(found, key=lambda each: each.at), "cpu") == [None, 0.2, None]


def test_a_service_that_cannot_be_reached_is_told_and_asked_again(moto: str) -> None:
    source = CloudWatchSource(namespace="Shop", region="eu-west-1", endpoint="http://127.0.0.1:9")
    reader = CloudWatchHistory((CPU,), 60.0, START, source)
    found = reader.finish(START + 60)
    assert column(found, "cpu") == [None]
    assert reader.problem is not None
    assert math.isclose(found[0].at, START + 30)
    assert moto
