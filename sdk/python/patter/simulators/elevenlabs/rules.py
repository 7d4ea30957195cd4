"""What the simulated ElevenLabs accepts in its addresses and requests. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from patter.engines.catalogue.elevenlabs import DIALOGUE_ONLY, MAX_CHARACTERS, MODELS, TAKES_LANGUAGE

FORMATS = frozenset(
    "mp3_22050_32 mp3_44100_32 mp3_44100_64 mp3_44100_96 mp3_44100_128 mp3_44100_192 pcm_8000 pcm_16000 "
    "pcm_22050 pcm_24000 pcm_32000 pcm_44100 pcm_48000 ulaw_8000 alaw_8000 opus_48000_32 opus_48000_64 "
    "opus_48000_96 opus_48000_128 opus_48000_192".split()
)
SPOKEN_FORMATS = frozenset({"ulaw_8000", "pcm_8000"})
"""What the simulated voice can really make."""

HTTP_QUERY = frozenset({"output_format", "enable_logging", "optimize_streaming_latency"})
HTTP_BODY = frozenset(
    "text model_id language_code voice_settings pronunciation_dictionary_locators seed previous_text "
    "next_text previous_request_ids next_request_ids use_pvc_as_ivc apply_text_normalization "
    "apply_language_text_normalization".split()
)
SOCKET_QUERY = frozenset(
    "authorization model_id language_code enable_logging enable_ssml_parsing output_format "
    "inactivity_timeout sync_alignment auto_mode apply_text_normalization seed".split()
)
VOICE_SETTINGS = {
    "stability": (0, 1),
    "similarity_boost": (0, 1),
    "style": (0, 1),
    "speed": (0.7, 1.2),
    "use_speaker_boost": (0, 1),
}
DEFAULT_IDLE_S = 20
MOST_IDLE_S = 180
USUAL_SCHEDULE = (120, 160, 250, 290)

SENTENCES = {
    "invalid_api_key": "Invalid API key",
    "quota_exceeded": "This request exceeds your quota.",
    "system_busy": "The system is experiencing heavy traffic, please try again.",
    "too_many_concurrent_requests": "Too many concurrent requests.",
    "voice_not_found": "A voice with that voice_id was not found.",
}


class RefusalError(Exception):
    """An answer that is no success. ``code`` is ElevenLabs' ``detail.status``."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or SENTENCES.get(code, code))
        self.status = status
        self.code = code

    def as_json(self) -> dict[str, Any]:
        return {"detail": {"status": self.code, "message": str(self)}}


def planned(status: int, code: str) -> RefusalError:
    """One that was asked for by a fault."""
    usual = {401: "invalid_api_key", 429: "too_many_concurrent_requests", 500: "internal_server_error"}
    return RefusalError(status, code or usual.get(status, "error"))


@dataclass(frozen=True, slots=True)
class SocketPlan:
    """A socket's address that was found right."""

    model: str
    output_format: str
    auto_mode: bool
    idle_s: float
    with_alignment: bool


def check_socket(voice: str, query: Mapping[str, str], voices: Collection[str]) -> SocketPlan:
    """Raises RefusalError."""
    if unknown := sorted(query.keys() - SOCKET_QUERY):
        raise RefusalError(400, "invalid_parameters", f"Unknown parameters: {', '.join(unknown)}")
    model = query.get("model_id", "eleven_multilingual_v2")
    check_voice_and_model(voice, model, query.get("language_code"), voices)
    for name in ("auto_mode", "sync_alignment", "enable_logging", "enable_ssml_parsing"):
        if query.get(name, "true") not in ("true", "false"):
            raise RefusalError(400, "invalid_parameters", f"{name} is true or false.")
    idle = query.get("inactivity_timeout", str(DEFAULT_IDLE_S))
    if not idle.isdecimal() or not 0 < int(idle) <= MOST_IDLE_S:
        raise RefusalError(400, "invalid_parameters", "inactivity_timeout is 1 to 180.")
    return SocketPlan(
        model=model,
        output_format=check_format(query.get("output_format", "mp3_44100_128")),
        auto_mode=query.get("auto_mode") == "true",
        idle_s=int(idle),
        with_alignment=query.get("sync_alignment") == "true",
    )


def check_voice_and_model(voice: str, model: str, language: str | None, voices: Collection[str]) -> None:
    """Raises RefusalError."""
    if voice not in voices:
        raise RefusalError(404, "voice_not_found")
    if model.startswith(DIALOGUE_ONLY):
        raise RefusalError(400, "unsupported_model", f"{model} is not available here.")
    if model not in {row.id for row in MODELS}:
        raise RefusalError(400, "model_not_found", f"A model with id {model} does not exist.")
    if language and model not in TAKES_LANGUAGE:
        raise RefusalError(400, "unsupported_language", f"{model} does not take a language_code.")


def check_format(output_format: str) -> str:
    """Raises RefusalError."""
    if output_format not in FORMATS:
        raise RefusalError(400, "invalid_output_format", f"Invalid output_format: {output_format}")
    if output_format not in SPOKEN_FORMATS:
        raise RefusalError(400, "invalid_output_format", "The simulated voice speaks ulaw_8000 and pcm_8000.")
    return output_format


def check_voice_settings(settings: object) -> None:
    """Raises RefusalError."""
    if settings is None:
        return
    if not isinstance(settings, dict) or settings.keys() - VOICE_SETTINGS:
        raise RefusalError(400, "invalid_voice_settings")
    for name, value in settings.items():
        least, most = VOICE_SETTINGS[name]
        if not isinstance(value, int | float) or not least <= value <= most:
            raise RefusalError(400, "invalid_voice_settings", f"{name} is {least} to {most}.")


def check_reading(body: object, voice: str, voices: Collection[str]) -> str:
    """The text of an HTTP request that was found right. Raises RefusalError."""
    if not isinstance(body, dict) or (body.keys() - HTTP_BODY):
        raise RefusalError(422, "invalid_parameters", "Unknown or missing fields.")
    text, model = body.get("text"), body.get("model_id", "eleven_multilingual_v2")
    if not isinstance(text, str) or not text.strip():
        raise RefusalError(422, "invalid_parameters", "text is required.")
    check_voice_and_model(voice, model, body.get("language_code"), voices)
    check_voice_settings(body.get("voice_settings"))
    if len(text) > MAX_CHARACTERS[model]:
        raise RefusalError(400, "max_character_limit_exceeded")
    return text
