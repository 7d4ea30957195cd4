"""espeak-ng through ctypes. Imported by the child only."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import espeakng_loader

_SYNCHRONOUS = 2
_BUFFER_MS = 60
_POSITION_CHARACTER = 1
_UTF8 = 1
_RATE, _PITCH = 1, 3
_WORD, _END_OF_CLAUSE = 1, 5


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Where in the audio something happens: a word begins at ``position``, or (None) a clause ends."""

    audio_ms: int
    position: int | None


Take = Callable[[bytes, list[Heard]], bool]
"""Gets PCM16 and what happens in it; says whether to go on."""


class Espeak:
    """The library, once per process; it is not made for two."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate_hz = int(self._lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, 0))
        if self.rate_hz <= 0:
            raise RuntimeError("espeak-ng does not start")
        self._take: Take | None = None
        self._callback = _Callback(self._on_audio)  # kept: the library holds only a bare pointer
        self._lib.espeak_SetSynthCallback(self._callback)
        self._voice = ""

    def set_voice(self, name: str) -> bool:
        """Choose a voice such as ``en-us`` or ``de+f3``; False when there is none of that name."""
        if name != self._voice:
            if self._lib.espeak_SetVoiceByName(name.encode()) != 0:
                self._voice = ""
                return False
            self._voice = name
        return True

    def synthesise(self, text: str, *, rate_wpm: int, pitch: int, take: Take) -> None:
        """Speak a text; returns when all audio was taken, or ``take`` said to stop."""
        self._lib.espeak_SetParameter(_RATE, rate_wpm, 0)
        self._lib.espeak_SetParameter(_PITCH, pitch, 0)
        content = text.replace("\0", " ").encode()
        self._take = take
        size = ctypes.c_size_t(len(content) + 1)
        self._lib.espeak_Synth(ctypes.c_char_p(content), size, 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
        self._take = None

    def _on_audio(self, samples: Any, count: int, events: Any) -> int:
        if self._take is None:
            return 1
        pcm = ctypes.string_at(samples, 2 * count) if samples and count > 0 else b""
        return 0 if self._take(pcm, list(_heard(events))) else 1


def _heard(events: Any) -> Any:
    index = 0
    while events[index].type:
        event = events[index]
        if event.type == _WORD:
            yield Heard(event.audio_ms, event.text_position - 1)
        elif event.type == _END_OF_CLAUSE:
            yield Heard(event.audio_ms, None)
        index += 1
