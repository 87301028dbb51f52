"""nginx as the target: plain HTTP, TLS and HTTP/2 on three ports, and it counts for everybody."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PORTS = {"plain": 18801, "tls": 18802, "h2": 18803}
CONFIGURATION = """
daemon off; worker_processes 1; worker_rlimit_nofile 32768;
pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 900s;
  client_body_buffer_size 64k; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{plain} backlog=8192;
    listen 127.0.0.1:{tls} ssl backlog=8192;
    listen 127.0.0.1:{h2} ssl http2 backlog=8192;
    default_type application/json;
    location = /login {{ return 200 '{{"user": "ann", "token": "eyJhbGciOiJIUzI1NiJ9"}}'; }}
    location = /count {{ stub_status; }}
    location / {{ return 200 '{{"items": [1, 2, 3], "next": null}}'; }}
  }}
}}
"""


class Seen(NamedTuple):
    """What nginx has had so far, its own questions left out."""

    connections: int
    requests: int


class Target:
    """``ca`` is the file of the authority that its certificate is from."""

    def __init__(self, ca: Path) -> None:
        self.ca = ca
        self._asked = 0

    def url(self, mode: str) -> str:
        """Where it is, by mode: plain, tls or h2."""
        scheme = "http" if mode == "plain" else "https"
        return f"{scheme}://127.0.0.1:{PORTS[mode]}"

    def seen(self) -> Seen:
        """Counts of all ports together."""
        with urlopen(f"{self.url('plain')}/count") as answer:
            words = answer.read().split()
        self._asked += 1
        return Seen(int(words[2]) - 1, int(words[9]) - self._asked)


@contextmanager
def nginx(folder: Path, cores: str) -> Iterator[Target]:
    """The target on these cores, for as long as the block lasts."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for each in certificate.cert_chain_pems:
        each.write_to_path(folder / "chain.pem", append=True)
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, **PORTS))
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["taskset", "-c", cores, "nginx", "-c", str(path)], stderr=quiet)
    target = Target(folder / "ca.pem")
    try:
        wait_for(target, process)
        yield target
    finally:
        process.terminate()
        process.wait()


def wait_for(target: Target, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when it does not answer within 10 s."""
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        try:
            target.seen()
        except OSError:
            time.sleep(0.02)
        else:
            return
    msg = f"nginx does not answer at {target.url('plain')}: is something else there?"
    raise RuntimeError(msg)
