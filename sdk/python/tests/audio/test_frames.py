"""Chunks of any size become frames of 20 ms, and not a byte is lost."""

from hypothesis import given
from hypothesis import strategies as st

from patter.audio.frames import FRAME_BYTES, Framer, bytes_of, ms_of, silence


@given(st.lists(st.binary(max_size=500), max_size=20))
def test_frames_hold_all_bytes_in_order(chunks: list[bytes]) -> None:
    framer = Framer()
    frames = [frame for chunk in chunks for frame in framer.feed(chunk)]
    assert all(len(frame) == FRAME_BYTES for frame in frames)
    last = framer.flush() or b""
    whole = b"".join(chunks)
    assert (b"".join(frames) + last).startswith(whole)
    assert len(last) in (0, FRAME_BYTES)


def test_the_last_frame_is_filled_with_silence() -> None:
    framer = Framer()
    assert framer.feed(b"\x00" * 100) == []
    assert framer.carried_bytes == 100
    assert framer.flush() == b"\x00" * 100 + b"\xff" * 60
    assert framer.flush() is None


def test_eight_bytes_are_a_millisecond() -> None:
    assert ms_of(FRAME_BYTES) == 20
    assert bytes_of(20) == FRAME_BYTES
    assert silence(20) == b"\xff" * FRAME_BYTES
