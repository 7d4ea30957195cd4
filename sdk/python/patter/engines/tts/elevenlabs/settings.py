"""What an agent chose about its ElevenLabs voice, read once and checked."""

from __future__ import annotations

from patter.bridge.plan import ProviderSpec
from patter.engines import options as read
from patter.engines.catalogue.elevenlabs import DEFAULT_VOICE, DIALOGUE_ONLY, STOCK_VOICES, TAKES_LANGUAGE
from patter.engines.tts.elevenlabs.wire import Settings
from patter.errors import ConfigError

NORMALIZATION = ("auto", "on", "off")


def settings_of(spec: ProviderSpec) -> Settings:
    """Options: ``stability``, ``similarity_boost``, ``style`` (0 to 1), ``speed`` (0.7 to 1.2),
    ``use_speaker_boost``, ``apply_text_normalization``, ``enable_logging``. Raises ConfigError.
    """
    model = read.model_of(spec, "tts")
    if model.startswith(DIALOGUE_ONLY):
        raise ConfigError(f"{model} speaks only in ElevenLabs' dialogues; choose a flash, turbo or v2 model")
    voice = spec.voice or DEFAULT_VOICE
    voice = STOCK_VOICES.get(voice.lower(), voice)
    return Settings(voice, model, _query(spec, model), _voice_settings(spec))


def _query(spec: ProviderSpec, model: str) -> dict[str, str]:
    query = {}
    language = (spec.language or "").lower().split("-")[0]
    if language and model in TAKES_LANGUAGE:
        query["language_code"] = language
    if normalization := read.text(spec.options, "apply_text_normalization"):
        if normalization not in NORMALIZATION:
            raise ConfigError(f"option 'apply_text_normalization' is one of {', '.join(NORMALIZATION)}")
        query["apply_text_normalization"] = normalization
    if not read.flag(spec.options, "enable_logging", True):
        query["enable_logging"] = "false"
    return query


def _voice_settings(spec: ProviderSpec) -> dict[str, float | bool]:
    chosen: dict[str, float | bool] = {}
    limits = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}
    for name, (least, most) in limits.items():
        if (value := read.number(spec.options, name, least, most)) is not None:
            chosen[name] = value
    if "use_speaker_boost" in spec.options:
        chosen["use_speaker_boost"] = read.flag(spec.options, "use_speaker_boost", True)
    return chosen
