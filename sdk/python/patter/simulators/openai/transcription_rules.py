"""What the simulated transcription accepts: a recording in a file, and the right words about it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from patter.audio.wav import PCM, Wav, read
from patter.simulators.openai.chat_rules import check_model
from patter.simulators.openai.forms import Form, Upload
from patter.simulators.openai.refusals import RefusalError

FIELDS = frozenset(
    "model language languages[] keywords[] prompt response_format stream temperature chunking_strategy "
    "include[] timestamp_granularities[]".split()
)
EXTENSIONS = frozenset("flac mp3 mp4 mpeg mpga m4a ogg wav webm".split())
MAX_BYTES = 25 * 1024 * 1024
LEAST_MS = 100
WHISPER_FORMATS = frozenset({"json", "text", "srt", "verbose_json", "vtt"})


@dataclass(frozen=True, slots=True)
class Recording:
    """A request that was found right."""

    model: str
    wav: Wav
    duration_ms: int
    language: str
    prompt: str
    keywords: tuple[str, ...]
    response_format: str
    stream: bool


def read_recording(form: Form, models: Collection[str]) -> Recording:
    """Check a request. Raises RefusalError."""
    if unknown := sorted(form.fields.keys() - FIELDS):
        raise RefusalError(400, f"Unrecognized request argument supplied: {unknown[0]}", param=unknown[0])
    model = check_model(form.one("model"), models)
    wav, duration_ms = _sound(form.files.get("file"))
    response_format = form.one("response_format") or "json"
    if response_format not in (WHISPER_FORMATS if model == "whisper-1" else {"json"}):
        raise RefusalError(
            400,
            f"response_format '{response_format}' is not compatible with {model}.",
            param="response_format",
        )
    for name in ("keywords[]", "languages[]"):
        if name in form.fields and not model.startswith("gpt-transcribe"):
            raise RefusalError(400, f"'{name}' is not supported with {model}.", param=name)
    language = form.one("language")
    if language and not (language.isalpha() and len(language) in (2, 3)):
        raise RefusalError(
            400, f"Invalid language '{language}'. It must be in ISO-639-1 format.", param="language"
        )
    return Recording(
        model=model,
        wav=wav,
        duration_ms=duration_ms,
        language=language,
        prompt=form.one("prompt"),
        keywords=tuple(form.fields.get("keywords[]", ())),
        response_format=response_format,
        stream=form.one("stream") == "true" and model != "whisper-1",
    )


def _sound(file: Upload | None) -> tuple[Wav, int]:
    if file is None:
        raise RefusalError(400, "Missing required parameter: 'file'.", param="file")
    if len(file.content) > MAX_BYTES:
        raise RefusalError(413, "Maximum content size limit (26214400) exceeded.")
    if file.name.rpartition(".")[2].lower() not in EXTENSIONS:
        raise RefusalError(400, f"Invalid file format. Supported formats: {sorted(EXTENSIONS)}", param="file")
    try:
        wav = read(file.content)
    except ValueError:
        wav = None
    if wav is None or wav.encoding != PCM or wav.sample_bytes != 2:
        # The real one decodes more than WAV; nothing of ours sends it, and µ-law it refuses too.
        raise RefusalError(400, "Audio file might be corrupted or unsupported", param="file")
    duration_ms = len(wav.data) * 1000 // (wav.sample_rate_hz * wav.channels * wav.sample_bytes)
    if duration_ms < LEAST_MS:
        raise RefusalError(
            400, "Audio file is too short. Minimum audio length is 0.1 seconds.", code="audio_too_short"
        )
    return wav, duration_ms
