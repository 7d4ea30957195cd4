"""What the system itself says, until an agent words it differently. Missing languages get English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from patter.bridge.plan import Phrases

PHRASES: dict[str, Phrases] = {
    "en": Phrases(),
    "de": Phrases(
        apology="Entschuldigung, bei uns ist etwas schiefgegangen. Bitte rufen Sie später noch einmal an.",
        retry="Entschuldigung, das habe ich nicht verstanden. Können Sie es noch einmal sagen?",
        idle="Sind Sie noch da?",
        goodbye="Auf Wiederhören.",
        filler="Einen Moment, bitte.",
        transfer="Einen Moment, ich verbinde Sie.",
        transfer_failed="Dort war leider niemand zu erreichen. Wie kann ich Ihnen sonst helfen?",
    ),
    "es": Phrases(
        apology="Lo siento, algo ha fallado por nuestra parte. Llame más tarde, por favor. Adiós.",
        retry="Perdone, no le he entendido. ¿Puede repetirlo?",
        idle="¿Sigue ahí?",
        goodbye="Adiós.",
        filler="Un momento, por favor.",
        transfer="Un momento, le paso.",
        transfer_failed="No he podido localizar a nadie. ¿En qué más puedo ayudarle?",
    ),
    "fr": Phrases(
        apology="Désolé, une erreur s'est produite de notre côté. Veuillez rappeler plus tard. Au revoir.",
        retry="Pardon, je n'ai pas compris. Pouvez-vous répéter ?",
        idle="Êtes-vous toujours là ?",
        goodbye="Au revoir.",
        filler="Un instant, s'il vous plaît.",
        transfer="Un instant, je vous passe la personne.",
        transfer_failed="Je n'ai pu joindre personne. Comment puis-je vous aider autrement ?",
    ),
    "it": Phrases(
        apology="Mi dispiace, qualcosa non ha funzionato. La preghiamo di richiamare più tardi. Arrivederci.",
        retry="Mi scusi, non ho capito. Può ripetere?",
        idle="È ancora in linea?",
        goodbye="Arrivederci.",
        filler="Un momento, per favore.",
        transfer="Un momento, la metto in contatto.",
        transfer_failed="Non sono riuscito a raggiungere nessuno. Come posso aiutarla altrimenti?",
    ),
}


def phrases_of(language: str, own: Mapping[str, str]) -> Phrases:
    """The language's phrases, with the agent's own in place of them. An empty filler is none."""
    usual = PHRASES.get(language.split("-")[0].lower(), PHRASES["en"])
    return replace(usual, **own)
