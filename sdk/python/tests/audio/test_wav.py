"""Recordings open in any player: the standard library's reader is one of them."""

import io
import wave

import pytest

from patter.audio import wav
from patter.audio.mulaw import to_pcm16

LEFT, RIGHT = bytes(range(200)), bytes(range(100, 200))


def test_mulaw_comes_back_as_it_was() -> None:
    file = wav.read(wav.write_mulaw(LEFT, RIGHT))
    assert (file.encoding, file.channels, file.sample_rate_hz) == (wav.MULAW, 2, 8000)
    assert file.mulaw(0) == LEFT
    assert file.mulaw(1) == RIGHT + b"\xff" * 100


def test_pcm_opens_elsewhere() -> None:
    with wave.open(io.BytesIO(wav.write_pcm16(LEFT, RIGHT))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 200)
        assert file.readframes(200)[0::4] == to_pcm16(LEFT)[0::2]


def test_pcm_files_are_read_as_mulaw() -> None:
    assert wav.read(wav.write_pcm16(LEFT)).mulaw().replace(b"\x7f", b"\xff") == LEFT.replace(b"\x7f", b"\xff")


@pytest.mark.parametrize("size", [0, 1, 2, 159, 160])
def test_the_lengths_in_the_header_are_right(size: int) -> None:
    content = wav.write_mulaw(bytes(size))
    assert int.from_bytes(content[4:8], "little") == len(content) - 8
    assert wav.read(content).data == bytes(size)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd"])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        wav.read(content)


@pytest.mark.parametrize("write", [wav.write_mulaw, wav.write_pcm16])
def test_a_file_that_breaks_off_is_not_whole(write) -> None:
    content = write(LEFT, RIGHT)
    assert wav.file_problem(content[:12], len(content)) == ""
    assert "breaks off after 300 of" in wav.file_problem(content[:12], 300)


@pytest.mark.parametrize("size", [0, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_file_whose_writer_did_not_know_its_size_may_be_whole(size: int) -> None:
    assert wav.file_problem(b"RIFF" + size.to_bytes(4, "little") + b"WAVE", 5000) == ""


@pytest.mark.parametrize("head", [b"", b"RIFF", b"<!doctype ht", b"ID3\4\0\0\0\0\0\0\0\0"])
def test_another_file_is_no_recording(head: bytes) -> None:
    assert wav.file_problem(head, 5000) == "is no WAV file"
