"""Google's buckets, and the identity of a workflow that has no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfspec.baseline.store import open_store
from perfspec.clock import SystemClock
from tests.buckets import Google, point_at, serving
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

    from pytest_httpserver import HTTPServer

pytestmark = pytest.mark.slow


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    google = Google()
    google.buckets["history"] = {}
    with serving(google.answer) as url:
        point_at("gs", url, monkeypatch)
        yield "gs:history"


def test_a_federated_identity_is_taken(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As google-github-actions/auth leaves it: a token of the workflow's is given for Google's."""
    (tmp_path / "token").write_text("of the workflow", encoding="utf-8")
    identity = {
        "type": "external_account",
        "audience": "a pool of identities",  # with a project in it, Google is asked for its name
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": httpserver.url_for("/token"),
        "credential_source": {"file": str(tmp_path / "token")},
    }
    (tmp_path / "identity.json").write_text(json.dumps(identity), encoding="utf-8")
    answer = {"access_token": "federated", "expires_in": 3600, "token_type": "Bearer"}
    httpserver.expect_request("/token", method="POST").respond_with_json(
        answer | {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
    )
    httpserver.expect_request(
        "/storage/v1/b/history/o", headers={"Authorization": "Bearer federated"}
    ).respond_with_json({"items": [{"name": "a.json"}]})
    point_at("gs", "", monkeypatch)
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")  # it would do without credentials
    monkeypatch.setenv("API_ENDPOINT_OVERRIDE", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "identity.json"))
    assert open_store("gs:history", Path(), SystemClock()).names() == ("a.json",)
