"""How a reply is heard: its audio, its end, its cut. What is said in it comes from elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from patter.bridge.commands import Note, TtsStop
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import TtsAudio, TtsFailed
from patter.bridge.records import Noted
from patter.engines.pipeline.asking import Asking
from patter.engines.pipeline.ending import Ending
from patter.engines.pipeline.guesses import Guesses
from patter.engines.pipeline.prompt import Prompt
from patter.engines.pipeline.reply import Kind, Reply, State
from patter.engines.pipeline.settling import Settling
from patter.engines.pipeline.tool_desk import ToolDesk
from patter.engines.pipeline.troubles import Troubles, asks_again
from patter.engines.pipeline.waits import Waits


@dataclass(frozen=True, slots=True)
class Cut:
    """What was left of a reply that was cut."""

    heard: str
    out: Outcome


class Speaking(ABC):
    """Speaks one reply at a time. ``Replies`` gives it what to say."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._prompt = Prompt(parts.plan)
        self._desk = ToolDesk(parts, self._prompt.tool_memory)
        self._settling = Settling(parts)
        self.guesses = Guesses(parts, self._prompt)
        self._count = 0
        self._troubles = Troubles()
        self._waits = Waits(parts.plan)
        self._asking = Asking(parts, self._prompt)
        self._ending = Ending(parts.plan.phrases.apology)
        self.current: Reply | None = None

    @abstractmethod
    def _then(self, reply: Reply) -> Outcome:
        """What follows a reply that was heard in full and is not the last."""

    @property
    def closing(self) -> bool:
        """The goodbye is being said: nothing interrupts it."""
        return self.current is not None and self.current.closing

    def next_turn_id(self) -> str:
        self._count += 1
        return f"t{self._count}"

    # -- beginnings -----------------------------------------------------------------------------

    def say(self, text: str, kind: Kind, now: float, *, end_reason: str = "") -> Outcome:
        """Speak a text of our own; with ``end_reason`` the call ends when it was heard."""
        forgotten = self.guesses.forget()
        reply = self._begin(self.next_turn_id(), kind, now)
        if end_reason:
            self._ending.after(reply, end_reason)
        reply.push(text, now)
        reply.finish()
        return forgotten + self._speak(reply, now)

    def _begin(self, turn_id: str, kind: Kind, now: float, prepared: Reply | None = None) -> Reply:
        self._parts.playback.begin()
        reply = self.current = prepared or Reply(turn_id, kind, self._parts.playback, asked_at=now)
        reply.turn_id, reply.timing.decided_at = turn_id, now
        reply.started_ms = self._parts.clock.ms(now)
        self._waits.clear()
        return reply

    # -- audio ----------------------------------------------------------------------------------

    def _audio(self, reply: Reply, event: TtsAudio, now: float) -> Outcome:
        if not reply.speech.owns(event.say_id):
            return []
        commands = reply.speech.audio(event, now)
        self._waits.for_voice(reply, now)
        if event.payload:
            self._troubles.voice_spoke(reply)
        if reply.timing.first_audio_at is None:
            reply.timing.first_audio_at = reply.speech.first_audio_at
        self._settling.note_sent(reply)
        return [*commands]

    def _speak(self, reply: Reply, now: float) -> Outcome:
        asked = reply.speech.pump()
        if asked or not self._waits.voice:
            self._waits.for_voice(reply, now)
        return [*asked, *self._close_if_complete(reply, now)]

    def _close_if_complete(self, reply: Reply, now: float) -> Outcome:
        playback = self._parts.playback
        if reply.state is not State.DONE or not reply.speech.complete or not playback.active:
            return []
        commands: Outcome = [*playback.close(now)]
        # A reply without any audio is over at once: no mark will come.
        return commands + self._heard_in_full(reply, now) if playback.take_finished() else commands

    def release(self, now: float) -> Outcome:
        """The reply that was kept back may be heard. There is one."""
        reply = self.current
        assert reply is not None
        played: Outcome = [*reply.speech.release(now)]
        self._settling.note_sent(reply)
        self._waits.for_voice(reply, now)
        return played + self._close_if_complete(reply, now)

    def _tts_failed(self, reply: Reply, event: TtsFailed, now: float) -> Outcome:
        if not reply.speech.owns(event.say_id):
            return []
        commands: Outcome = [*reply.speech.fail(event, now)]
        self._waits.for_voice(reply, now)
        if reply.speech.failed is None:
            # The chunk is tried once more, or the answer does without it.
            return [*commands, *self._close_if_complete(reply, now)]
        self._waits.text_complete()
        error = {"code": "voice", "error": event.error}
        commands.append(Note(Noted("reply.failed", self._parts.clock.ms(now), error)))
        if reply.asking or reply.tools.running:  # nobody will hear the rest of it
            heard_ms = self._parts.playback.heard_ms(now)
            commands += self._stop_asking(reply, reply.script.heard_text(heard_ms))
        reply.finish()
        if self._troubles.voice_failed(reply):
            self._ending.without_voice(reply)
        return [*commands, *self._close_if_complete(reply, now)]

    def _voice_late(self, reply: Reply, say_id: str, now: float) -> Outcome:
        late = TtsFailed(say_id, "no audio in time", tried=True)
        return [TtsStop(say_id), *self._tts_failed(reply, late, now)]

    # -- endings --------------------------------------------------------------------------------

    def playback_moved(self, now: float) -> Outcome:
        """The carrier played something: more may be spoken, or the reply was heard to its end."""
        reply = self.current
        if reply is None:
            self._parts.playback.take_finished()
            return []
        self._settling.note_sent(reply)
        out: Outcome = []
        if reply.begun_to_be_heard(self._parts.playback.heard_ms(now)):
            out += self._settling.turns()
        if self._parts.playback.take_finished():
            return [*out, *self._heard_in_full(reply, now)]
        return [*out, *self._speak(reply, now)]

    def _heard_in_full(self, reply: Reply, now: float) -> Outcome:
        self.current = None
        self._waits.clear()
        heard_ms = self._parts.playback.heard_ms(now)
        # Where the voice failed, or nothing was fit to be spoken, the text says more than was heard.
        text = reply.script.full_text if heard_ms and reply.speech.failed is None else ""
        heard = text or reply.script.heard_text(heard_ms)
        out = self._settling.turns() + self._settling.aside(reply, heard_ms, now)
        out += self._settling.reply(reply, heard, not text, now) + self._desk.close(reply)
        if reply.closing:
            return [*out, *self._end(heard_ms > 0, now)]
        if asks_again(reply):
            # Every voice failed. The phrase is stored; where it is not, its failure ends the call at once.
            return [*out, *self.say(self._plan.phrases.retry, Kind.SYSTEM, now)]
        return out + self._then(reply)

    def _end(self, heard: bool, now: float) -> Outcome:
        """The last reply is over; ``heard``: something of it was."""
        if self._ending.take_apology():
            return self.say(self._plan.phrases.apology, Kind.SYSTEM, now, end_reason=self._ending.reason)
        return [self._ending.command(heard=heard)]

    def cut(self, now: float) -> Cut:
        """End the reply here: history holds what was heard."""
        forgotten = self.guesses.forget()
        reply = self.current
        if reply is None:
            return Cut("", forgotten)
        self.current = None
        self._waits.clear()
        self._settling.note_sent(reply)
        reply.tools.forget_transfer()
        heard_ms, commands = self._parts.playback.cut(now)
        heard = reply.script.heard_text(heard_ms)
        out: Outcome = [*commands, *reply.speech.stop(), *self._stop_asking(reply, heard)]
        out += self._settling.aside(reply, heard_ms, now)
        if heard:
            out += self._settling.turns() + self._settling.reply(reply, heard, True, now)
        return Cut(heard, out)

    def drop(self, now: float) -> Outcome:
        """End the reply here as if nothing of it had been said: a machine heard it."""
        forgotten = self.guesses.forget()
        reply, self.current = self.current, None
        if reply is None:
            return forgotten
        self._waits.clear()
        reply.tools.forget_transfer()
        _, commands = self._parts.playback.cut(now)
        return [*forgotten, *commands, *reply.speech.stop(), *self._stop_asking(reply)]

    def _stop_asking(self, reply: Reply, heard: str = "") -> Outcome:
        return [*self._asking.stop(reply, heard), *self._desk.close(reply)]

    def settle_turns(self) -> Outcome:
        """All turns so far do not change any more."""
        return self._settling.turns()
