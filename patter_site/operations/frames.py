"""WebSocket frames as most of them are (RFC 6455, 5.2): short, whole, without extensions. Pure."""

from __future__ import annotations

from websockets.frames import apply_mask

TEXT = 0x81
"""The first byte of a text that is one whole frame."""
_MASKED = 0x80


def payload_span(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at ``at`` begins and ends, be it here or not.

    None while the frame's head is not here in full.
    """
    if len(data) - at < 2:
        return None
    second = data[at + 1]
    size, begin = second & 0x7F, at + 2
    if size >= 126:
        begin += 2 if size == 126 else 8
        size = int.from_bytes(data[at + 2 : begin], "big")
    if second & _MASKED:
        begin += 4
    return None if begin > len(data) else (begin, begin + size)


def is_whole_text(frame: bytes) -> bool:
    """Whether this is a client's text in one frame."""
    return frame[0] == TEXT and frame[1] >= _MASKED


def unmasked(frame: bytes, begin: int) -> bytes:
    """The payload of a client's frame, which begins there."""
    return apply_mask(frame[begin:], frame[begin - 4 : begin])


def text_frame(payload: bytes) -> bytes:
    """A server's text in one frame."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)
