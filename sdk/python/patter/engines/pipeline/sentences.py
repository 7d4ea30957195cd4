"""Cuts a streaming reply into chunks that can be spoken. Nothing is lost: the chunks are the text."""

from __future__ import annotations

import re

END = re.compile(r"""[.!?…]+["')\]]*\s+|[。！？]+\s*|\n+""")
CLAUSE = re.compile(r"[,;:–—]\s+|[，、；：]\s*")
ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "no",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "a.m",
        "p.m",
        "inc",
        "ltd",
        "co",
        "jr",
        "sr",
    ]
)
SHORTEST = 12
SHORTEST_DENSE = 4
"""Scripts that end a sentence with an ideographic stop say more in a character."""
FIRST_CLAUSE = 40
LONGEST = 240


class Sentences:
    """Feed it text as it comes; it gives out whole sentences, and the first clause of a long first one."""

    def __init__(self) -> None:
        self._text = ""
        self._any = False

    def push(self, text: str) -> list[str]:
        self._text += text
        chunks = []
        while (cut := self._next_cut()) is not None:
            chunks.append(self._text[:cut])
            self._text = self._text[cut:]
            self._any = True
        return chunks

    def drop(self) -> str:
        """Forget what is not a whole chunk yet; gives it."""
        rest, self._text = self._text, ""
        return rest

    def flush(self) -> list[str]:
        """The reply is complete: what is left."""
        rest, self._text = self._text, ""
        return [rest] if rest.strip() else []

    def _next_cut(self) -> int | None:
        for match in END.finditer(self._text):
            if match.end() > LONGEST:
                break
            least = SHORTEST_DENSE if match.group()[0] in "。！？" else SHORTEST
            if match.end() >= least and not self._is_abbreviation(match):
                return match.end()
        if not self._any and (clause := self._clause_after(FIRST_CLAUSE)):
            return clause
        if len(self._text) > LONGEST:
            return self._clause_after(LONGEST // 2) or self._text.rfind(" ", 0, LONGEST) + 1 or LONGEST
        return None

    def _clause_after(self, least: int) -> int | None:
        for match in CLAUSE.finditer(self._text):
            if least <= match.end() <= LONGEST:
                return match.end()
        return None

    def _is_abbreviation(self, match: re.Match[str]) -> bool:
        if not match.group().startswith(".") or match.group().startswith(".."):
            return False
        before = self._text[: match.start()]
        word = before.rsplit(None, 1)[-1:] or [""]
        bare = word[0].lower().strip("(\"'")
        if bare.isdigit():  # "2. Second" on a line of its own is a list, "in 1999. Then" is not
            return before.removesuffix(word[0]).rstrip(" \t")[-1:] in ("", "\n")
        if bare == "no":  # "No. 5", but also "I said no. Then": the next character tells
            following = self._text[match.end() : match.end() + 1]
            return not following or following.isdigit()
        return bare in ABBREVIATIONS or (len(bare) == 1 and bare.isalpha() and bare != "i")
