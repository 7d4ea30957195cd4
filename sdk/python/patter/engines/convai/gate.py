"""Which of the agent's audio may still be played. Pure.

Ids rise with every piece of audio. The vendor's interruption names the last piece that is void. When we
stop the agent ourselves nobody names it: what comes then is held until an answer's text or an interruption
tells old from new.
"""

from __future__ import annotations

from collections import deque

from patter.engines.convai.wire import AgentAudio

MOST_HELD = 200
"""Pieces. Of more the oldest are dropped: they are what is left of the answer that was cut."""


class Gate:
    """Takes every piece of audio; gives those that are to be played now."""

    def __init__(self) -> None:
        self._void_upto = 0
        self._last = 0
        self._cut_at = 0
        self._held: deque[AgentAudio] | None = None

    def renew(self) -> None:
        """Another conversation begins, and its ids with it."""
        self._void_upto = self._last = self._cut_at = 0
        self._held = None

    def audio(self, piece: AgentAudio) -> list[AgentAudio]:
        """A piece came."""
        self._last = max(self._last, piece.event_id)
        if piece.event_id <= self._void_upto:
            return []
        if self._held is not None:
            self._held.append(piece)
            return []
        return [piece]

    def interrupted(self, event_id: int) -> list[AgentAudio]:
        """The vendor cut its agent: pieces up to this one are void."""
        self._void_upto = max(self._void_upto, event_id)
        return self._let_through(self._void_upto + 1)

    def cut(self) -> None:
        """We stopped the agent ourselves."""
        self._void_upto = self._cut_at = self._last
        self._held = deque(maxlen=MOST_HELD)

    def is_ours(self, event_id: int) -> bool:
        """The vendor tells of what we stopped ourselves: another answer may have begun since."""
        return 0 < event_id <= self._cut_at

    def asked(self) -> None:
        """The vendor asks for another answer: what it held of the one before is void, what comes is new.

        Its text may come only after its audio, and would tell too late.
        """
        if self._held is not None:
            self._void_upto, self._held = self._last, None

    def answered(self, event_id: int) -> list[AgentAudio]:
        """An answer begins with this id, or with an unknown one (0)."""
        return self._let_through(event_id or self._last + 1)

    def _let_through(self, first: int) -> list[AgentAudio]:
        held, self._held = self._held, None
        return [piece for piece in held or () if piece.event_id >= first]
