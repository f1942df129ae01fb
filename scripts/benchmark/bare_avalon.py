"""The limit of an Avalon: a connection, the request, the reply to its end."""

import asyncio
import socket

from .workload import Poll

HOST = "127.0.0.1"
POLL = b'{"command":"summary+estats+pools"}'
CHUNK = 64 * 1024


def stream_poll(port: int) -> Poll:
    """Return one poll through asyncio's streams."""

    async def poll() -> bytes:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(POLL)
        reply = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        return reply

    return poll


def socket_poll(port: int) -> Poll:
    """Return one poll through the socket functions of asyncio's loop."""

    async def poll() -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket() as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, (HOST, port))
            await loop.sock_sendall(connection, POLL)
            reply = bytearray()
            while chunk := await loop.sock_recv(connection, CHUNK):
                reply += chunk
        return bytes(reply)

    return poll
