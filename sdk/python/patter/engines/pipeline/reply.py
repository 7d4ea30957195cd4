"""One reply: asked for, streaming, done. Text comes from a handler or a model; tools take rounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from patter.bridge.playback import Playback
from patter.bridge.script import Script
from patter.bridge.wellformed import Pieces
from patter.engines.pipeline.sentences import Sentences
from patter.engines.pipeline.speech import Speech
from patter.engines.pipeline.tool_rounds import Run, ToolRounds


class Kind(Enum):
    """Why the agent speaks."""

    ANSWER = "answer"
    NOTICE = "notice"
    """An announcement that nothing interrupts."""
    FIRST = "first"
    SYSTEM = "system"
    NEWS = "news"
    """Nobody asked: a tool that took long has answered."""


class State(Enum):
    ASKED = "asked"
    STREAMING = "streaming"
    DONE = "done"


@dataclass(slots=True)
class Timing:
    """The stages of a turn's latency. ``decided_at`` and later are loop times in seconds."""

    end_of_turn_ms: int = 0
    decided_at: float = 0.0
    first_text_at: float | None = None
    first_audio_at: float | None = None
    first_sent_at: float | None = None

    def as_row(self) -> dict[str, int]:
        """Milliseconds per stage, of a reply of which something was heard."""
        # A reply that was prepared has its text, and a filler its audio, before the stage began.
        text_at = max(self.first_text_at or self.decided_at, self.decided_at)
        audio_at = max(self.first_audio_at or text_at, text_at)
        sent_at = max(self.first_sent_at or audio_at, audio_at)
        row = {
            "end_of_turn_ms": self.end_of_turn_ms,
            "reply_ms": round((text_at - self.decided_at) * 1000),
            "speech_ms": round((audio_at - text_at) * 1000),
            "line_ms": round((sent_at - audio_at) * 1000),
        }
        row["total_ms"] = sum(row.values())
        return row


class Reply:
    """What the agent is saying now."""

    def __init__(self, turn_id: str, kind: Kind, playback: Playback, *, asked_at: float) -> None:
        self.turn_id = turn_id
        self.kind = kind
        self.state = State.ASKED
        self.script = Script()
        self.speech = Speech(turn_id, playback, self.script)
        self.timing = Timing(decided_at=asked_at)
        self.started_ms = 0
        self.ask_id = turn_id
        self.asking = False
        """A handler or a model was asked and has not finished."""
        self.failed = False
        self.went_on = False
        """The model broke off within it once, and was asked for the rest."""
        self._owed_from: int | None = None
        self.tools = ToolRounds(turn_id)
        self.filled = False
        """A filler was said in it."""
        self.closing = False
        """The call ends when this reply was heard in full."""
        self._pieces = Pieces()
        self._text: list[str] = []
        self._sentences = Sentences()
        self._round_from = 0
        self._heard = False

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def empty(self) -> bool:
        return not self.text.strip()

    def begun_to_be_heard(self, heard_ms: int) -> bool:
        """A word of it was: until then the caller's turn may go on."""
        if not self._heard and heard_ms > 0:
            self._heard = bool(self.script.heard_text(heard_ms) or self.script.heard_aside(heard_ms))
        return self._heard

    def push(self, text: str, now: float) -> None:
        """A piece of text arrived."""
        text = self._pieces.push(text)
        if not text:
            return
        if self.timing.first_text_at is None and text.strip():
            self.timing.first_text_at = now
        self.state = State.STREAMING
        self.push_text(text)

    def push_text(self, text: str) -> None:
        self._text.append(text)
        for chunk in self._sentences.push(text):
            self.speech.add(chunk)

    def finish(self) -> None:
        """No more text comes."""
        self.state = State.DONE
        for chunk in self._sentences.flush():
            self.speech.add(chunk)
        self.speech.finish()

    def drop_unspoken(self) -> str:
        """What is no whole sentence yet will come in other words. Gives what stays of this round."""
        if rest := self._sentences.drop():
            self._text = [self.text[: -len(rest)]]
            self._owed_from = len(self.text)
        return self.text[self._round_from :].strip()

    @property
    def owes_rest(self) -> bool:
        """Part of a sentence was dropped, and nothing came in its place."""
        return self._owed_from is not None and not self.text[self._owed_from :].strip()

    def break_off(self) -> None:
        """What was said so far is all: what follows is another sentence."""
        if not self.text[-1:].isspace():
            self.push_text(" ")
        for chunk in self._sentences.flush():
            self.speech.add(chunk)

    def end_round(self) -> list[Run]:
        """The model wants tools and waits for them: what it said so far is a whole, and is spoken now."""
        said = self.text[self._round_from :]
        if said.strip() and not said[-1].isspace():
            self.push_text(" ")
        for chunk in self._sentences.flush():
            self.speech.add(chunk)
        self._round_from = len(self.text)
        return self.tools.begin(said)
