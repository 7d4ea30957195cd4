"""What goes wrong on purpose with one connection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """All off by default. Times in ``_ms`` are of media, times in ``_s`` of the clock.

    Args:
        refuse: the upgrade is refused with this HTTP status: 401, 402, 429, 500, 503 ...
        late_s: the upgrade is answered this late.
        silent: the socket opens and the server never says anything.
        error: after the first audio or text an ``Error`` message with this description comes.
        garbage: after the first audio or text come malformed JSON, an array, and a message of unknown type.
        drop_at_ms: the connection is lost after so much audio was heard or spoken.
        drop_code: with a close frame of this code; 0 tears the connection down without one.
        drop_reason: the reason in that close frame.
        never_speech_final: listen v1: results are final, but never the end of speech.
        never_final: listen v1: results are interim until ``Finalize``.
        no_utterance_end: listen v1: ``UtteranceEnd`` never comes.
        wrong_format: speak: audio begins as a WAV file.
        chunk_bytes: speak: size of the audio messages; 0 for a usual size.
        first_audio_s: speak: audio begins this late.
        stall_at_ms: speak: audio stops after so much of it, and the socket stays open.
        late_after_clear: speak: so many audio messages still come between ``Clear`` and ``Cleared``.
        flushed_after_clear: speak: the end of a text that was cleared is announced late, after ``Cleared``.
    """

    refuse: int = 0
    late_s: float = 0.0
    silent: bool = False
    error: str = ""
    garbage: bool = False
    drop_at_ms: int = 0
    drop_code: int = 0
    drop_reason: str = ""
    never_speech_final: bool = False
    never_final: bool = False
    no_utterance_end: bool = False
    wrong_format: bool = False
    chunk_bytes: int = 0
    first_audio_s: float = 0.0
    stall_at_ms: int = 0
    late_after_clear: int = 0
    flushed_after_clear: bool = False
