"""Listen v1, without I/O: the address of a stream, its frames, and what its messages mean.

Source: the vendor's listen v1 specification of July 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.audio.frames import silence
from patter.bridge.events import SttEvent, SttFailed, SttHeard, SttSpeechStarted, SttUtteranceEnded
from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import default_model
from patter.engines.deepgram.wire import (
    PHONE_AUDIO,
    PROVIDER,
    Option,
    Pair,
    endpoint,
    flag,
    parsed,
    query_of,
    said,
    text,
    texts,
    whole,
)

PATH = "/v1/listen"
ENDPOINTING_MS = 300
UTTERANCE_END_MS = 1000
"""Words of interim results are that far apart in any case: less is the same as this."""

KEEP_ALIVE = '{"type":"KeepAlive"}'
FINALIZE = '{"type":"Finalize"}'
CLOSE_STREAM = '{"type":"CloseStream"}'

_OPTIONS: Mapping[str, Option] = {
    "endpointing_ms": whole(10, 10_000, "endpointing"),
    "utterance_end_ms": whole(UTTERANCE_END_MS, 5000),
    "smart_format": flag,
    "punctuate": flag,
    "numerals": flag,
    "profanity_filter": flag,
    "filler_words": flag,
    "no_delay": flag,
    "mip_opt_out": flag,
    "keyterms": texts("keyterm"),
    "keywords": texts("keywords"),
    "language_hint": texts("language_hint"),
    "redact": texts("redact"),
    "replace": texts("replace"),
    "tag": texts("tag"),
    "version": text,
}
# UtteranceEnd comes only with interim results, and both are what ends a turn when speech_final does not come.
_FIXED: tuple[Pair, ...] = (("channels", "1"), ("interim_results", "true"), ("vad_events", "true"))
_DEFAULTS: Mapping[str, Any] = {
    "endpointing_ms": ENDPOINTING_MS,
    "utterance_end_ms": UTTERANCE_END_MS,
    "smart_format": True,
}


class NovaDialect:
    """Meets ``Dialect``: one stream of listen v1."""

    greets = False
    idle_s = 4.0
    """The server gives up after 10 s without a message (NET-0001) and asks for one every 3 to 5 s."""
    finalize_frame: str | None = FINALIZE
    close_frame = CLOSE_STREAM

    def url(self, spec: ProviderSpec) -> str:
        """Raises ConfigError."""
        return endpoint(spec.base_url, PATH, query(spec))

    def idle_frame(self, audio_was_sent: bool) -> str | bytes:
        # KeepAlive alone does not keep a stream that never had audio.
        return KEEP_ALIVE if audio_was_sent else silence(20)

    def decode(self, stt_id: str, message: str | bytes) -> list[SttEvent]:
        data = parsed(message)
        match data.get("type"):
            case "Results":
                return _heard(stt_id, data)
            case "SpeechStarted":
                return [SttSpeechStarted(stt_id)]
            case "UtteranceEnd":
                return [SttUtteranceEnded(stt_id)]
            case "Error":
                return [SttFailed(stt_id, f"{PROVIDER}: {said(data)}")]
            case _:
                return []


def query(spec: ProviderSpec) -> list[Pair]:
    """The stream's parameters. Raises ConfigError for an option that cannot work."""
    model = spec.model or default_model(PROVIDER, "stt", spec.language)
    options = {**_DEFAULTS, **spec.options}
    if not model.startswith("nova-3") and "keyterms" in options:
        # Key terms are for Nova-3; older models know keywords.
        options["keywords"] = options.pop("keyterms")
    language = [("language", spec.language)] if spec.language else []
    return [("model", model), *language, *PHONE_AUDIO, *_FIXED, *query_of(options, _OPTIONS)]


def _heard(stt_id: str, data: Mapping[str, Any]) -> list[SttEvent]:
    final = data.get("is_final") is True
    transcript = _transcript(data)
    if not (transcript or final):
        return []
    # What was finalized on our request is final text, but says nothing about the caller being done.
    end_of_turn = final and data.get("speech_final") is True and data.get("from_finalize") is not True
    return [SttHeard(stt_id, transcript, final, end_of_turn)]


def _transcript(data: Mapping[str, Any]) -> str:
    match data.get("channel"):
        case {"alternatives": [{"transcript": str(transcript)}, *_]}:
            return transcript.strip()
        case _:
            return ""
