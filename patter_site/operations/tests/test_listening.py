"""The socket that the whole process listens on."""

import asyncio
import socket

import pytest

from patter_site.operations.server import CannotListen, listening_socket


async def test_small_frames_are_sent_at_once():
    """Else a frame of audio waits for the carrier to acknowledge the one before: up to 40 ms, each time."""
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listening_socket("127.0.0.1", 0)
    async with await asyncio.start_server(accept, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await accepted
        writer.close()
        await writer.wait_closed()


def test_a_taken_port_is_said_in_a_sentence():
    with listening_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}.*Choose another PORT"):
            listening_socket("127.0.0.1", port)
