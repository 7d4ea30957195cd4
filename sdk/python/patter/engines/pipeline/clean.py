"""Makes a model's text speakable: markdown, code fences, emoji and addresses are not for ears."""

from __future__ import annotations

import re

FENCE = re.compile(r"```.*?(```|$)", re.S)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
URL = re.compile(r"\bhttps?://\S+|\bwww\.\S+")
MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}|^\s{0,3}#{1,6}\s+|^\s*[-*•]\s+|^\s*>\s?", re.M)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U000e0000-\U000e007f]")
SPACE = re.compile(r"\s+")


def speakable(text: str) -> str:
    """What a voice should say of this. Empty when there is nothing to say."""
    text = FENCE.sub(" ", text)
    text = LINK.sub(r"\1", text)
    text = URL.sub(" ", text)
    text = EMOJI.sub("", text)
    text = MARKS.sub("", text)
    text = SPACE.sub(" ", text).strip()
    return text if any(character.isalnum() for character in text) else ""
