"""What a caller hears when a call cannot be taken, and why it could not."""

from __future__ import annotations

from dataclasses import dataclass

NOT_SET_UP = "This number is not set up yet. Please try again later. Goodbye."
OUT_OF_SERVICE = "This number is not in service at the moment. Please try again later. Goodbye."

SENTENCES = {
    "unknown_number": NOT_SET_UP,
    "ambiguous_number": NOT_SET_UP,
    "organisation_inactive": OUT_OF_SERVICE,
}


def sentence_for(error_code: str) -> str:
    """The sentence for a refusal; an agent that is not ready is nothing that a caller could understand."""
    return SENTENCES.get(error_code, OUT_OF_SERVICE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is not taken: a code for programs, a text for the organisation. The caller hears neither."""

    code: str
    message: str

    @property
    def sentence(self) -> str:
        return sentence_for(self.code)
