"""Which parameters each address takes, and which values. A misspelt one is refused, not ignored.

Source: the vendor's API specification of July 2026, and the types of its SDK.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

Check = Callable[[str], bool]
Query = Mapping[str, list[str]]


class QueryError(Exception):
    """The text is what the server says in ``dg-error``."""


def one_of(*values: str) -> Check:
    return lambda value: value in values


def matches(pattern: str) -> Check:
    return lambda value: re.fullmatch(pattern, value) is not None


def between(least: float, most: float) -> Check:
    def check(value: str) -> bool:
        try:
            return least <= float(value) <= most
        except ValueError:
            return False

    return check


def anything(value: str) -> bool:
    return bool(value.strip())


_FLAG = one_of("true", "false")
_FLAGS_V1 = (
    *(
        "interim_results",
        "smart_format",
        "punctuate",
        "numerals",
        "profanity_filter",
        "vad_events",
        "diarize",
    ),
    *("multichannel", "dictation", "mip_opt_out", "no_delay", "filler_words", "detect_entities"),
)
_LISTEN_V1: Mapping[str, Check] = {
    "model": matches(r"(nova|enhanced|base|whisper)[a-z0-9-]*|[a-z]+|[0-9a-f-]{36}"),
    "encoding": one_of(
        *(
            "linear16",
            "linear32",
            "flac",
            "mulaw",
            "alaw",
            "amr-nb",
            "amr-wb",
            "opus",
            "ogg-opus",
            "speex",
            "g729",
        )
    ),
    "sample_rate": between(8000, 48_000),
    "channels": between(1, 20),
    "endpointing": lambda value: value == "false" or between(1, 10_000)(value),
    "utterance_end_ms": between(1000, 5000),
    "language": matches(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?|multi"),
    "diarize_model": one_of("v1", "latest"),
    **dict.fromkeys(_FLAGS_V1, _FLAG),
    **dict.fromkeys(
        ("keyterm", "keywords", "language_hint", "redact", "replace", "tag", "version"), anything
    ),
    **dict.fromkeys(("search", "extra", "callback", "callback_method"), anything),
}
_LISTEN_V2: Mapping[str, Check] = {
    "model": one_of("flux-general-en", "flux-general-multi"),
    "encoding": one_of("linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus"),
    "sample_rate": between(8000, 48_000),
    "eot_threshold": between(0.5, 1.0),
    "eager_eot_threshold": between(0.3, 0.9),
    "eot_timeout_ms": between(500, 60_000),
    **dict.fromkeys(("numerals", "profanity_filter", "mip_opt_out"), _FLAG),
    **dict.fromkeys(("keyterm", "language_hint", "tag"), anything),
    "redact": one_of("numbers", "aggressive_numbers"),
}
_SPEAK_V1: Mapping[str, Check] = {
    "model": matches(r"aura(-2)?-[a-z]+-[a-z]{2}"),
    "encoding": one_of("linear16", "mulaw", "alaw"),
    "sample_rate": one_of("8000", "16000", "24000", "32000", "48000"),
    "speed": between(0.7, 1.5),
    "mip_opt_out": _FLAG,
}
TABLES: Mapping[str, Mapping[str, Check]] = {
    "/v1/listen": _LISTEN_V1,
    "/v2/listen": _LISTEN_V2,
    "/v1/speak": _SPEAK_V1,
}
_REPEATED = frozenset({"keyterm", "keywords", "language_hint", "redact", "replace", "tag", "search", "extra"})


def parse(path: str, query: str) -> Query:
    """The parameters of a known address. Raises QueryError."""
    known = TABLES[path]
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(name, []).append(value)
    for name, values in given.items():
        if name not in known:
            raise QueryError(f"unknown query parameter `{name}`")
        if len(values) > 1 and name not in _REPEATED:
            raise QueryError(f"duplicate query parameter `{name}`")
        if not all(known[name](value) for value in values):
            raise QueryError(f"invalid value for query parameter `{name}`")
    _together(path, given)
    return given


def _together(path: str, given: Query) -> None:
    if "model" not in given:
        raise QueryError("missing query parameter `model`")
    if ("encoding" in given) != ("sample_rate" in given):
        raise QueryError("raw audio needs both `encoding` and `sample_rate`")
    if [given.get("encoding"), given.get("sample_rate")] != [["mulaw"], ["8000"]]:
        raise QueryError("the simulated server knows only `encoding=mulaw` with `sample_rate=8000`")
    if path == "/v1/listen":
        _together_v1(given)
    if path == "/v2/listen" and "language_hint" in given and given["model"] != ["flux-general-multi"]:
        raise QueryError("`language_hint` needs the multilingual model")


def _together_v1(given: Query) -> None:
    if "utterance_end_ms" in given and given.get("interim_results") != ["true"]:
        raise QueryError("`utterance_end_ms` needs `interim_results=true`")
    if "keyterm" in given and not given["model"][0].startswith("nova-3"):
        raise QueryError("`keyterm` needs a nova-3 model; older ones take `keywords`")
    if "keywords" in given and given["model"][0].startswith("nova-3"):
        raise QueryError("`keywords` is not supported by nova-3; use `keyterm`")
    if "language_hint" in given and given.get("language") != ["multi"]:
        raise QueryError("`language_hint` needs `language=multi`")
