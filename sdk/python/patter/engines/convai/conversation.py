"""A conversation's beginning, and how a new one goes on with the call where the one before was lost. Pure."""

from __future__ import annotations

from patter.bridge.commands import Command, Note
from patter.bridge.engine import Outcome, Parts
from patter.bridge.memory import Turn
from patter.bridge.records import Noted
from patter.engines.convai.announcement import Announcement
from patter.engines.convai.answering import Answering
from patter.engines.convai.line import SpeechLine
from patter.engines.convai.owed import Owed
from patter.engines.convai.settings import ConvaiSettings, initiation_of
from patter.engines.convai.silence import Silence
from patter.engines.convai.turns import Turns
from patter.engines.convai.voice import Voice
from patter.engines.convai.wire import ContextUpdate, Metadata, UserMessage
from patter.engines.pipeline.reply import Kind


class Conversation:
    """Says the first message of each conversation."""

    def __init__(
        self,
        parts: Parts,
        settings: ConvaiSettings,
        line: SpeechLine,
        voice: Voice,
        turns: Turns,
        answering: Answering,
        owed: Owed,
        silence: Silence,
        announcement: Announcement,
    ) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._settings = settings
        self._line = line
        self._voice = voice
        self._turns = turns
        self._answering = answering
        self._owed = owed
        self._silence = silence
        self._announcement = announcement
        self.begin_at: float | None = None
        """A greeting that is to wait makes the conversation wait: its agent greets at once."""
        self.greets = True
        """There is somebody to be greeted, and no machine."""
        self._open_before: tuple[Turn, str] | None = None
        self.picks_up = False
        """It is to go on with the call as soon as nothing of the one before is heard any more."""

    def start(self, now: float) -> list[Command]:
        """Open the call's first one."""
        if delay_ms := self._plan.turn_taking.first_message_delay_ms:
            self.begin_at = now + delay_ms / 1000
        return self._line.open(now)

    def opened(self, now: float) -> list[Command]:
        """The socket is there."""
        self._line.opened = True
        return self._initiate(now)

    def handle_timer(self, now: float) -> list[Command]:
        if self.begin_at is None or self.begin_at > now:
            return []
        self.begin_at = None
        return self._initiate(now)

    def _initiate(self, now: float) -> list[Command]:
        if not self._line.opened or self.begin_at is not None:
            return []
        self._line.initiated(now)
        again = (self._line.again and self._owed.greeted) or not self.greets
        notice = self._announcement.text
        return self._line.send(initiation_of(self._plan, self._settings, again=again, notice=notice))

    def begun(self, metadata: Metadata, now: float) -> list[Command]:
        """The vendor's agent listens and speaks. Raises ValueError for a format that is not known."""
        early = self._line.begin(metadata, now)
        formats = {"caller_format": metadata.caller_format, "agent_format": metadata.agent_format}
        told = {"conversation": metadata.conversation_id, **formats}
        begun = Note(Noted("speech.begun", self._parts.clock.ms(now), told))
        speaks_first = not self._owed.greeted and not self._silence.greets
        if speaks_first or self._announcement.due:
            self._owed.greeting(now + self._plan.turn_taking.handler_timeout_s)
        self._voice.speaking.gate.renew()
        self._answering.moved()
        self.picks_up = self._line.again and self._owed.greeted
        if not self.picks_up:
            self._voice.take_rest()
        open_turn = self._parts.memory.open_caller_turn()
        self._open_before = (open_turn, open_turn.text) if open_turn is not None else None
        return [begun, *early]

    def pick_up(self, now: float) -> Outcome:
        """Go on with the call: it is told what was said, says what is owed, and answers what is open."""
        self.picks_up = False
        memory = self._parts.memory
        open_turn = memory.open_caller_turn()
        out: Outcome = []
        if self._plan.reply_by == "model":
            turns = [turn for turn in memory.turns if turn is not open_turn and turn.text]
            said = [
                f"{'Caller' if turn.role == 'user' else 'You'}: {_on_one_line(turn.text)}" for turn in turns
            ]
            told = "The call was going on already. What was said so far:\n" + "\n".join(said)
            out += self._line.send(ContextUpdate(told)) if said else []
        if rest := self._voice.take_rest():
            return out + self._voice.say(rest, Kind.SYSTEM, now)
        if open_turn is not None and (open_turn, open_turn.text) == self._open_before:
            self._answering.asked_again(open_turn.text)
            self._turns.await_answer(open_turn, 0, now)
            out += self._line.send(UserMessage(open_turn.text))
        return out


def _on_one_line(text: str) -> str:
    """Whoever spoke of a line's end did not begin a turn of somebody else's."""
    return " ".join(text.split())
