"""The demo target as its users meet it: a process, its routes, its faults and what it saw."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import cbor2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.demo_target import PATIENCE_S, Answer, Demo, running_demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo(
        "--speed=inf", "--upload-port", "0", "--job-time=300ms", "--credits=2"
    ) as demo:
        yield demo


@pytest.fixture(scope="module")
def faulty_shop() -> Iterator[Demo]:
    with running_demo("--speed=inf") as demo:
        yield demo


@pytest.fixture
def faulty(faulty_shop: Demo) -> Iterator[Demo]:
    faulty_shop.forget()
    yield faulty_shop
    assert faulty_shop.set_faults().status == 200


def login(demo: Demo, email: str) -> Answer:
    return demo.ask("POST", "/login", json_body={"email": email, "password": "bookworm"})


def bearer(demo: Demo, email: str = "reader-001@example.com") -> dict[str, str]:
    return {"Authorization": f"Bearer {login(demo, email).json['token']}"}


def test_a_login_gives_a_token_that_says_when_it_ends(shop: Demo) -> None:
    answer = login(shop, "reader-001@example.com")
    claims = jwt.decode(answer.json["token"], options={"verify_signature": False})
    assert claims["sub"] == answer.json["user_id"]
    assert claims["exp"] - claims["iat"] == 3600
    wrong = shop.ask("POST", "/login", json_body={"email": "a@example.com", "password": "x"})
    assert (wrong.status, wrong.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert shop.ask("POST", "/login", json_body={"email": 5}).status == 400
    assert shop.ask("POST", "/login", body=b"{").status == 400


def test_a_challenge_is_signed_once(shop: Demo) -> None:
    account = shop.ask("GET", "/_accounts?count=3").json[2]
    challenge = shop.ask("POST", "/auth/challenge", json_body={"email": account["email"]})
    key = Ed25519PrivateKey.from_private_bytes(b64decode(account["private_key"]))
    signature = b64encode(key.sign(b64decode(challenge.json["challenge"]))).decode()
    body = {"email": account["email"], "signature": signature}
    answer = shop.ask("POST", "/auth/login", json_body=body)
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert shop.ask("GET", "/cart", headers=headers).status == 200
    assert shop.ask("POST", "/auth/login", json_body=body).status == 401
    for nonsense in ("", "!", "YWJj"):
        again = shop.ask("POST", "/auth/login", json_body=body | {"signature": nonsense})
        assert again.status == 401


def test_a_cookie_keeps_a_session(shop: Demo) -> None:
    assert shop.ask("GET", "/private/session").status == 401
    cookie = login(shop, "reader-001@example.com").headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=Lax")
    headers = {"Cookie": cookie.partition(";")[0]}
    visits = [shop.ask("GET", "/private/session", headers=headers).json["visits"] for _ in "ab"]
    assert visits == [1, 2]


def test_books_are_found_paged_and_cached(shop: Demo) -> None:
    page = shop.ask("GET", "/books?q=river&page=2").json
    assert page["page"] == 2
    assert page["total"] > 20
    assert all("River" in book["title"] for book in page["books"])
    path = f"/books/{page['books'][0]['id']}"
    details = shop.ask("GET", path)
    assert details.json["title"] == page["books"][0]["title"]
    known = shop.ask("GET", path, headers={"If-None-Match": details.headers["ETag"]})
    assert (known.status, known.body) == (304, b"")
    for unknown in ("/books/0", "/books/1001", "/books/x", "/books/1/2"):
        assert shop.ask("GET", unknown).status == 404
    assert shop.ask("GET", "/books?page=0").json == {"error": "page must be a whole number from 1"}
    assert set(shop.ask("DELETE", "/books").headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_a_cart_becomes_orders_until_the_credits_are_used_up(shop: Demo) -> None:
    buyer, other = bearer(shop, "buyer@example.com"), bearer(shop, "other@example.com")
    assert shop.ask("GET", "/cart").status == 401
    assert shop.ask("POST", "/checkout", headers=buyer).status == 409
    item = {"book_id": 7, "quantity": 2}
    orders = []
    for _ in range(3):
        added = shop.ask("POST", "/cart/items", json_body=item, headers=buyer)
        assert (added.status, added.json["items"][0]["quantity"]) == (201, 2)
        orders.append(shop.ask("POST", "/checkout", headers=buyer))
        if orders[-1].status == 201:
            assert shop.ask("GET", "/cart", headers=buyer).json == {"items": [], "total": 0}
    assert [each.status for each in orders] == [201, 201, 402]
    order = shop.ask("GET", orders[0].headers["Location"], headers=buyer)
    assert order.json == orders[0].json
    assert order.json["items"][0]["book_id"] == 7
    assert shop.ask("GET", orders[0].headers["Location"], headers=other).status == 404
    for bad in ({"book_id": 0}, {"book_id": 1, "quantity": 0}, {}):
        added = shop.ask("POST", "/cart/items", json_body=bad, headers=buyer)
        assert added.status == (404 if bad == {"book_id": 0} else 400)


def test_tokens_end(eventually: Eventually) -> None:
    with running_demo("--token-life=1s") as demo:
        headers = bearer(demo)
        eventually(lambda: demo.ask("GET", "/cart", headers=headers).status == 401)
        answer = demo.ask("GET", "/cart", headers=headers)
        assert answer.json == {"error": "Signature has expired"}
    with running_demo() as other:
        assert other.ask("GET", "/cart", headers=headers).json != answer.json


def test_a_presigned_upload_goes_to_its_own_port(shop: Demo) -> None:
    headers = bearer(shop)
    announced = shop.ask("POST", "/uploads/init", headers=headers)
    url = announced.json["upload_url"]
    assert shop.uploads is not None
    assert url.startswith(f"{shop.uploads}/objects/")
    assert shop.ask("PUT", url, body=b"x", headers=headers).status == 400
    assert shop.ask("PUT", url + "0", body=b"x").status == 403
    assert shop.ask("PUT", url, body=b"x" * 300_000).json == {"size": 300_000}
    state = shop.ask("GET", announced.headers["Location"], headers=headers).json
    assert (state["status"], state["size"]) == ("received", 300_000)
    stranger = bearer(shop, "stranger@example.com")
    assert shop.ask("GET", announced.headers["Location"], headers=stranger).status == 404


def test_a_multipart_upload_is_described(shop: Demo) -> None:
    part = 'Content-Disposition: form-data; name="{}"'
    body = "\r\n".join([
        "--b", part.format("note"), "", "hello",
        "--b", part.format("book") + '; filename="a.txt"', "Content-Type: text/plain", "", "abc",
        "--b--", "",
    ])  # fmt: skip
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = shop.ask("POST", "/upload", body=body.encode(), headers=headers)
    assert answer.status == 201
    assert answer.json["fields"] == {"note": "hello"}
    assert answer.json["files"][0]["sha256"].startswith("ba7816bf8f01cfea")
    assert shop.ask("POST", "/upload", body=b"abc").status == 400


def test_a_report_is_done_later(shop: Demo, eventually: Eventually) -> None:
    ordered = shop.ask("POST", "/reports")
    failing = shop.ask("POST", "/reports", json_body={"fail": True})
    assert (ordered.status, ordered.json["status"]) == (202, "pending")

    def status(answer: Answer) -> object:
        return shop.ask("GET", answer.headers["Location"]).json["status"]

    eventually(lambda: status(ordered) == "done")
    eventually(lambda: status(failing) == "failed")
    assert shop.ask("GET", "/reports/none").status == 404


def test_cbor_and_echo_show_what_was_sent(shop: Demo) -> None:
    value = {"content": b"\x00\xff", "n": [1, 2.5, None]}
    headers = {"Content-Type": "application/cbor"}
    answer = shop.ask("POST", "/cbor", body=cbor2.dumps(value), headers=headers)
    assert (answer.headers["Content-Type"], cbor2.loads(answer.body)) == (
        "application/cbor",
        value,
    )
    assert shop.ask("POST", "/cbor", body=b"\xff", headers=headers).status == 400
    assert shop.ask("POST", "/cbor", body=b"\x00").status == 415
    echo = shop.ask("PATCH", "/echo?a=1", body=b"hi", headers={"X-Test": "yes"}).json
    assert (echo["method"], echo["query"]) == ("PATCH", {"a": "1"})
    assert (echo["headers"]["x-test"], echo["body"]["text"]) == ("yes", "hi")


def test_one_connection_serves_many_requests(shop: Demo) -> None:
    url = urlsplit(shop.url)
    connection = HTTPConnection(str(url.hostname), url.port, timeout=PATIENCE_S)
    connection.connect()
    socket = connection.sock
    for _ in range(20):
        connection.request("GET", "/books/1")
        assert connection.getresponse().read()
        assert connection.sock is socket
    connection.close()


def test_it_tells_what_it_saw(faulty: Demo) -> None:
    for number in range(1, 41):
        assert faulty.ask("GET", f"/books/{number}").status == 200
    faulty.ask("GET", "/books/x")
    faulty.ask("GET", "/nowhere")
    faulty.ask("POST", "/echo", body=b"x" * 1000)
    truth = faulty.truth()
    assert set(truth["routes"]) == {"GET /books/{id}", "ANY /echo", "(unknown)"}
    assert truth["all"]["count"] == 43
    assert truth["routes"]["GET /books/{id}"]["statuses"] == {"200": 40, "404": 1}
    assert truth["routes"]["(unknown)"]["statuses"] == {"404": 1}
    assert truth["routes"]["ANY /echo"]["bytes_in"] == 1000
    assert truth["routes"]["ANY /echo"]["bytes_out"] > 1000
    times = truth["routes"]["GET /books/{id}"]["service_s"]
    assert list(times) == ["min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"]
    ordered = [value for name, value in times.items() if name != "mean"]
    assert ordered[0] > 0
    assert ordered == sorted(ordered)
    assert faulty.truth()["all"]["count"] == 43
    faulty.forget()
    assert faulty.truth()["routes"] == {}


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels give no time of arrival")
def test_waiting_in_the_socket_of_a_busy_process_counts(
    faulty: Demo, eventually: Eventually
) -> None:
    url = urlsplit(faulty.url)
    connection = HTTPConnection(str(url.hostname), url.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/books/1")
        connection.getresponse().read()
        faulty.forget()
        faulty.process.send_signal(signal.SIGSTOP)
        connection.request("GET", "/books/1")
        sent_s = monotonic()
        eventually(lambda: monotonic() > sent_s + 0.2)
        faulty.process.send_signal(signal.SIGCONT)
        assert connection.getresponse().status == 200
    finally:
        faulty.process.send_signal(signal.SIGCONT)
        connection.close()
    seen = faulty.truth()["all"]
    assert seen["unstamped"] == 0
    assert seen["service_s"]["min"] >= 0.19  # the wall clock may be slewed a little


def test_delays_are_those_of_the_table() -> None:
    with running_demo("--speed=2", "--seed=3") as demo, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: demo.ask("GET", "/cart"), range(200)))
        times = demo.truth()["routes"]["GET /cart"]["service_s"]
        assert times["p50"] > 0.0025  # half of 6 ms, less the spread of 200 draws


def test_metrics_are_in_prometheus_text(faulty: Demo) -> None:
    faulty.ask("GET", "/books/1")
    lines = faulty.ask("GET", "/metrics").body.decode().splitlines()
    assert all(re.fullmatch(r'# TYPE \w+ \w+|\w+(\{(\w+="[^"]*",?)+\})? [0-9.]+', x) for x in lines)
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert int(values['bookshop_requests_total{route="GET /books/{id}",status="200"}']) >= 1
    assert int(values["process_resident_memory_bytes"]) > 10_000_000


def test_slowness_is_seen_in_the_truth(faulty: Demo) -> None:
    faulty.set_faults("slow:/books:+50ms")
    faulty.ask("GET", "/books")
    assert faulty.truth()["routes"]["GET /books"]["service_s"]["min"] >= 0.05


def test_errors_and_resets_meet_clients(faulty: Demo) -> None:
    faulty.set_faults("error:/books:100%:503", "reset:/books/{id}:100%")
    assert faulty.ask("GET", "/books").status == 503
    with pytest.raises(ConnectionResetError):
        faulty.ask("GET", "/books/1")
    routes = faulty.truth()["routes"]
    assert routes["GET /books"]["statuses"] == {"503": 1}
    assert routes["GET /books/{id}"]["statuses"] == {"reset": 1}


def test_a_stall_holds_every_answer_until_it_ends(faulty: Demo, eventually: Eventually) -> None:
    faulty.set_faults("stall:after=0s:for=1h")
    with ThreadPoolExecutor(2) as threads:
        held = [threads.submit(faulty.ask, "GET", path) for path in ("/health", "/books/1")]
        eventually(lambda: faulty.truth()["in_flight"] == 3)
        assert not any(each.done() for each in held)
        faulty.set_faults()
        assert [each.result().status for each in held] == [200, 200]


def test_waiting_for_a_place_counts_as_service_time(faulty: Demo) -> None:
    faulty.set_faults("saturate:users=1", "slow:/books:+50ms")
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: faulty.ask("GET", "/books").status, range(4)))
    assert answers == [200] * 4
    assert faulty.truth()["routes"]["GET /books"]["service_s"]["max"] >= 0.1


def test_a_leak_grows_and_is_given_back(faulty: Demo, eventually: Eventually) -> None:
    def resident() -> int:
        text = faulty.ask("GET", "/metrics").body.decode()
        found = re.search(r"^process_resident_memory_bytes (\d+)$", text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    before = resident()
    faulty.set_faults("leak:200MB/s")
    eventually(lambda: resident() > before + 50_000_000)
    faulty.set_faults()
    eventually(lambda: resident() < before + 20_000_000)


def test_a_malformed_fault_changes_nothing(faulty: Demo) -> None:
    faulty.set_faults("slow:/books:+1ms")
    answer = faulty.set_faults("eror:/books:1%")
    assert answer.status == 400
    assert "did you mean error?" in answer.json["error"]
    assert faulty.ask("GET", "/_faults").json == {"faults": ["slow:/books:+1ms"]}


def test_it_dies_when_told_to() -> None:
    with running_demo("--fault=down:after=100ms") as demo:
        assert demo.process.wait(PATIENCE_S) == 1
        with pytest.raises(ConnectionRefusedError):
            demo.ask("GET", "/health")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_a_request_is_being_served(
    number: signal.Signals, eventually: Eventually
) -> None:
    with running_demo("--fault=slow:/books:+1h") as demo, ThreadPoolExecutor(1) as threads:
        held = threads.submit(demo.ask, "GET", "/books")
        eventually(lambda: demo.truth()["in_flight"] == 2)
        demo.process.send_signal(number)
        assert demo.process.wait(PATIENCE_S) == 0
        assert held.exception(PATIENCE_S) is not None or held.result().status == 500


def test_a_taken_port_is_named() -> None:
    with running_demo() as demo:
        port = urlsplit(demo.url).port
        command = [sys.executable, "-m", "perfspec.demo", f"--port={port}"]
        second = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
    assert second.returncode == 1
    assert f"bookshop: cannot listen on 127.0.0.1:{port}:" in second.stderr
    assert second.stdout == ""


def test_the_access_log_is_off_by_default_and_on_when_asked() -> None:
    for arguments, logged in (([], False), (["--log"], True)):
        command = [sys.executable, "-m", "perfspec.demo", "--port=0", *arguments]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("listening on ").strip()
            Demo(process, url, None).ask("GET", "/health")
            process.terminate()
            _, errors = process.communicate(timeout=PATIENCE_S)
        assert ("GET /health" in errors) is logged


def test_the_first_line_is_for_machines() -> None:
    with running_demo("--start-delay=1h") as demo:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", demo.url)
        early = demo.ask("GET", "/health")
        assert (early.status, json.loads(early.body)) == (503, {"error": "the shop is starting"})
