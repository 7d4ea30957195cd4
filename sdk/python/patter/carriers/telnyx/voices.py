"""The carrier's own voice: what ``speak`` is given, and how long it takes. Data, with defaults."""

from __future__ import annotations

SPEAK_VOICE = "female"
"""The voice that every account has; ``Provider.Model.Id`` names others."""

SLOWEST_S_PER_CHARACTER = 0.12
LONGEST_BEGINNING_S = 5.0

SPEAK_LANGUAGES = frozenset(
    "arb cmn-CN cy-GB da-DK de-DE en-AU en-GB en-GB-WLS en-IN en-US es-ES es-MX es-US fr-CA fr-FR hi-IN "
    "is-IS it-IT ja-JP ko-KR nb-NO nl-NL pl-PL pt-BR pt-PT ro-RO ru-RU sv-SE tr-TR".split()
)

_OF_LANGUAGE = {
    "ar": "arb",
    "cy": "cy-GB",
    "da": "da-DK",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fr": "fr-FR",
    "hi": "hi-IN",
    "is": "is-IS",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nb": "nb-NO",
    "nl": "nl-NL",
    "no": "nb-NO",
    "pl": "pl-PL",
    "pt": "pt-PT",
    "ro": "ro-RO",
    "ru": "ru-RU",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "zh": "cmn-CN",
}


def spoken_within_s(text: str) -> float:
    """After this long the carrier's voice has said a text, though it may not have told so."""
    return LONGEST_BEGINNING_S + SLOWEST_S_PER_CHARACTER * len(text)


def speak_language(language: str) -> str:
    """The language of ``speak`` for an agent's language tag: that one, its relative, else English."""
    if language in SPEAK_LANGUAGES:
        return language
    return _OF_LANGUAGE.get(language.partition("-")[0].lower(), _OF_LANGUAGE["en"])
