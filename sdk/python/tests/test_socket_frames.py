"""The frame that we write ourselves is the frame that ``websockets`` reads."""

import pytest
from patter.engines.sockets import binary_frame
from websockets.frames import Opcode
from websockets.protocol import SERVER, Protocol


@pytest.mark.parametrize("size", [1, 125, 126, 160, 65_535, 65_536])
def test_a_binary_frame_is_read_as_it_was_meant(size: int) -> None:
    payload = bytes(index % 251 for index in range(size))
    server = Protocol(SERVER, max_size=None)
    server.receive_data(binary_frame(payload) + binary_frame(b"next"))
    first, second = server.events_received()
    assert (first.opcode, bytes(first.data)) == (Opcode.BINARY, payload)
    assert bytes(second.data) == b"next"


def test_no_two_frames_have_the_same_mask() -> None:
    masks = {binary_frame(b"x")[2:6] for _ in range(2000)}
    assert len(masks) > 1990
