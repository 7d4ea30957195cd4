"""The callee's own words: what gives away an answering machine, or a service that asks who is calling.

Data and two questions about it. Recognisers write apostrophes and capitals as they like.
"""

from __future__ import annotations

import re

SCREENING = (
    ("record_your_name", r"record your name and (?:the )?reason for calling"),
    ("see_if_available", r"see if th(?:is|e) person is available"),
    ("screening_service", r"using a screening service"),
    ("say_your_name_and_why", r"say your name,? and why you(?:'re| are) calling"),
)
MACHINE = (
    ("leave_a_message", r"leave (?:us |me |him |her |them )?(?:a|your|an)(?: \w+)? ?message"),
    ("after_the_tone", r"(?:after|at) the (?:tone|beep)"),
    ("record_your_message", r"record your message"),
    ("mailbox", r"(?:voice ?mail|mailbox) (?:box )?(?:of|is full|for)|reached the voice ?mail"),
    ("nachricht", r"hinterlassen sie (?:bitte )?(?:eine|ihre) nachricht|nach dem (?:signal|piep|ton)"),
    ("mensaje", r"dej[ea] (?:su|un|tu) mensaje|después (?:de la señal|del tono)"),
    ("message_fr", r"laissez (?:un|votre) message|après le (?:bip|signal)"),
    ("messaggio", r"lasci(?:a|ate|are)? un messaggio|dopo il segnale"),
    (
        "not_available",
        r"is not available (?:to take your call|right now)|can(?:'t|not) (?:take|answer) your call",
    ),
)
WEAK = frozenset({"not_available"})
"""Signs that a human may give for somebody else; one that tells more comes first in the list."""

_SCREENING = [(name, re.compile(pattern)) for name, pattern in SCREENING]
_MACHINE = [(name, re.compile(pattern)) for name, pattern in MACHINE]


def screening_in(text: str) -> str | None:
    """The sign of a call screening service in the callee's words, or None."""
    return _first(_SCREENING, text)


def machine_in(text: str) -> str | None:
    """The sign of an answering machine in the callee's words, or None."""
    return _first(_MACHINE, text)


def _first(patterns: list[tuple[str, re.Pattern[str]]], text: str) -> str | None:
    plain = " ".join(text.casefold().replace("’", "'").split())  # noqa: RUF001 - recognisers write both
    return next((name for name, pattern in patterns if pattern.search(plain)), None)
