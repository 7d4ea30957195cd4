"""Are these words the agent's own, come back over the line, or a caller who repeats them?

"Chicken or beef?" "Chicken." The words alone do not tell. An echo begins while its words are being
played, or within 600 ms; a caller must have heard a word before saying it. And a line that echoes has
shown it: its voice begins and ends with our playback. Only both together make an echo of words that
came with a voice. Words without a voice are quieter than our own echo could be and still be noticed:
two or more that we just said, in that order, are ours.
"""

from __future__ import annotations

from collections import deque

from patter.bridge.script import Script
from patter.engines.pipeline.interrupt import plain_words

ECHO_MS = 600
"""The longest way there and back over a phone line and its buffers."""
AUDIBLE = 64
"""Of ``mulaw.level``: playback quieter than this is a pause in it."""
PAUSE_MS = 160
REMEMBERED = 6
SHOWN = 2


class EchoLine:
    """What one line has shown of itself: do edges of the caller's voice follow those of our playback?"""

    def __init__(self) -> None:
        self._began: int | None = None
        self._last: int | None = None
        self._during = False
        self._follows: deque[bool] = deque(maxlen=REMEMBERED)

    @property
    def shown(self) -> bool:
        """Two edges or more followed ours, and at least as many as did not."""
        follows = sum(self._follows)
        return follows >= SHOWN and 2 * follows >= len(self._follows)

    def played(self, loudness: int, at_ms: int) -> None:
        """How loud we are right now."""
        if loudness < AUDIBLE:
            return
        if self._last is None or at_ms - self._last > PAUSE_MS:
            self._began = at_ms
        self._last = at_ms

    def voice_began(self, at_ms: int) -> None:
        self._during = self._last is not None and at_ms - self._last <= ECHO_MS
        if self._during and self._began is not None:
            self._follows.append(0 <= at_ms - self._began <= ECHO_MS)

    def voice_ended(self, at_ms: int) -> None:
        """An echo ends after our playback did; a caller ends at any time."""
        if self._during and self._last is not None:
            self._follows.append(20 < at_ms - self._last <= ECHO_MS)
        self._during = False


def follows(text: str, script: Script, heard_ms: int) -> bool:
    """Whether these words began to be played at most 600 ms before ``heard_ms``, in this order."""
    words = plain_words(text)
    upto = plain_words(script.heard_text(heard_ms))
    before = len(plain_words(script.heard_text(max(0, heard_ms - ECHO_MS))))
    reply = plain_words(script.full_text)
    # A word begins where the one before it ends.
    earliest = before + 1 if heard_ms > ECHO_MS else 0
    starts = range(earliest, len(upto) + 1)
    return bool(words) and any(reply[at : at + len(words)] == words for at in starts)


def repeats(text: str, recent_reply: str) -> bool:
    """Whether these are two or more words of what was just said, in that order."""
    words = plain_words(text)
    return len(words) > 1 and f" {' '.join(words)} " in f" {' '.join(plain_words(recent_reply))} "
