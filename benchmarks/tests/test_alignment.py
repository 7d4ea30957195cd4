from benchmarks.alignment import alignment, beginnings_ms, late_ms
from patter.audio.wav import write_mulaw

QUIET, VOICE = b"\xff", b"\x11"


def side(*beginnings_ms: int, until_ms: int = 5000) -> bytes:
    out = bytearray(QUIET * until_ms * 8)
    for at in beginnings_ms:
        out[at * 8 : at * 8 + 1600] = VOICE * 1600
    return bytes(out)


def test_a_beginning_follows_silence_and_not_a_short_gap():
    assert beginnings_ms(side(400, 700, 2000)) == [400, 2000]
    assert beginnings_ms(VOICE + side(1000)) == [0, 1000.125]


def test_what_is_far_away_is_another_one():
    assert late_ms([1000, 3000], [1010, 4500]) == [10]


def test_the_sides_of_a_recording_are_compared_with_the_carrier_s_clock():
    wav = write_mulaw(side(1000, 3000), side(2030, 4010))
    found = alignment(wav, [1000, 3000], [2000, 4000])
    assert (found.caller, found.agent, found.missing) == ((0, 0), (30, 10), 0)
    assert found.apart_ms == 30
