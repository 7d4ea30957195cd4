"""A tone in is the same tone out, whatever the carrier speaks in which direction."""

import json
from array import array
from base64 import b64decode, b64encode
from math import pi, sin, sqrt

import pytest

from patter.audio import alaw
from patter.audio.codecs import LinearIn, decoder, encoder, swapped
from patter.audio.frames import FRAME_BYTES
from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.bridge.commands import Play
from patter.carriers.telnyx.wire import Wire
from patter.simulators.sound import tone
from sdk.python.tests.telnyx.test_wire import media, start

SPOKEN = [("PCMU", 8000), ("PCMA", 8000), ("L16", 16000)]
HZ = 440.0


def goertzel(samples, hz, rate=8000):
    """Amplitude of one frequency."""
    re = sum(sample * sin(2 * pi * hz * i / rate + pi / 2) for i, sample in enumerate(samples))
    im = sum(sample * sin(2 * pi * hz * i / rate) for i, sample in enumerate(samples))
    return 2 * sqrt(re * re + im * im) / len(samples)


def pcm(mulaw):
    return array("h", to_pcm16(mulaw))


def quality_db(samples):
    """The tone against everything else."""
    power = sum(sample * sample for sample in samples) / len(samples)
    wanted = goertzel(samples, HZ) ** 2 / 2
    return 10 * __import__("math").log10(wanted / max(power - wanted, 1e-9))


@pytest.mark.parametrize(("codec", "rate"), SPOKEN)
def test_a_tone_survives_there_and_back(codec, rate):
    sound = tone(1000, HZ)
    there, back = encoder(codec, rate), decoder(codec, rate)
    heard = b"".join(back.feed(there.feed(sound[at : at + 160])) for at in range(0, len(sound), 160))
    assert len(heard) == len(sound)
    middle = pcm(heard)[400:-400]
    assert abs(goertzel(middle, HZ) / goertzel(pcm(sound)[400:-400], HZ) - 1) < 0.03
    assert quality_db(middle) > 30


@pytest.mark.parametrize(("heard", "heard_hz"), SPOKEN)
@pytest.mark.parametrize(("spoken", "spoken_hz"), SPOKEN)
def test_each_direction_has_its_own_codec(heard, heard_hz, spoken, spoken_hz):
    wire = Wire(sends=spoken)
    wire.decode(start(heard, heard_hz))
    sound, theirs, ours = tone(600, HZ), encoder(heard, heard_hz), decoder(spoken, spoken_hz)
    pieces = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    events = [
        event for n, piece in enumerate(pieces, 1) for event in wire.decode(media(n, theirs.feed(piece)))
    ]
    received = b"".join(event.payload for event in events)
    sent = [text for piece in pieces for text in wire.frames(Play(piece))]
    played = b"".join(ours.feed(b64decode(json.loads(text)["media"]["payload"])) for text in sent)
    for result in (received, played):
        assert quality_db(pcm(result)[400:4400]) > 30


def test_a_law_is_that_of_the_recommendation():
    """Against the definition: every code decodes inside its interval, and its centre encodes to it."""
    for code in range(256):
        assert alaw._encode(alaw._decode(code)) == code
    assert alaw._decode(0xD5) == 8 and alaw._decode(0x55) == -8
    assert max(map(alaw._decode, range(256))) == 32256
    assert alaw.to_mulaw(alaw.SILENCE * 3) == b"\xff" * 3
    assert alaw.from_mulaw(b"\xff") == alaw.SILENCE


@pytest.mark.parametrize("order", ["little", "big"])
def test_the_order_of_bytes_is_found_out_by_itself(order):
    sound = to_pcm16(tone(200, HZ))
    loud = array("h", (sample for sample in array("h", sound) for _ in (0, 1))).tobytes()
    given = swapped(loud) if order == "big" else loud
    reader = LinearIn(16000)
    heard = b"".join(reader.feed(given[at : at + 640]) for at in range(0, len(given), 640))
    assert quality_db(pcm(heard)[200:1400]) > 20


def test_silence_decides_nothing_about_the_order():
    reader = LinearIn(16000)
    reader.feed(bytes(6400))
    assert reader._undecided and not reader._swapped


def test_half_a_sample_waits_for_its_other_half():
    sound = array("h", [1000] * 320).tobytes()
    whole, halved = LinearIn(16000, "little"), LinearIn(16000, "little")
    assert halved.feed(sound[:321]) + halved.feed(sound[321:]) == whole.feed(sound)


@pytest.mark.parametrize(
    ("codec", "rate"), [("G722", 8000), ("OPUS", 16000), ("PCMU", 16000), ("L16", 44100), ("", 0)]
)
def test_what_is_not_spoken_here_is_said(codec, rate):
    with pytest.raises(ValueError, match="is not understood here"):
        decoder(codec, rate)


def test_the_other_order_decoded_as_samples_is_noise():
    noise = from_pcm16(swapped(to_pcm16(tone(200, HZ))))
    assert quality_db(pcm(noise)) < 10


def test_payloads_of_a_law_are_not_heard_as_mu_law():
    wire = Wire()
    wire.decode(start("PCMA"))
    [event] = wire.decode(media(1, alaw.SILENCE * 160))
    assert event.payload == b"\xff" * 160
    assert b64encode(event.payload)
