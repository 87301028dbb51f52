"""TLS, HTTP/2 by ALPN, IPv6."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import warnings
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.runs import listens
from tests.unit.run.driver.transports.conftest import User, transport
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Eventually
    from tests.unit.run.driver.transports.conftest import Driver

pytestmark = pytest.mark.slow
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  gzip on; gzip_min_length 1; gzip_types *;
  server {{
    listen 127.0.0.1:{port} ssl http2; ssl_certificate {folder}/chain; ssl_certificate_key {folder}/key;
    location / {{ return 200 "$server_protocol $http_x_one $request_uri"; }}
    location = /move {{ return 302 /moved; }}
    location = /broken {{ proxy_pass http://127.0.0.1:{broken}; proxy_buffering off; }}
  }}
}}
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def trusting(ca_file: str) -> Iterator[Driver]:
    with transport(ca_file=ca_file) as driver:
        yield driver


def context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1", "localhost", "::1"))).configure_cert(context)
    return context


def echo(peer: Peer, request: Request) -> None:
    peer.reply(request.path.encode())


def test_a_trusted_server(trusting: Driver, authority: trustme.CA) -> None:
    user = User(trusting)
    with RawServer(echo, tls=context(authority)) as server:
        first, second = user.send(server.origin + "/a"), user.send(server.origin + "/b")
        user.order("leave")
    assert [each.body for each in (first, second)] == ["/a", "/b"]
    assert first.tls_us > 0
    assert first.ttfb_us >= first.dns_us + first.connect_us + first.tls_us
    assert (second.tls_us, second.new_connection) == (0, False)


def test_an_unknown_authority(driver: Driver, authority: trustme.CA) -> None:
    with RawServer(echo, tls=context(authority)) as server:
        answer = User(driver).send(server.origin + "/")
    assert (answer.status, answer.error) == (0, "tls")
    assert "certificate" in answer.message
    assert server.requests == []


def test_a_certificate_of_another_host(trusting: Driver, authority: trustme.CA) -> None:
    with RawServer(echo, tls=context(authority, "other.example")) as server:
        answer = User(trusting).send(server.origin + "/")
    assert answer.error == "tls"
    assert "127.0.0.1" in answer.message


def test_no_verification_when_it_is_turned_off(authority: trustme.CA) -> None:
    with (
        RawServer(echo, tls=context(authority, "other.example")) as server,
        transport(verify=False) as driver,
    ):
        answer = User(driver).send(server.origin + "/x")
    assert answer.body == "/x"


def test_no_tls_behind_the_port(trusting: Driver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        trusting.order("start", name="hello", user="plain", url=url)
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(1)
            accepted.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            answer = trusting.order("finish", name="hello")
    assert (answer["error"], answer["message"]) == ("tls", "TLS failed: wrong version number")


@pytest.mark.parametrize(("year", "said"), [(2020, "has expired"), (2090, "is not yet valid")])
def test_a_certificate_of_another_time(
    trusting: Driver, authority: trustme.CA, year: int, said: str
) -> None:
    from_to = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    certificate = authority.issue_cert("127.0.0.1", not_before=from_to[0], not_after=from_to[1])
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(old)
    with RawServer(echo, tls=old) as server:
        answer = User(trusting).send(server.origin + "/")
    assert (answer.status, answer.error) == (0, "tls")
    assert said in answer.message


def test_a_server_that_is_too_old(trusting: Driver, authority: trustme.CA) -> None:
    old = context(authority)
    with warnings.catch_warnings(action="ignore"):  # the very reason of this test
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with RawServer(echo, tls=old) as server:
        answer = User(trusting).send(server.origin + "/")
    assert (answer.status, answer.error) == (0, "tls")
    assert "protocol version" in answer.message


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate(
    trusting: Driver, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    """With TLS 1.3 it says so only after the client thinks the handshake is done."""
    strict = context(authority)
    strict.maximum_version = version
    strict.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(strict)
    with RawServer(echo, tls=strict) as server:
        answer = User(trusting).send(server.origin + "/")
    assert (answer.status, answer.error) == (0, "tls")
    assert "alert" in answer.message
    assert server.requests == []


@pytest.mark.parametrize(
    ("behind", "error", "said"),
    [
        (b"", "reset", "before the end of the answer, without TLS's close_notify"),
        (b"\x17\x03\x03\x00\x10" + bytes(16), "tls", "bad record mac"),
    ],
    ids=["cut off", "forged"],
)
def test_a_body_that_tls_does_not_vouch_for(
    trusting: Driver, authority: trustme.CA, behind: bytes, error: str, said: str
) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nto the e")
        with socket.socket(fileno=peer.socket.detach()) as below:
            below.sendall(behind)

    with RawServer(handle, tls=context(authority)) as server:
        answer = User(trusting).send(server.origin + "/")
    assert (answer.status, answer.error, answer.body) == (200, error, "")
    assert said in answer.message


def test_each_user_makes_a_full_handshake(trusting: Driver, authority: trustme.CA) -> None:
    reused: list[bool | None] = []

    def handle(peer: Peer, _request: Request) -> None:
        assert isinstance(peer.socket, ssl.SSLSocket)
        reused.append(peer.socket.session_reused)
        peer.reply(b"", "200 OK", "Connection: close")
        peer.finish()

    user = User(trusting)
    with RawServer(handle, tls=context(authority)) as server:
        for each in (user, user, User(trusting)):
            assert each.send(server.origin + "/").status == 200
    assert reused == [False] * 3


def test_a_reset_within_the_handshake(trusting: Driver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        trusting.order(
            "start", name="hello", user="h", url=f"https://127.0.0.1:{listener.getsockname()[1]}/"
        )
        accepted, _ = listener.accept()
        accepted.recv(1)
        accepted.close()
        answer = trusting.order("finish", name="hello")
    assert answer["error"] == "tls"
    assert answer["message"]


def test_ipv6(driver: Driver) -> None:
    with RawServer(echo, family=socket.AF_INET6) as server:
        answer = User(driver).send(server.origin + "/six")
        named = User(driver).send(f"http://localhost:{server.port}/named")
    assert (answer.body, answer.url) == ("/six", server.origin + "/six")
    assert named.body == "/named" or named.error == "connect"  # localhost may be IPv4 only


@pytest.fixture(scope="module")
def nginx(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory, eventually: Eventually
) -> Iterator[str]:
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder: Path = tmp_path_factory.mktemp("nginx")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key"))
    chain = b"".join(each.bytes() for each in certificate.cert_chain_pems)
    (folder / "chain").write_bytes(chain)
    command = [NGINX, "-c", str(folder / "conf"), "-e", str(folder / "log")]
    with RawServer(break_off) as broken:
        configuration = CONFIGURATION.format(folder=folder, port=port, broken=broken.port)
        (folder / "conf").write_text(configuration)
        with subprocess.Popen(command) as process:
            try:
                eventually(lambda: listens(port))
                yield f"https://127.0.0.1:{port}"
            finally:
                process.terminate()


def break_off(peer: Peer, _request: Request) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    peer.finish()


def test_http_2(trusting: Driver, nginx: str) -> None:
    user, other = User(trusting), User(trusting)
    answers = [user.send(f"{nginx}/{count}", headers=["X-One: 1"]) for count in range(3)]
    posted = user.send(nginx + "/post", method="POST", body="x" * 100_000)
    moved = user.send(nginx + "/move")
    assert [each.body for each in answers] == [f"HTTP/2.0 1 /{count}" for count in range(3)]
    assert [each.http_version for each in answers] == ["2"] * 3
    assert [each.new_connection for each in answers] == [True, False, False]
    assert dict(answers[0].headers)["content-encoding"] == "gzip"
    assert posted.status == 200
    assert (moved.body, moved.redirects) == ("HTTP/2.0  /moved", 1)
    assert other.send(nginx + "/").new_connection


def test_an_answer_that_breaks_off_on_http_2(trusting: Driver, nginx: str) -> None:
    user = User(trusting)
    broken, after = user.send(nginx + "/broken"), user.send(nginx + "/after")
    assert (broken.status, broken.error, broken.body) == (200, "reset", "")
    assert (after.error, after.http_version, after.new_connection) == (None, "2", False)


def test_http_2_is_offered_and_no_more(ca_file: str, nginx: str) -> None:
    with transport(ca_file=ca_file, http2=False) as driver:
        answer = User(driver).send(nginx + "/")
    assert answer.http_version == "1.1"


def test_a_crowd_on_http_2(trusting: Driver, nginx: str) -> None:
    done = trusting.order("crowd", url=nginx + "/", users=100, requests=5)
    assert done == {"200": 500}
