"""A network that takes its time, without leaving the machine: what one sends arrives later.

A device of the kernel (tun) in a network namespace of its own. Whatever is sent to ``FAR`` comes
back, delayed, as if ``FAR`` had sent it to ``NEAR``: who connects to ``FAR`` reaches the server on
``NEAR``, over a line with a round trip of twice the delay. Swapping two addresses leaves every
checksum as it is.

``unshare --net python slow_line.py COMMAND…`` runs a command with such a network; it takes root.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
from collections import deque
from time import perf_counter

NEAR, FAR = "10.99.0.1", "10.99.0.2"
DELAY_S, SLOW_DELAY_S = 0.01, 0.04  # one way; the slow one for each tenth port of a client
SLOW_EACH = 10
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
NAME = b"slow"
MTU = 1500
CLIENTS_FROM = 32768  # Linux's first ephemeral port; the server listens on a port below it


def device() -> int:
    """The file descriptor of a network device that is up."""
    line = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(line, TUNSETIFF, struct.pack("16sH", NAME, IFF_TUN | IFF_NO_PI))
    name = NAME.decode()
    for words in (
        ("link", "set", "lo", "up"),
        ("address", "add", f"{NEAR}/24", "dev", name),
        ("link", "set", name, "up", "mtu", str(MTU)),
    ):
        subprocess.run(["ip", *words], check=True)
    return line


def delay_of(packet: bytes) -> float:
    """Seconds, the same for all packets of a connection."""
    start = (packet[0] & 15) * 4
    ports = struct.unpack_from("!HH", packet, start)
    return SLOW_DELAY_S if max(ports) % SLOW_EACH == 0 else DELAY_S


def carry(line: int, until: int) -> None:
    """Pass packets on until there is something to read from ``until``."""
    under_way: dict[float, deque[tuple[float, bytes]]] = {DELAY_S: deque(), SLOW_DELAY_S: deque()}
    poll = select.epoll()
    poll.register(line, select.EPOLLIN)
    poll.register(until, select.EPOLLIN)
    while True:
        due = min((queue[0][0] for queue in under_way.values() if queue), default=None)
        wait = -1 if due is None else max(due - perf_counter(), 0.0)
        ready = [fd for fd, _ in poll.poll(wait)]
        if until in ready:
            return
        if line in ready:
            for packet in arrived(line):
                delay_s = delay_of(packet)
                there = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
                under_way[delay_s].append((perf_counter() + delay_s, there))
        now = perf_counter()
        for queue in under_way.values():
            while queue and queue[0][0] <= now:
                os.write(line, queue.popleft()[1])


def arrived(line: int) -> list[bytes]:
    """What was sent over IPv4 since; other packets are nobody's."""
    found: list[bytes] = []
    while True:
        try:
            packet = os.read(line, MTU)
        except BlockingIOError:
            return found
        if packet[0] >> 4 == 4:
            found.append(packet)


def main() -> None:
    """Run the command, and carry its packets while it runs."""
    line = device()
    with subprocess.Popen(sys.argv[1:]) as command:
        carry(line, os.pidfd_open(command.pid))
    sys.exit(command.returncode)


if __name__ == "__main__":
    main()
