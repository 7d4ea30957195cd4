"""Getting a reply spoken: by the session, by the spare voice, or, at the very end, by the carrier. Pure."""

from __future__ import annotations

from patter.bridge.engine import EndCall, Outcome
from patter.bridge.events import TtsAudio, TtsFailed
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.endings import Endings
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.ledger import Ledger
from patter.engines.realtime.mouth import Mouth
from patter.engines.realtime.reply import Kind, Reply
from patter.engines.realtime.settling import Settling


class Saying:
    """Asks for one thing after the other, and gives what comes to playback.

    ``yielding``: an answer is there and waits for the caller, who speaks on.
    """

    def __init__(
        self,
        floor: Floor,
        mouth: Mouth,
        endings: Endings,
        settling: Settling,
        caller: Caller,
        ledger: Ledger,
    ) -> None:
        self._floor, self._mouth = floor, mouth
        self._endings, self._settling = endings, settling
        self._caller, self._ledger = caller, ledger
        self._playback = floor.parts.playback
        self._patience_s = 2 * floor.plan.turn_taking.max_turn_delay_ms / 1000
        self._yielded: Reply | None = None
        self._until = 0.0
        self.yielding = False

    # -- beginnings -----------------------------------------------------------------------------

    def say(self, text: str, kind: Kind, now: float, *, end_reason: str = "") -> Outcome:
        """Speak a text of our own; with ``end_reason`` the call ends when it was heard."""
        reply = self._floor.begin(self._floor.next_turn_id(), kind, now)
        if end_reason:
            reply.closing = True
            self._floor.end_reason = end_reason
        if self._mouth.mute:
            return self.speechless(text, now)
        reply.push(text)
        reply.finish()
        return self.speak(now)

    def ask_model(self, reply: Reply, now: float) -> Outcome:
        """Have the model of the conversation make this reply."""
        reply.by_model = reply.wants_model = True
        return self.speak(now)

    # -- one thing after the other ----------------------------------------------------------------

    def speak(self, now: float) -> Outcome:
        """Have the next thing said, or close the reply when everything was."""
        reply = self._floor.current
        self.yielding = reply is not None and self._keeps_back(reply, now)
        if reply is None or self.yielding:
            return []
        asked = self._mouth.pump(reply, now)
        if asked:
            self._floor.waits.for_sound(now)
        waits = reply.asking or reply.wants_model or reply.chunks or reply.tools.running
        if asked or waits or self._mouth.busy or not self._playback.active:
            return [*asked]
        self._floor.waits.sound_complete()
        if reply.silent:
            return self._endings.say_nothing(reply, now)
        commands: Outcome = [*self._playback.close(now)]
        # A reply without any audio is over at once: no mark will come.
        over = self._endings.heard_in_full(reply, now) if self._playback.take_finished() else []
        return commands + over

    def _keeps_back(self, reply: Reply, now: float) -> bool:
        """For a while: a noise that does not end is no caller."""
        if not self.yields(reply):
            return False
        if reply is not self._yielded:
            self._yielded, self._until = reply, now + self._patience_s
        return now < self._until

    def next_timer(self) -> float | None:
        """When what is kept back is said in any case."""
        return self._until if self.yielding else None

    def yields(self, reply: Reply) -> bool:
        """A handler's answer of which nothing was said: it may be the answer to half of a turn only."""
        unsaid = not (reply.items or reply.reading or reply.closing)
        goes_on = self._caller.speaking or self._ledger.deaf
        return goes_on and unsaid and reply.kind is Kind.ANSWER and not reply.by_model

    def speechless(self, text: str, now: float) -> Outcome:
        """Nobody can say it: the carrier does, and the call ends."""
        phrases = self._floor.plan.phrases
        closing = self._floor.closing
        reason = self._floor.end_reason if closing else "provider_error"
        said = text if closing else phrases.apology
        return [*self._endings.cut(now), EndCall(reason, said or phrases.goodbye)]

    # -- what comes -------------------------------------------------------------------------------

    def play(self, reply: Reply, item_id: str, payload: bytes, now: float) -> Outcome:
        """A piece of the reply's audio."""
        reply.add_audio(item_id, payload)
        self._floor.waits.for_sound(now, more=True)
        commands = self._playback.add(payload, now)
        if reply.timing.first_audio_at is None:
            reply.timing.first_audio_at = now
            reply.timing.first_text_at = reply.timing.first_text_at or now
        self._settling.note_sent(reply)
        return [*commands]

    def item_spoken(self, reply: Reply, item_id: str, now: float) -> Outcome:
        """The audio of an item is complete."""
        reply.end_item(item_id)
        return [*self._playback.end_chunk(now)]

    # -- the spare voice --------------------------------------------------------------------------

    def spare_audio(self, event: TtsAudio, now: float) -> Outcome:
        reply = self._floor.current
        if reply is None or not self._mouth.owns(event.say_id):
            return []
        return self.play(reply, event.say_id, event.payload, now)

    def spare_done(self, say_id: str, now: float) -> Outcome:
        reply = self._floor.current
        if reply is None or not self._mouth.owns(say_id):
            return []
        self._mouth.spare_done()
        reply.reading = None
        return [*self.item_spoken(reply, say_id, now), *self.speak(now)]

    def spare_failed(self, event: TtsFailed, now: float) -> Outcome:
        reply = self._floor.current
        if reply is None or not self._mouth.owns(event.say_id):
            return []
        self._mouth.spare_done()
        note = self._floor.note("reply.failed", now, code="voice", error=event.error)
        return [note, *self.speechless(reply.given, now)]
