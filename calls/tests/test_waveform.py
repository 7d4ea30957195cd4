"""The bars of a recording: few, in order, and as loud as what they stand for."""

from calls.services.waveform import BARS, Waveform

LOUD, SILENT = b"\x00", b"\xff"


def test_a_long_call_has_few_bars_and_each_is_as_loud_as_its_loudest_frame():
    wave = Waveform()
    for second in range(1800):
        wave.add((LOUD if second == 900 else SILENT) * 160 + SILENT * (8000 - 160))
    bars = wave.bars()
    assert len(bars) == BARS
    assert bars[BARS // 2] == 100 and sum(bars) == 100


def test_a_short_call_has_a_bar_for_each_frame():
    wave = Waveform()
    wave.add(SILENT * 160 + LOUD * 100)
    assert wave.bars() == [0, 100]


def test_nothing_has_no_bars():
    assert Waveform().bars() == []
