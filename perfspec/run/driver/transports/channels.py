"""A user's open connection: messages out, and a mailbox for those that come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.run.driver.transports.mailbox import Incoming

if TYPE_CHECKING:
    from perfspec.measure.errors import ErrorClass
    from perfspec.run.driver.transports.mailbox import Mailbox
    from perfspec.run.driver.transports.websocket import Wire


class Channel:
    """A plain WebSocket; ``SocketIo`` speaks its own protocol over it.

    ``sent`` counts the messages of each name, which is what ``seq`` in a template says next.
    """

    def __init__(self, wire: Wire, mailbox: Mailbox) -> None:
        self.wire = wire
        self.mailbox = mailbox
        self.sent: dict[str, int] = {}

    @property
    def lost(self) -> tuple[ErrorClass, str] | None:
        """Why nothing goes over it any more; None while it is open."""
        return self.wire.lost

    def join(self, credentials: object, timeout_s: float) -> None:
        """Begin to read. Raises RefusedError where the server does not agree to a session."""
        _ = credentials, timeout_s  # a plain WebSocket is open once its handshake is over
        self.wire.listen(self)

    def close(self) -> None:
        """Say goodbye, without waiting for the server's."""
        self.wire.close()

    def frame(self, content: bytes, at: float, *, binary: bool) -> None:
        """What the wire received."""
        _ = binary  # JSON may come either way
        self.mailbox.put(Incoming(at, len(content), content))

    def ended(self) -> None:
        """The wire is closed: nobody need wait any longer."""
        self.mailbox.wake()
