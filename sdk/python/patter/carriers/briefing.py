"""What a human hears who answered a warm transfer, before they take the call."""

from __future__ import annotations

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
