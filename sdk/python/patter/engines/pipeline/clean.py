"""Makes a model's text speakable: markdown, tags, code fences, emoji and addresses are not for ears."""

from __future__ import annotations

import re

_IN_LINE = r"[^\S\n]"
"""White space within a line. Over its end, a model that writes nothing but new lines would stop every call
of the process: each of them is a beginning from which all others are looked through."""
FENCE = re.compile(r"```.*?(```|$)", re.S)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
URL = re.compile(r"\bhttps?://\S+|\bwww\.\S+")
# Between two letters or digits it is no markup: 2*3, file_name.
MARKS = re.compile(
    rf"(?<!\w)[*_`~]{{1,3}}(?=\S)|(?<=\S)[*_`~]{{1,3}}(?!\w)|^{_IN_LINE}{{0,3}}#{{1,6}}\s+|"
    rf"^{_IN_LINE}*[-*•]\s+|^{_IN_LINE}*>\s?",
    re.M,
)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3\U000e0000-\U000e007f]")
TAG = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>")
RULE = re.compile(
    rf"^{_IN_LINE}*(?:[-*_]{_IN_LINE}*){{3,}}$|"
    rf"^{_IN_LINE}*\|?(?:{_IN_LINE}*:?-{{2,}}:?{_IN_LINE}*\|)+{_IN_LINE}*(?::?-{{2,}}:?)?{_IN_LINE}*$",
    re.M,
)
"""A line across, also that under the head of a table."""
ROW = re.compile(rf"^{_IN_LINE}*\|(.*?)\|?{_IN_LINE}*$", re.M)
CELL = re.compile(r"\s*\|\s*")
SPACE = re.compile(r"\s+")


class Cleaner:
    """Cleans the chunks of one reply: a code fence may begin in one and end in another."""

    def __init__(self) -> None:
        self._in_code = False

    def clean(self, text: str) -> str:
        spoken = speakable(f"```{text}" if self._in_code else text)
        self._in_code ^= text.count("```") % 2 == 1
        return spoken


def speakable(text: str) -> str:
    """What a voice should say of this. Empty when there is nothing to say."""
    text = FENCE.sub(" ", text)
    text = LINK.sub(r"\1", text)
    text = URL.sub(" ", text)
    text = EMOJI.sub("", text)
    text = TAG.sub(" ", text)
    text = RULE.sub(" ", text)
    text = ROW.sub(lambda row: CELL.sub(", ", row[1].strip()) + ".", text)
    text = MARKS.sub("", text)
    text = SPACE.sub(" ", text).strip()
    return text if any(character.isalnum() for character in text) else ""
