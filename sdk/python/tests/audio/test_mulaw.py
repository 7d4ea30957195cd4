"""µ-law must be G.711 to the bit: carriers, recordings and both SDKs agree on it."""

import numpy as np
import pytest

from patter.audio import mulaw


def reference_encode(samples: np.ndarray) -> np.ndarray:
    """G.711 as arithmetic: 14 bits, bias 33, segment and mantissa, inverted."""
    scaled = samples.astype(int) >> 2
    biased = np.minimum(np.abs(scaled), 8159) + 33
    segment = np.searchsorted([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF], biased)
    capped = np.minimum(segment, 7)
    code = np.where(segment >= 8, 0x7F, (capped << 4) | ((biased >> (capped + 1)) & 0xF))
    return (np.where(scaled < 0, 0x7F, 0xFF) ^ code).astype(np.uint8)


def reference_decode(codes: np.ndarray) -> np.ndarray:
    inverted = ~codes.astype(np.uint8)
    exponent = ((inverted >> 4) & 7).astype(int)
    magnitude = ((((inverted & 15).astype(int) << 3) + 0x84) << exponent) - 0x84
    return np.where(inverted & 0x80, -magnitude, magnitude).astype("<i2")


def test_every_sample_encodes_as_g711_says() -> None:
    samples = np.arange(-32768, 32768).astype("<i2")
    assert mulaw.from_pcm16(samples.tobytes()) == reference_encode(samples).tobytes()


def test_every_code_decodes_as_g711_says() -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert mulaw.to_pcm16(codes.tobytes()) == reference_decode(codes).tobytes()


def test_decoding_and_encoding_again_changes_nothing_but_minus_zero() -> None:
    codes = bytes(range(256))
    assert mulaw.from_pcm16(mulaw.to_pcm16(codes)) == codes.replace(b"\x7f", b"\xff")


def test_silence_is_silent_and_zero_bytes_are_not() -> None:
    assert mulaw.to_pcm16(mulaw.SILENCE) == b"\0\0"
    assert mulaw.level(mulaw.SILENCE * 160) == 0
    assert mulaw.level(bytes(160)) == mulaw.MAX_LEVEL


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError):
        mulaw.from_pcm16(b"\0\0\0")


def test_twice_the_amplitude_is_thirty_two_steps_louder() -> None:
    wave = np.sin(np.arange(160) * 0.3)
    levels = [
        mulaw.level(mulaw.from_pcm16((wave * peak).astype("<i2").tobytes())) for peak in (4000, 8000, 16000)
    ]
    assert levels[1] - levels[0] == pytest.approx(32, abs=3)
    assert levels[2] - levels[1] == pytest.approx(32, abs=3)


def test_nothing_has_no_level() -> None:
    assert mulaw.level(b"") == 0
