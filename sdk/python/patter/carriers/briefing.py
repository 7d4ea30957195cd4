"""What a human hears who answered a warm transfer, and how they say whether they take the call. Pure."""

from __future__ import annotations

import re

ACCEPTS = "1"
YES = frozenset("yes yeah yep sure okay ok accept ja gern gerne klar sí si claro vale oui sì certo".split())
NO = frozenset("no nope not nein nicht non".split())
MOST_WORDS = 6
"""Whoever says more is not answering, or is heard repeating what they were told."""

ACCEPT = {
    "en": "Press 1 or say yes to take the call.",
    "de": "Drücken Sie die 1 oder sagen Sie Ja, um den Anruf anzunehmen.",
    "es": "Pulse 1 o diga sí para aceptar la llamada.",
    "fr": "Appuyez sur 1 ou dites oui pour prendre l'appel.",
    "it": "Prema 1 o dica sì per accettare la chiamata.",
}
INTRO = {
    "en": "A caller is waiting to be connected to you.",
    "de": "Ein Anrufer möchte mit Ihnen verbunden werden.",
    "es": "Una persona espera para hablar con usted.",
    "fr": "Une personne attend d'être mise en relation avec vous.",
    "it": "Una persona attende di parlare con lei.",
}
ACCEPT_BY_KEY = {
    "en": "Press 1 to take the call.",
    "de": "Drücken Sie die 1, um den Anruf anzunehmen.",
    "es": "Pulse 1 para aceptar la llamada.",
    "fr": "Appuyez sur 1 pour prendre l'appel.",
    "it": "Prema 1 per accettare la chiamata.",
}


def briefing_of(summary: str, language: str, *, by_key: bool = False) -> str:
    """The summary, or that somebody waits, and how to accept. ``by_key``: speech is not understood there."""
    short = language.split("-")[0]
    accept = ACCEPT_BY_KEY if by_key else ACCEPT
    told = [summary or INTRO.get(short, INTRO["en"]), accept.get(short, accept["en"])]
    return " ".join(told)


def answer_in(speech: str) -> bool | None:
    """Whether these words take the call, or refuse it; None: neither. The first word counts."""
    words = re.findall(r"[^\W\d_]+", speech.casefold())
    if not words or len(words) > MOST_WORDS:
        return None
    return True if words[0] in YES else False if words[0] in NO else None


def is_accepted(digits: str, speech: str) -> bool:
    """Whether a human takes the call that they were told about: the key 1, or a word that means yes."""
    return digits == ACCEPTS or answer_in(speech) is True
