"""What a call used of its providers: counted where it is asked for, told at the end."""

from __future__ import annotations

from collections import Counter

from patter.audio.frames import ms_of
from patter.bridge.commands import Command, SttAudio, TtsSay
from patter.bridge.events import Event, LlmDone, SpeechUsed

SPEECH_METERS = (
    "speech_text_input_tokens",
    "speech_audio_input_tokens",
    "speech_cached_text_input_tokens",
    "speech_cached_audio_input_tokens",
    "speech_text_output_tokens",
    "speech_audio_output_tokens",
    "speech_transcription_tokens",
    "speech_transcription_ms",
    "speech_ms",
)
"""What a provider that hears and speaks may count. Cached input is not counted as other input too."""


class Meter:
    """Meter to quantity; the last word of a meter's name is its unit."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def count_command(self, command: Command) -> None:
        if isinstance(command, SttAudio):
            self._used["stt_ms"] += ms_of(len(command.payload))
        elif isinstance(command, TtsSay):
            self._used["tts_characters"] += len(command.text)

    def count_event(self, event: Event) -> None:
        if isinstance(event, LlmDone):
            for name, quantity in event.usage.items():
                self._used[f"llm_{name}"] += quantity
        elif isinstance(event, SpeechUsed):
            self._used.update(event.usage)

    def usage(self) -> dict[str, int]:
        return dict(self._used)
