"""Converted sound keeps its pitch and level, brings no aliases and comes steadily."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patter.audio import resample as module
from patter.audio.resample import Resampler, resample

RATES = [(24000, 8000), (16000, 8000), (8000, 16000), (22050, 8000), (8000, 24000)]


def tone(frequency_hz: float, rate_hz: int) -> bytes:
    return (10000 * np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz)).astype("<i2").tobytes()


def loudness_db(pcm: bytes) -> float:
    inner = np.frombuffer(pcm, "<i2")[400:-400].astype(float)
    return float(20 * np.log10(np.sqrt((inner**2).mean()) / 7071 + 1e-9))


@pytest.mark.parametrize(("from_hz", "to_hz"), [(24000, 8000), (16000, 8000), (22050, 8000)])
def test_five_kilohertz_does_not_come_back_as_three(from_hz: int, to_hz: int) -> None:
    assert loudness_db(resample(tone(5000, from_hz), from_hz, to_hz)) < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("frequency_hz", [300, 1000, 3000])
def test_speech_keeps_its_level(from_hz: int, to_hz: int, frequency_hz: int) -> None:
    assert abs(loudness_db(resample(tone(frequency_hz, from_hz), from_hz, to_hz))) < 0.5


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_each_frame_gives_a_frame(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    sizes = {len(resampler.feed(bytes(2 * from_hz // 50))) for _ in range(50)}
    assert sizes == {2 * to_hz // 50}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=12), st.sampled_from(RATES))
def test_chunking_does_not_matter_even_within_a_sample(sizes: list[int], rates: tuple[int, int]) -> None:
    sound = tone(440, rates[0])[: 2 * (sum(sizes) // 2)]
    resampler, out, at = Resampler(*rates), b"", 0
    for size in sizes:
        out += resampler.feed(sound[at : at + size])
        at += size
    whole = Resampler(*rates).feed(sound)
    # The order of summation differs with the length, so the last bit may.
    assert len(out) == len(whole)
    assert np.allclose(np.frombuffer(out, "<i2"), np.frombuffer(whole, "<i2"), atol=1)


def test_equal_rates_pass_whole_samples() -> None:
    resampler = Resampler(8000, 8000)
    assert resampler.feed(b"abc") == b"ab"
    assert resampler.feed(b"d") == b"cd"


@pytest.fixture
def no_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_numpy", lambda: None)


@pytest.mark.usefixtures("no_numpy")
def test_without_numpy_whole_ratios_still_work() -> None:
    assert len(resample(bytes(960), 24000, 8000)) == 320
    assert len(resample(bytes(320), 8000, 16000)) == 640
    assert abs(loudness_db(resample(tone(300, 24000), 24000, 8000))) < 0.5


@pytest.mark.usefixtures("no_numpy")
def test_without_numpy_other_ratios_say_what_to_install() -> None:
    with pytest.raises(ValueError, match=r"patter\[audio\]"):
        Resampler(22050, 8000)


def test_the_lack_of_numpy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "numpy", None)
    module._numpy.cache_clear()
    with pytest.warns(RuntimeWarning, match="aliases"):
        assert module._numpy() is None
    monkeypatch.undo()
    module._numpy.cache_clear()


def test_a_rate_is_positive() -> None:
    with pytest.raises(ValueError):
        Resampler(0, 8000)
