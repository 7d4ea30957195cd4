"""WAV with the header written by hand: µ-law (format 7) for recordings, PCM16 for people's players."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from patter.audio.frames import SAMPLE_RATE_HZ
from patter.audio.mulaw import SILENCE, from_pcm16, to_pcm16

MULAW = 7
PCM = 1
UNKNOWN_BYTES = 0x7FFF_FF00
"""Sizes from here on say that nobody knew."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file, read. ``data`` is the raw samples, interleaved when there are several channels."""

    encoding: int
    channels: int
    sample_rate_hz: int
    sample_bytes: int
    data: bytes

    def channel(self, index: int) -> bytes:
        """The samples of one channel."""
        width, step = self.sample_bytes, self.sample_bytes * self.channels
        out = bytearray(len(self.data) // step * width)
        for byte in range(width):
            out[byte::width] = self.data[index * width + byte : len(self.data) // step * step : step]
        return bytes(out)

    def mulaw(self, index: int = 0) -> bytes:
        """One channel as µ-law, at the file's own rate."""
        if self.encoding == MULAW:
            return self.channel(index)
        if self.encoding == PCM and self.sample_bytes == 2:
            return from_pcm16(self.channel(index))
        raise ValueError("only µ-law and 16-bit PCM can be read")


def header(data_bytes: int, *, channels: int, encoding: int = MULAW, rate_hz: int = SAMPLE_RATE_HZ) -> bytes:
    """Everything before the samples. µ-law needs the longer form with a ``fact`` chunk."""
    width = 2 if encoding == PCM else 1
    frame = width * channels
    fmt = struct.pack("<HHIIHH", encoding, channels, rate_hz, rate_hz * frame, frame, 8 * width)
    extra = b""
    if encoding != PCM:
        fmt += b"\0\0"
        extra = b"fact" + struct.pack("<II", 4, data_bytes // frame)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + extra + b"data" + struct.pack("<I", data_bytes)
    padding = data_bytes % 2
    return b"RIFF" + struct.pack("<I", len(body) + data_bytes + padding) + body


def interleave(left: bytes, right: bytes) -> bytes:
    """Two µ-law channels as stereo; the shorter is filled up with silence."""
    length = max(len(left), len(right))
    out = bytearray(2 * length)
    out[0::2] = left.ljust(length, SILENCE)
    out[1::2] = right.ljust(length, SILENCE)
    return bytes(out)


def write_mulaw(left: bytes, right: bytes | None = None) -> bytes:
    """A µ-law file, mono or stereo."""
    data = left if right is None else interleave(left, right)
    head = header(len(data), channels=1 if right is None else 2)
    return head + data + bytes(len(data) % 2)


def write_pcm16(left: bytes, right: bytes | None = None) -> bytes:
    """A 16-bit file of µ-law audio, mono or stereo, for players that know no µ-law."""
    data = to_pcm16(left if right is None else interleave(left, right))
    return header(len(data), channels=1 if right is None else 2, encoding=PCM) + data


def file_problem(head: bytes, size_bytes: int) -> str:
    """What is wrong with a file of this size that begins with ``head`` (12 bytes); empty: nothing.

    Who writes a file while it grows leaves its size at nothing, or at the greatest number there is.
    """
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return "is no WAV file"
    said = int.from_bytes(head[4:8], "little")
    is_short = 0 < said < UNKNOWN_BYTES and size_bytes + 1 < said + 8
    return f"breaks off after {size_bytes} of {said + 8} bytes" if is_short else ""


def read(content: bytes) -> Wav:
    """Read a WAV file. Raises ValueError on anything else."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    fmt: tuple[int, ...] | None = None
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(content):
            fmt = struct.unpack_from("<HHIIHH", content, at + 8)
        elif name == b"data" and fmt is not None:
            encoding, channels, rate_hz, _, frame, _ = fmt
            if not channels or frame < channels:
                break
            return Wav(encoding, channels, rate_hz, frame // channels, content[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    raise ValueError("a WAV file without format or samples")
