"""Azure's containers, and whose connection string is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.buckets import ACCOUNT, Azure, point_at, serving
from tests.commands import perfspec
from tests.unit.baseline.test_archive import (  # noqa: F401  (what every store does, by these)
    test_a_run_is_recorded_once,
    test_an_acceptance_begins_anew,
    test_damaged_records_do_not_hide_older_ones,
    test_nothing_is_in_an_empty_store,
    test_only_comparable_runs_before_this_one_are_chosen,
    test_pruning_keeps_the_newest_of_each_kind,
    test_records_move_between_stores,
    test_what_is_no_record_is_named_and_left_out,
    test_what_was_recorded_comes_back_in_the_order_of_time,
)
from tests.unit.baseline.test_bucket import (  # noqa: F401  (what every bucket does)
    archive,
    test_a_bucket_that_is_not_there_is_named,
    test_a_prefix_is_a_store_of_its_own,
    test_many_objects_are_listed_and_removed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    azure = Azure()
    azure.containers["history"] = {}
    with serving(azure.answer) as url:
        point_at("az", url, monkeypatch)
        yield f"az:{ACCOUNT}/history"


def test_a_connection_string_of_another_account_is_not_for_us(tmp_path: Path) -> None:
    """The job's own service may need it; nothing but our line is printed."""
    other = "AccountName=other;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/other"
    done = perfspec(
        tmp_path,
        "baseline",
        "list",
        "--store",
        "az:shop/history",
        AZURE_STORAGE_CONNECTION_STRING=other,
        AZURE_TOKEN_CREDENTIALS="EnvironmentCredential",
    )
    assert done.code == 3
    assert done.out == ""
    assert done.err == (
        "Error: az:shop/history cannot be read: DefaultAzureCredential failed to retrieve a token "
        "from the included credentials; give it credentials, such as by `az login`\n"
    )
