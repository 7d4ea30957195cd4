"""Listen v2, without I/O: the address of a stream, its frames, and what its messages mean.

Source: the vendor's listen v2 specification of July 2026 and its page on configuring Flux.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.audio.frames import silence
from patter.bridge.events import SttEagerEnd, SttEvent, SttFailed, SttHeard, SttResumed, SttSpeechStarted
from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import default_model
from patter.engines.deepgram.wire import (
    PHONE_AUDIO,
    PROVIDER,
    Option,
    Pair,
    endpoint,
    flag,
    number,
    parsed,
    query_of,
    said,
    texts,
    whole,
)

PATH = "/v2/listen"
NAME = "deepgram_flux"
MULTILINGUAL = "flux-general-multi"
CLOSE_STREAM = '{"type":"CloseStream"}'
FORCE_END_TURN = '{"type":"ForceEndTurn"}'

EOT_TIMEOUT_MS = 2500
"""Below the pipeline's own ceiling of 3 s: else it ends the turn first, and the same text comes again."""

_OPTIONS: Mapping[str, Option] = {
    "eot_threshold": number(0.5, 1.0),
    "eager_eot_threshold": number(0.3, 0.9),
    "eot_timeout_ms": whole(500, 60_000),
    "keyterms": texts("keyterm"),
    "language_hint": texts("language_hint"),
    "numerals": flag,
    "profanity_filter": flag,
    "redact": texts("redact"),
    "mip_opt_out": flag,
    "tag": texts("tag"),
}
# Errors that the same request would meet again. Others (INTERNAL_SERVER_ERROR ...) may pass.
_PERMANENT_CODES = frozenset(
    {"BAD_REQUEST", "INVALID_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "UNPARSABLE_DATA"}
)


class FluxDialect:
    """Meets ``Dialect``: one stream of listen v2."""

    greets = True
    idle_s = 0.5
    """Without audio a turn that has begun would never end, so gaps are filled with silence."""
    finalize_frame: str | None = None
    """Its only flush, ForceEndTurn, would end the turn at every pause: the model decides instead."""
    close_frame = CLOSE_STREAM

    def url(self, spec: ProviderSpec) -> str:
        """Raises ConfigError."""
        return endpoint(spec.base_url, PATH, query(spec))

    def idle_frame(self, audio_was_sent: bool) -> str | bytes:
        return silence(500)

    def decode(self, stt_id: str, message: str | bytes) -> list[SttEvent]:
        data = parsed(message)
        match data.get("type"):
            case "TurnInfo":
                return _turn(stt_id, data)
            case "Error":
                permanent = str(data.get("code")) in _PERMANENT_CODES
                return [SttFailed(stt_id, f"{PROVIDER}: {said(data)}", permanent)]
            case _:
                return []


def query(spec: ProviderSpec) -> list[Pair]:
    """The stream's parameters. Raises ConfigError for an option that cannot work."""
    options = {"eot_timeout_ms": EOT_TIMEOUT_MS, **spec.options}
    language = (spec.language or "en").lower()
    english = language.split("-")[0] == "en"
    model = spec.model or (default_model(NAME, "stt", "en") if english else MULTILINGUAL)
    if model == MULTILINGUAL and language != "multi":
        options.setdefault("language_hint", [spec.language or "en"])
    return [("model", model), *PHONE_AUDIO, *query_of(options, _OPTIONS)]


def _turn(stt_id: str, data: Mapping[str, Any]) -> list[SttEvent]:
    transcript = data.get("transcript")
    # The transcript is that of the whole turn so far, so it is an interim text until the turn ends.
    text = transcript.strip() if isinstance(transcript, str) else ""
    interim: list[SttEvent] = [SttHeard(stt_id, text, final=False)] if text else []
    match data.get("event"):
        case "StartOfTurn":
            return [SttSpeechStarted(stt_id), *interim]
        case "Update":
            return interim
        case "EagerEndOfTurn":
            return [*interim, SttEagerEnd(stt_id, text)]
        case "TurnResumed":
            return [SttResumed(stt_id), *interim]
        case "EndOfTurn":
            return [SttHeard(stt_id, text, final=True, end_of_turn=True)]
        case _:
            return []
