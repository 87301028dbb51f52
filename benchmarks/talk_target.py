"""A target that acknowledges: WebSocket at /ws, Socket.IO at /socket.io/, as fast as Python can.

``python talk_target.py PORT``. The framing of Socket.IO is written out, so that the target does not
cost more than the generators that talk to it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from websockets.asyncio.server import ServerConnection, serve

OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
EVENT, BINARY_EVENT = "42", "45"


async def talk(client: ServerConnection) -> None:
    """Answer each message; ``/ws`` by its number, Socket.IO with an event that holds ``seq``."""
    path = client.request.path if client.request is not None else ""
    if path.startswith("/ws"):
        async for each in client:
            await client.send(json.dumps({"seq": json.loads(each)["seq"]}))
        return
    await client.send(OPEN)
    async for each in client:
        if not isinstance(each, str):
            continue  # the attachment of the event before
        if each.startswith("40"):
            await client.send('40{"sid":"t"}')
        elif each.startswith((EVENT, BINARY_EVENT)):
            _, data = json.loads(each[each.index("[") :])
            await client.send(f'42["chunk_ack",{{"seq":{data["seq"]}}}]')


async def main(port: int) -> None:
    """Serve until killed; clients that break off are nothing to speak of."""
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    async with serve(talk, "127.0.0.1", port, compression=None, ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
