"""The frames that we write ourselves are frames that ``websockets`` reads."""

import pytest
from websockets.frames import Opcode
from websockets.protocol import SERVER, Protocol

from patter.engines.sockets import binary_frame, text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 160, 65_535, 65_536])
def test_a_binary_frame_is_read_as_it_was_meant(size: int) -> None:
    payload = bytes(index % 251 for index in range(size))
    server = Protocol(SERVER, max_size=None)
    server.receive_data(binary_frame(payload) + binary_frame(b"next"))
    first, second = server.events_received()
    assert (first.opcode, bytes(first.data)) == (Opcode.BINARY, payload)
    assert bytes(second.data) == b"next"


def test_a_text_frame_is_read_as_it_was_meant() -> None:
    server = Protocol(SERVER)
    server.receive_data(text_frame("Grüezi"))
    [frame] = server.events_received()
    assert (frame.opcode, bytes(frame.data).decode()) == (Opcode.TEXT, "Grüezi")


def test_masks_differ_from_frame_to_frame() -> None:
    masks = {binary_frame(b"x")[2:6] for _ in range(3000)}
    assert len(masks) > 2990
