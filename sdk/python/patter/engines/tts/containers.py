"""Tells raw audio from a file: a header that is played is a click, and packed sound is noise. Pure."""

from __future__ import annotations

_BEGINNINGS = ((b"RIFF", "WAV"), (b"ID3", "MP3"), (b"OggS", "Ogg"), (b"fLaC", "FLAC"), (b"{", "JSON"))


def container_of(payload: bytes) -> str | None:
    """The name of the format whose header a stream begins with, where raw samples were asked for.

    An MP3 without ID3 begins as loud µ-law may, and is not told here.
    """
    # A brace alone is a sample like any other; with a quote after it nobody records it.
    for begin, name in _BEGINNINGS:
        if payload.startswith(begin) and (name != "JSON" or payload[1:].lstrip()[:1] == b'"'):
            return name
    return None
