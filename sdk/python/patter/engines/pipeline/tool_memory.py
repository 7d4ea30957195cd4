"""What tools answered in this call, as the model is told it again in later turns. Results may come late.

A round stays at its place in the conversation: after the words that it answers, before the reply that it
led to. Providers refuse a call of a tool without its result, so one that is still running, or that nobody
waits for any more, has a result that says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patter.engines.pipeline.tool_rounds import ToolRounds

MOST_KEPT = 12
"""Replies whose tools are remembered. Older ones are in what was said."""
NEWS = "The result of {names} is here now, see above. Tell the caller what they need to know of it."


@dataclass(frozen=True, slots=True)
class _Kept:
    """``after`` counts the turns of the history that come before these messages."""

    after: int
    rounds: ToolRounds


class ToolMemory:
    """The tool rounds of all replies of one call."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque(maxlen=MOST_KEPT)
        self._news: dict[str, str] = {}

    def keep(self, rounds: ToolRounds, after: int) -> None:
        """A reply begins to use tools. From now on its rounds are part of the conversation."""
        if all(kept.rounds is not rounds for kept in self._kept):
            self._kept.append(_Kept(after, rounds))

    def move(self, rounds: ToolRounds, after: int) -> None:
        """What was said before the result came stands before it."""
        kept = [kept for kept in self._kept if kept.rounds is not rounds]
        self._kept = deque([*kept, _Kept(after, rounds)], maxlen=MOST_KEPT)

    def take_late(self, run_id: str, result: Any) -> bool:
        """The result of a run that was pending. False: nobody waits for it."""
        for kept in self._kept:
            name = kept.rounds.take_late(run_id, result)
            if name is not None:
                self._news[run_id] = name
                return True
        return False

    @property
    def has_news(self) -> bool:
        """A result came late, and the model was not told of it."""
        return bool(self._news)

    def take_news(self) -> list[Mapping[str, Any]]:
        """What the model is told when it is asked for nothing but late results."""
        names = ", ".join(dict.fromkeys(self._news.values()))
        self._news.clear()
        return [{"role": "system", "content": NEWS.format(names=names)}]

    def forget_news(self) -> None:
        """The model is asked anyway, and sees the results at their places."""
        self._news.clear()

    def woven(self, history: Sequence[Mapping[str, str]]) -> list[Mapping[str, Any]]:
        """The history in the shape of chat messages, with the rounds at their places."""
        messages: list[Mapping[str, Any]] = []
        taken = 0
        for kept in self._kept:
            upto = max(taken, min(kept.after, len(history)))
            messages += _as_messages(history[taken:upto])
            messages += kept.rounds.messages
            taken = upto
        return messages + _as_messages(history[taken:])


def _as_messages(turns: Sequence[Mapping[str, str]]) -> list[Mapping[str, Any]]:
    return [{"role": turn["role"], "content": turn["text"]} for turn in turns]
