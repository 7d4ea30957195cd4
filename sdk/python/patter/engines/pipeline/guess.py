"""A reply that is prepared before the caller is surely done. Its text may be synthesised, nothing is played.

No tool runs and nothing is remembered until the caller's final words turn out to be those that the model
was asked about, after folding case and punctuation. Otherwise all of it is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patter.bridge.commands import Commands, LlmStop
from patter.bridge.events import (
    Event,
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.engines.pipeline.interrupt import plain_words
from patter.engines.pipeline.reply import Reply

History = Sequence[Mapping[str, str]]


def same_history(one: History, other: History) -> bool:
    """Whether both ask the same: the last words are compared as they sound, all others as they are."""
    if len(one) != len(other) or list(one[:-1]) != list(other[:-1]):
        return False
    return plain_words(one[-1]["text"]) == plain_words(other[-1]["text"])


class Guess:
    """One prepared reply. ``answered``: the model has said everything."""

    def __init__(self, reply: Reply, history: History) -> None:
        self.reply = reply
        self.history = history
        self.answered = False

    def fits(self, history: History) -> bool:
        return same_history(self.history, history)

    def still_likely(self, text: str) -> bool:
        """The caller's words so far: they may be the end of a turn that goes on."""
        asked, words = plain_words(self.history[-1]["text"]), plain_words(text)
        return not words or asked[-len(words) :] == words

    def owns(self, event: Event) -> bool:
        match event:
            case LlmDelta(ask_id) | LlmDone(ask_id) | LlmFailed(ask_id):
                return ask_id == self.reply.ask_id
            case LlmToolCall():
                return event.ask_id == self.reply.ask_id
            case TtsAudio() | TtsDone() | TtsFailed():
                return self.reply.speech.owns(event.say_id)
            case _:
                return False

    def take(self, event: Event, now: float) -> Commands | None:
        """Something that this guess owns. None: it came to nothing, and is to be forgotten."""
        reply = self.reply
        match event:
            case LlmDelta(_, text) if reply.asking:
                reply.push(text, now)
            case LlmToolCall() if reply.asking:
                reply.tools.add(event)
            case LlmDone() if reply.asking:
                reply.asking, self.answered = False, True
            case TtsAudio():
                return reply.speech.audio(event, now)
            case TtsDone():
                return reply.speech.done(event, now)
            case LlmFailed():
                reply.asking = False
                return None
            case TtsFailed():
                reply.speech.done(TtsDone(event.say_id), now)
                return None
            case _:
                pass
        return reply.speech.pump()

    def stop(self) -> Commands:
        """Nobody will hear it."""
        asked: Commands = [LlmStop(self.reply.ask_id)] if self.reply.asking else []
        return [*asked, *self.reply.speech.stop()]
