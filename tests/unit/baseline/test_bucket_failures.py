"""Buckets that cannot be had, by a server that says why: one line, and what to do next."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from werkzeug import Response

from perfspec.baseline.store import StoreError, open_store
from perfspec.clock import SystemClock
from perfspec.errors import UsageError
from tests.buckets import point_at
from tests.runs import free_port

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

    from perfspec.baseline.store import Store

pytestmark = pytest.mark.slow

ANY = re.compile(".*")
ADDRESSES = {"s3": "s3:history", "gs": "gs:history", "az": "az:shop/history"}


class Answers(NamedTuple):
    """What a vendor's server says, and what we make of its refusal."""

    listing: str
    refusal: str
    step: str


ANSWERS = {
    "s3": Answers(
        "<ListBucketResult><Contents><Key>a.json</Key></Contents></ListBucketResult>",
        "<Error><Code>AccessDenied</Code><Message>Not for you.</Message></Error>",
        "s3:ListBucket, s3:GetObject and s3:PutObject, and s3:DeleteObject to prune",
    ),
    "gs": Answers(
        json.dumps({"items": [{"name": "a.json"}]}),
        json.dumps(
            {"error": {"code": 403, "errors": [{"message": "Not for you.", "reason": "x"}]}},
            indent=1,
        ),
        "the role Storage Object User",
    ),
    "az": Answers(
        '<EnumerationResults ContainerName="history"><Blobs><Blob><Name>a.json</Name></Blob></Blobs>'
        "<NextMarker/></EnumerationResults>",
        "<Error><Code>AuthorizationPermissionMismatch</Code><Message>Not for you.</Message></Error>",
        "the role Storage Blob Data Contributor",
    ),
}
each_vendor = pytest.mark.parametrize("kind", ADDRESSES)


def store_of(kind: str) -> Store:
    return open_store(ADDRESSES[kind], Path(), SystemClock())


def xml_or_json(content: str, status: int = 200) -> Response:
    kind = "application/xml" if content.startswith("<") else "application/json"
    return Response(content, status, content_type=kind)


@each_vendor
def test_who_may_not_is_told_what_it_takes(
    kind: str, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ANSWERS[kind]
    refusal = xml_or_json(answers.refusal, 403)
    httpserver.expect_request(ANY).respond_with_response(refusal)
    point_at(kind, httpserver.url_for("").rstrip("/"), monkeypatch)
    store = store_of(kind)
    said = f"Not for you; its credentials need {answers.step}"
    with pytest.raises(StoreError) as caught:
        store.names()
    assert str(caught.value) == f"{ADDRESSES[kind]} cannot be read: {said}"
    with pytest.raises(StoreError) as caught:
        store.read(["a.json"])
    assert str(caught.value) == f"{ADDRESSES[kind]} cannot be read: {said}"
    with pytest.raises(StoreError) as caught:
        store.write({"a.json": b"{}"}, "")
    assert str(caught.value) == f"{ADDRESSES[kind]} cannot be written: {said}"


@each_vendor
def test_a_server_that_is_busy_is_asked_again(
    kind: str, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_oneshot_request(ANY).respond_with_data("busy", 503)
    httpserver.expect_request(ANY).respond_with_response(xml_or_json(ANSWERS[kind].listing))
    point_at(kind, httpserver.url_for("").rstrip("/"), monkeypatch)
    assert store_of(kind).names() == ("a.json",)
    assert [answer.status_code for _, answer in httpserver.log] == [503, 200]


def test_a_server_that_is_not_there_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them at once: each pauses before it tries again."""
    for kind in ADDRESSES:
        point_at(kind, f"http://127.0.0.1:{free_port()}", monkeypatch)

    def refused(kind: str) -> str:
        with pytest.raises(StoreError) as caught:
            store_of(kind).names()
        return str(caught.value)

    with ThreadPoolExecutor() as pool:
        said = dict(zip(ADDRESSES, pool.map(refused, ADDRESSES), strict=True))
    for kind, text in said.items():
        assert text.startswith(f"{ADDRESSES[kind]} cannot be read: "), text
        assert "127.0.0.1" in text
        assert text.endswith("; see whether this machine may reach it")
        assert "\n" not in text


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    found = {
        "s3": "cannot be read: Unable to locate credentials; give it credentials, such as by `aws sso login`",
        "gs": "none.json was not found; give it credentials, such as by `gcloud auth application-default login`",
        "az": "cannot be read: .*; give it credentials, such as by `az login`",
    }
    for kind, said in found.items():
        with pytest.raises(StoreError, match=f"{said}$"):
            store_of(kind).names()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match=r"\(nobody\) could not be found; give it credentials"):
        store_of("s3").names()


def test_settings_that_are_none_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(StoreError, match=r"^s3:history cannot be reached: Invalid endpoint"):
        store_of("s3").names()
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "nonsense")
    with pytest.raises(StoreError, match=r"^az:shop/history cannot be reached: Connection string"):
        store_of("az").names()


@pytest.mark.parametrize(
    ("kind", "module", "library", "extra"),
    [
        ("s3", "amazon", "boto3", "aws"),
        ("gs", "google", "google.cloud.storage", "gcp"),
        ("az", "azure", "azure.identity", "azure"),
    ],
)
def test_without_its_library_it_says_what_to_install(
    kind: str, module: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"perfspec.baseline.buckets.{module}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    store = store_of(kind)
    with pytest.raises(StoreError) as caught:
        store.names()
    assert str(caught.value) == (
        f"{library}, which reads {ADDRESSES[kind]}, is not installed: pip install 'perfspec[{extra}]'"
    )


@pytest.mark.parametrize(
    "address",
    [
        *("s3:", "s3://bucket", "s3:Bucket", "s3:-b/prefix", "gs:", "gs://bucket"),
        *("az:shop", "az:shop/", "az:Shop/history", "az://shop/history", "az:sh-op/history"),
    ],
)
def test_what_is_no_bucket_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="gs:BUCKET/PREFIX or az:ACCOUNT/CONTAINER/PREFIX"):
        open_store(address, Path(), SystemClock())
