"""What is said in the benchmark, and how it sounds: the same for carrier, providers and floor. Pure."""

from __future__ import annotations

import math

FRAME_BYTES = 160
FRAME_S = 0.02
SILENCE = b"\xff"

UTTERANCE_FRAMES = 60
"""1.2 s of the caller's voice."""
END_FRAMES = 10
"""The recogniser ends a turn after 200 ms of silence, to the frame."""
PAUSE_FRAMES = 25
"""Half a second between a reply and the caller's next words."""
BARGE_IN_AFTER_S = 1.2
"""Into a reply: later than a reply's protected beginning, earlier than its end."""

HEARD = "please tell me when you are open tomorrow"
INTERIM = "please tell me when"

REPLY = "We are open from nine in the morning. The kitchen closes at ten in the evening."
MS_PER_LETTER = 40
AUDIO_PIECE_BYTES = 3200


def tokens(text: str) -> list[str]:
    """A text as a model writes it: a word at a time."""
    words = text.split(" ")
    return [word if index == 0 else f" {word}" for index, word in enumerate(words)]


def speech_bytes(text: str) -> int:
    """How much audio a text becomes: by its letters, so that cutting it into chunks changes nothing."""
    return 8 * MS_PER_LETTER * sum(character.isalnum() for character in text)


REPLY_BYTES = speech_bytes(REPLY)


def voice(size: int, pitch_hz: float = 140.0, peak: int = 40) -> bytes:
    """Something voiced, never silent for a whole frame, and without the byte that is silence."""
    out = bytearray(size)
    for at in range(size):
        t = at / 8000
        swell = 0.65 + 0.35 * math.sin(2 * math.pi * 4.0 * t)
        wave = math.sin(2 * math.pi * pitch_hz * t) + 0.5 * math.sin(2 * math.pi * 3.1 * pitch_hz * t)
        # µ-law by hand is not needed: codes are nearly logarithmic, and only loudness counts here.
        magnitude = min(126, max(1, int((88 + peak * 0.5 * swell) * min(1.0, 0.35 + abs(wave)))))
        out[at] = (0xFF if wave >= 0 else 0x7F) - magnitude
    return bytes(out)
