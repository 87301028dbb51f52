"""Kept connections that were closed are told from others, also from one with the same port."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from perfspec.run.driver.transports.kept import Kept


def test_two_connections_of_one_local_port_have_ends_of_their_own() -> None:
    with ExitStack() as stack:
        kept, ends, peers = Kept(), [], []
        local = ("127.0.0.1", 0)
        for _ in range(2):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            ours = stack.enter_context(socket.socket())
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ours.bind(local)
            ours.connect(listener.getsockname())
            peers.append(stack.enter_context(listener.accept()[0]))
            local = ours.getsockname()
            ends.append((*listener.getsockname(), local[1]))
            kept.add(ends[-1], ours.fileno())
        assert ends[0][2] == ends[1][2]
        assert [kept.is_closed(each) for each in ends] == [False, False]
        peers[0].close()
        assert [kept.is_closed(each) for each in ends] == [True, False]
