"""An agent's choices as a Realtime session. Pure.

Options, each with its default:

* ``turn_detection``: server_vad (the default) or semantic_vad.
* of server_vad: ``threshold`` 0 to 1 (0.5), ``prefix_padding_ms`` (300), ``silence_duration_ms`` (500).
* of semantic_vad: ``eagerness`` low, medium, high or auto (auto).
* ``noise_reduction``: near_field (the default), far_field or off.
* ``transcription_model`` (the provider's default), ``transcription_prompt``, ``keyterms``: for the
  caller's words in transcript and history, and for the handler.
* ``speed`` 0.25 to 1.5 (1), ``reasoning_effort`` (the model's own), ``max_output_tokens`` (no limit).
* ``retention_ratio`` 0 to 1: how much of a long conversation is kept when it must be shortened.
* ``audio_format``: pcmu (the default), pcma or pcm, for servers that do not take what a phone speaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import default_model
from patter.engines.catalogue.openai import DEFAULT_VOICE
from patter.engines.options import model_of, number, text, texts, whole
from patter.engines.realtime.formats import FORMATS, SessionFormat
from patter.errors import ConfigError

USUAL_SILENCE_MS = 500
EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
TAKE_KEYWORDS = ("gpt-transcribe", "gpt-live-transcribe")
OPTIONS = frozenset(
    "turn_detection threshold prefix_padding_ms silence_duration_ms eagerness noise_reduction keyterms "
    "transcription_model transcription_prompt speed reasoning_effort max_output_tokens "
    "retention_ratio audio_format".split()
)
Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """``detection`` lacks the two switches, which the call itself turns."""

    model: str
    format: SessionFormat
    audio_input: Mapping[str, Any]
    audio_output: Mapping[str, Any]
    detection: Mapping[str, Any]
    more: Mapping[str, Any]

    @property
    def silence_ms(self) -> int:
        """The silence after which the server says that the caller stopped; 0 where it judges otherwise."""
        return int(self.detection.get("silence_duration_ms", 0))

    def session(
        self, instructions: str, tools: Sequence[Mapping[str, Any]], *, automatic: bool
    ) -> dict[str, Any]:
        """The whole session. ``automatic``: the server replies and interrupts by itself."""
        session: dict[str, Any] = {
            "type": "realtime",
            "instructions": instructions,
            "output_modalities": ["audio"],
            "audio": {
                "input": {**self.audio_input, "turn_detection": self._switched(automatic)},
                "output": self.audio_output,
            },
            **self.more,
        }
        if tools:
            session |= {"tools": [_flat(tool) for tool in tools], "tool_choice": "auto"}
        return session

    def switch(self, *, automatic: bool) -> dict[str, Any]:
        """Only the switches of a session that runs. The voice must not be sent again."""
        return {"type": "realtime", "audio": {"input": {"turn_detection": self._switched(automatic)}}}

    def _switched(self, automatic: bool) -> dict[str, Any]:
        return {**self.detection, "create_response": automatic, "interrupt_response": automatic}


def settings_of(spec: ProviderSpec) -> Settings:
    """Raises ConfigError with a sentence about what cannot work."""
    options = spec.options
    if unknown := sorted(options.keys() - OPTIONS):
        raise ConfigError(f"there is no option {unknown[0]!r}; known: {', '.join(sorted(OPTIONS))}")
    made = FORMATS[_one_of(options, "audio_format", tuple(FORMATS)) or "pcmu"]
    audio_input: dict[str, Any] = {
        "format": made.wire,
        "noise_reduction": _noise(options),
        "transcription": _transcription(spec),
    }
    speed = number(options, "speed", 0.25, 1.5)
    output = {"format": made.wire, "voice": spec.voice or DEFAULT_VOICE}
    return Settings(
        model_of(spec, "realtime"),
        made,
        audio_input,
        output | ({"speed": speed} if speed is not None else {}),
        _detection(options),
        _more(options),
    )


def _detection(options: Options) -> dict[str, Any]:
    kind = _one_of(options, "turn_detection", ("server_vad", "semantic_vad")) or "server_vad"
    if kind == "semantic_vad":
        if wrong := [name for name in ("threshold", "prefix_padding_ms") if options.get(name) is not None]:
            raise ConfigError(f"option {wrong[0]!r} belongs to turn_detection 'server_vad'")
        eagerness = _one_of(options, "eagerness", ("low", "medium", "high", "auto"))
        return {"type": kind, "eagerness": eagerness or "auto"}
    if options.get("eagerness") is not None:
        raise ConfigError("option 'eagerness' belongs to turn_detection 'semantic_vad'")
    threshold = number(options, "threshold", 0, 1)
    return {
        "type": kind,
        "threshold": 0.5 if threshold is None else threshold,
        "prefix_padding_ms": whole(options, "prefix_padding_ms", 300, 0, 5000),
        "silence_duration_ms": whole(options, "silence_duration_ms", USUAL_SILENCE_MS, 100, 10_000),
    }


def _noise(options: Options) -> dict[str, str] | None:
    kind = _one_of(options, "noise_reduction", ("near_field", "far_field", "off")) or "near_field"
    return None if kind == "off" else {"type": kind}


def _transcription(spec: ProviderSpec) -> dict[str, Any]:
    options = spec.options
    model = text(options, "transcription_model") or default_model("openai", "stt", spec.language)
    chosen: dict[str, Any] = {"model": model}
    if spec.language:
        chosen["language"] = spec.language.split("-")[0].lower()
    if prompt := text(options, "transcription_prompt"):
        chosen["prompt"] = prompt
    if (keyterms := texts(options, "keyterms")) and model.startswith(TAKE_KEYWORDS):
        chosen["keywords"] = list(keyterms)
    return chosen


def _more(options: Options) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if effort := _one_of(options, "reasoning_effort", EFFORTS):
        more["reasoning"] = {"effort": effort}
    if options.get("max_output_tokens") is not None:
        more["max_output_tokens"] = whole(options, "max_output_tokens", 1, 1, 32_000)
    ratio = number(options, "retention_ratio", 0, 1)
    if ratio is not None:
        more["truncation"] = {"type": "retention_ratio", "retention_ratio": ratio}
    return more


def _one_of(options: Options, name: str, known: Sequence[str]) -> str | None:
    value = text(options, name)
    if value is not None and value not in known:
        raise ConfigError(f"option {name!r} is one of {', '.join(known)}, not {value!r}")
    return value


def _flat(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function as chat models take it, in the shape of Realtime: without the nesting."""
    function = tool.get("function", tool)
    kept = {name: function[name] for name in ("name", "description", "parameters") if name in function}
    return {"type": "function", **kept}
