"""Sample rates of 16-bit PCM, converted in a stream.

A windowed-sinc low-pass in polyphase form: what would alias is more than 60 dB down, the delay is
about 1.5 ms, and output is steady from the first chunk. numpy is optional in the SDK; without it a
plain mean or repetition is used, which lets some aliases through, and a warning says so once.
"""

from __future__ import annotations

import sys
import warnings
from array import array
from functools import cache
from math import gcd
from typing import Any

_ZERO_CROSSINGS = 12
_KAISER_BETA = 7.0


class Resampler:
    """One direction of one stream. Never share it and never make one per chunk: both click."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        if from_hz <= 0 or to_hz <= 0:
            raise ValueError("sample rates are positive")
        common = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._odd = b""
        self._filter = _open_filter(self._up, self._down)

    def feed(self, pcm: bytes) -> bytes:
        """Convert a chunk of little-endian samples; half a sample at its end waits for the next."""
        data = self._odd + pcm if self._odd else pcm
        whole = len(data) & ~1
        self._odd = data[whole:]
        if self._up == self._down:
            return data[:whole]
        return self._filter.feed(data[:whole])

    def flush(self) -> bytes:
        """What the filter still holds, at the end of a stream."""
        return b"" if self._up == self._down else self._filter.flush()


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Convert a whole utterance."""
    resampler = Resampler(from_hz, to_hz)
    return resampler.feed(pcm) + resampler.flush()


def _open_filter(up: int, down: int) -> _Polyphase | _Plain:
    numpy = _numpy()
    return _Plain(up, down) if numpy is None else _Polyphase(numpy, up, down)


@cache
def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        warnings.warn(
            'resampling without numpy lets aliases through; pip install "patter[audio]"',
            RuntimeWarning,
            stacklevel=4,
        )
        return None
    return numpy


@cache
def _bank(up: int, down: int) -> Any:
    """One row of taps per phase, time-reversed. Each row sums to one, so that levels are kept."""
    np = _numpy()
    span = 2 * _ZERO_CROSSINGS * max(up, down)
    taps_per_phase = -(-span // up)
    count = taps_per_phase * up
    at = np.arange(count) - (count - 1) / 2
    shape = np.sinc(at / max(up, down)) * np.kaiser(count, _KAISER_BETA)
    bank = shape.reshape(taps_per_phase, up).T[:, ::-1]
    return np.ascontiguousarray(bank / bank.sum(axis=1, keepdims=True), dtype=np.float32)


class _Polyphase:
    """Output n uses phase (n x down) mod up, on the inputs up to index (n x down) div up."""

    def __init__(self, numpy: Any, up: int, down: int) -> None:
        self._np, self._up, self._down = numpy, up, down
        self._taps = _bank(up, down)
        self._width = self._taps.shape[1]
        self._held = numpy.zeros(self._width - 1, dtype=numpy.float32)
        self._next = 0

    def feed(self, pcm: bytes) -> bytes:
        np = self._np
        fresh = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
        data = np.concatenate((self._held, fresh))
        count = max(0, -(-(len(fresh) * self._up - self._next) // self._down))
        at = self._next + np.arange(count) * self._down
        self._next += count * self._down - len(fresh) * self._up
        self._held = data[len(fresh) :]
        if count == 0:
            return b""
        if self._up == 1:
            # The constructor makes overlapping rows in a third of the time of sliding_window_view,
            # and copying them first lets the product run on contiguous memory.
            strides = (data.itemsize * self._down, data.itemsize)
            rows = np.ndarray((count, self._width), data.dtype, data, data.itemsize * int(at[0]), strides)
            mixed = rows.copy() @ self._taps[0]
        else:
            windows = np.lib.stride_tricks.sliding_window_view(data, self._width)
            mixed = np.einsum("ij,ij->i", windows[at // self._up], self._taps[at % self._up])
        return bytes(np.clip(np.rint(mixed), -32768, 32767).astype("<i2").tobytes())

    def flush(self) -> bytes:
        return self.feed(bytes(2 * (self._width // 2)))


class _Plain:
    """The way without numpy: whole ratios only, mean of the samples down, repetition up."""

    def __init__(self, up: int, down: int) -> None:
        if up != 1 and down != 1:
            raise ValueError('this ratio of sample rates needs numpy: pip install "patter[audio]"')
        self._up, self._down = up, down
        self._held = array("h")

    def feed(self, pcm: bytes) -> bytes:
        samples = self._held + _samples(pcm)
        if self._up > 1:
            out = array("h", bytes(2 * len(samples) * self._up))
            for phase in range(self._up):
                out[phase :: self._up] = samples
            return _bytes(out)
        whole = len(samples) - len(samples) % self._down
        self._held = samples[whole:]
        lanes = [samples[phase : whole : self._down] for phase in range(self._down)]
        return _bytes(array("h", [sum(group) // self._down for group in zip(*lanes, strict=True)]))

    def flush(self) -> bytes:
        return b""


def _samples(pcm: bytes) -> array[int]:
    samples = array("h")
    samples.frombytes(pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
