"""How true the phases of a request are: connect, TLS, first byte and body beside the target's.

Every request makes a connection of its own. The target waits for known times before it answers the
greeting of TLS (20 or 200 ms), before the first byte (50 ms) and within the body (30 ms), and times
each phase itself (what comes before the first byte from the kernel's stamp of the request); the
same requests are compared. What TCP takes is set beside the round trip that the target's kernel
measured in its handshake. Where the user is root, the line between them is slow (slow_line.py): a
round trip takes 20 ms, or 80 ms for each tenth connection.

    python benchmarks/bench_phases.py --users 100 --seconds 20
"""

from __future__ import annotations

import sys

if "--target" not in sys.argv:
    from gevent import monkey

    monkey.patch_all()

import argparse
import json
import math
import os
import random
import select
import socket
import ssl
import subprocess
import tempfile
import threading
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING, NamedTuple

import psutil
import trustme
from bench_fidelity import favour
from slow_line import CLIENTS_FROM, FAR, NEAR

from perfspec.run.driver.transports.stamps import Stamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.run.driver.transports.exchange import Response

TLS_S, SLOW_TLS_S, FIRST_S, BODY_S = 0.02, 0.2, 0.05, 0.03
SLOW = 0.1  # of the connections
PIECE = bytes(4096)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (2 * len(PIECE))
QUANTILES = (0.5, 0.95, 0.99)
LINE = ["unshare", "--net", sys.executable, str(Path(__file__).with_name("slow_line.py"))]
HERE, PORT = "127.0.0.1", CLIENTS_FROM - 1


class Phases(NamedTuple):
    """Seconds."""

    connect: float
    tls: float
    first_byte: float
    body: float


def serve(folder: Path, address: tuple[str, int]) -> None:
    """Until the input ends; then tell the phases of every request by its path."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HERE, FAR).configure_cert(context)
    truth: dict[str, Phases] = {}
    with socket.create_server(address, backlog=1024) as listener:
        Stamps().begin(listener.fileno())  # and so on every connection that it accepts
        print("listening", flush=True)
        threading.Thread(target=accept, args=(listener, context, truth), daemon=True).start()
        sys.stdin.read()
    print(json.dumps(truth), flush=True)


def accept(listener: socket.socket, context: ssl.SSLContext, truth: dict[str, Phases]) -> None:
    """A thread for each connection."""
    with suppress(OSError):
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=answer, args=(peer, context, truth), daemon=True).start()


def answer(peer: socket.socket, context: ssl.SSLContext, truth: dict[str, Phases]) -> None:
    """One request, each phase timed."""
    stamps = Stamps()
    rtt_us = stamps.round_trip_us(peer.fileno())
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is handed over goes out
    peer.recv(1, socket.MSG_PEEK)
    greeted = perf_counter() - stamps.waited_us(peer.fileno()) / 1e6
    sleep(SLOW_TLS_S if random.random() < SLOW else TLS_S)
    with suppress(OSError), context.wrap_socket(peer, server_side=True) as secure:
        secured = perf_counter()
        readable = select.poll()
        readable.register(secure, select.POLLIN)
        readable.poll()
        asked = perf_counter() - stamps.waited_us(secure.fileno()) / 1e6
        path = secure.recv(4096).split(b" ", 2)[1].decode()
        sleep(FIRST_S)
        secure.sendall(HEAD + PIECE)
        began = perf_counter()
        sleep(BODY_S)
        secure.sendall(PIECE)
        ended = perf_counter()
        rtt = rtt_us / 1e6
        truth[path] = Phases(rtt, secured - greeted, began - asked + rtt, ended - began)


def load(url: str, ca_file: str, options: argparse.Namespace) -> dict[str, Phases]:
    """What the transport says of each request, by its path."""
    import gevent  # noqa: PLC0415  (not in the target)

    from perfspec.run.driver.transports.exchange import Shape  # noqa: PLC0415  (as above)
    from perfspec.run.driver.transports.http import Transport  # noqa: PLC0415  (as above)

    transport = Transport(frozenset([url.rpartition("/")[2]]), ca_file=ca_file)
    prepared, end = transport.prepare(Shape()), perf_counter() + options.seconds
    found: dict[str, Phases] = {}

    def live(user: int) -> None:
        number = 0
        gevent.sleep(random.random())
        while perf_counter() < end:
            session, path = transport.session(), f"/{user}-{number}"
            response = session.send(prepared, url + path)
            session.close()
            if response.error is None:
                found[path] = phases_of(response)
            number += 1
            gevent.sleep(random.uniform(0.2, 0.6))

    gevent.joinall([gevent.spawn(live, each) for each in range(options.users)], raise_error=True)
    transport.close()
    return found


def phases_of(response: Response) -> Phases:
    """What comes after one another; libcurl counts from the start."""
    before_us = response.dns_us + response.connect_us + response.tls_us
    return Phases(
        response.connect_us / 1e6,
        response.tls_us / 1e6,
        (response.ttfb_us - before_us) / 1e6,
        (response.total_us - response.ttfb_us) / 1e6,
    )


def quantile(values: list[float], q: float) -> float:
    """Nearest rank."""
    return sorted(values)[math.ceil(q * len(values)) - 1]


def row(name: str, of: Callable[[Phases], float], both: list[tuple[Phases, Phases]]) -> str:
    """Measured, true and the error, for each quantile."""
    cells = []
    for q in QUANTILES:
        ours, its = (quantile([of(pair[side]) for pair in both], q) for side in (0, 1))
        cells.append(f"{ours * 1000:9.2f}{its * 1000:9.2f} ms{ours / its - 1:+8.1%}")
    return f"  {name:12}" + "  ".join(cells)


def main() -> None:
    """Print a line for each phase."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--target", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--slow-line", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() == 0 and not options.slow_line:
        os.execvp(LINE[0], [*LINE, sys.executable, *sys.argv, "--slow-line"])
    listening, reached = (NEAR, FAR) if options.slow_line else (HERE, HERE)
    if options.target is not None:
        serve(options.target, (listening, PORT))
        return
    with tempfile.TemporaryDirectory() as folder:
        line = ["--slow-line"] if options.slow_line else []
        command = [sys.executable, __file__, "--target", folder, *line]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            carrier = [psutil.Process(os.getppid())] if options.slow_line else []
            favour([psutil.Process(process.pid), *carrier], core=0)
            favour([psutil.Process()], core=1)
            found = load(f"https://{reached}:{PORT}", f"{folder}/ca.pem", options)
            told, _ = process.communicate()
    truth = {path: Phases(*each) for path, each in json.loads(told).items()}
    both = [(found[path], truth[path]) for path in found if path in truth]
    rate = len(both) / options.seconds
    print(f"{len(both):,} connections, {rate:,.0f}/s; each measured, true and the error")
    print(f"  {'':12}" + "".join(f"{f'p{q * 100:g}':^32}" for q in QUANTILES))
    for name in Phases._fields:
        print(row(name, attrgetter(name), both))


if __name__ == "__main__":
    main()
