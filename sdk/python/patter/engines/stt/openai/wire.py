"""OpenAI's transcription of one utterance: the form that is posted, and the text in the answer. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from patter.audio.wav import write_pcm16

PATH = "/audio/transcriptions"
FILE_NAME = "utterance.wav"
FILE_TYPE = "audio/wav"


@dataclass(frozen=True, slots=True)
class Settings:
    """``language`` is ISO 639-1 or None; ``keywords`` only for models that take them."""

    model: str
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    keywords: tuple[str, ...] = ()


def form_fields(settings: Settings) -> dict[str, str | list[str]]:
    """Everything but the file."""
    fields: dict[str, str | list[str]] = {"model": settings.model, "response_format": "json"}
    if settings.language:
        fields["language"] = settings.language
    if settings.prompt:
        fields["prompt"] = settings.prompt
    if settings.temperature is not None:
        fields["temperature"] = f"{settings.temperature:g}"
    if settings.keywords:
        fields["keywords[]"] = list(settings.keywords)
    return fields


def file_of(payload: bytes) -> tuple[str, bytes, str]:
    """An utterance of µ-law as the file to post: raw µ-law is not accepted, nor is µ-law in a WAV."""
    return FILE_NAME, write_pcm16(payload), FILE_TYPE


def text_of(body: bytes, prompt: str | None = None) -> str:
    """What was said. Raises ValueError.

    Of near silence such models repeat their prompt, which nobody said.
    """
    answer = json.loads(body)
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise ValueError("an answer without a text")
    text = text.strip()
    return "" if prompt and text.casefold() == prompt.strip().casefold() else text
