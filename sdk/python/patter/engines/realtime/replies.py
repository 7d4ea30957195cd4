"""The agent's side: who is asked, and what comes of it. Wires the rooms in which a reply is made."""

from __future__ import annotations

from patter.bridge.clock import earliest
from patter.bridge.commands import HandlerAsk
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.engines.realtime import wire
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.endings import Endings
from patter.engines.realtime.failing import Failing
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.ledger import Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.mouth import Mouth
from patter.engines.realtime.recovery import Recovery
from patter.engines.realtime.reply import Kind
from patter.engines.realtime.rounds import Rounds
from patter.engines.realtime.saying import Saying
from patter.engines.realtime.settling import Settling
from patter.engines.realtime.tool_desk import ToolDesk
from patter.engines.realtime.wire import AudioDelta, ResponseCreated, ResponseDone, TextDelta, TextDone


class Replies:
    """Makes one reply at a time."""

    def __init__(self, parts: Parts, line: SpeechLine, caller: Caller, ledger: Ledger) -> None:
        self.floor = floor = Floor(parts)
        self._line = line
        self._mouth = Mouth(parts.plan, line)
        self._desk = ToolDesk(parts, line, ledger)
        settling = Settling(floor, line, ledger)
        self.endings = Endings(floor, self._mouth, self._desk, settling, line)
        self.saying = Saying(floor, self._mouth, self.endings, settling, caller, ledger)
        self._failing = Failing(floor, self._mouth, self.endings, self.saying)
        self.rounds = Rounds(floor, self._desk, self.saying, self._failing)
        self.recovery = Recovery(floor, self._mouth, line, self._desk, self.endings, self.saying)

    def renew(self, now: float) -> Outcome:
        """Go on in another session: nobody speaks, and nothing is owed."""
        return [*self._mouth.start_over(now)]

    # -- beginnings -----------------------------------------------------------------------------

    def expect(self, turn_id: str, end_of_turn_ms: int, now: float) -> None:
        """The server was told to reply by itself, and will begin soon."""
        self._desk.has_news = False
        self.floor.expect(turn_id, end_of_turn_ms, now)

    def answer(
        self, turn_id: str, text: str, end_of_turn_ms: int, now: float, *, end_reason: str = ""
    ) -> Outcome:
        """Ask whoever replies in this call; with ``end_reason`` it ends when the answer was heard."""
        floor = self.floor
        floor.expected = None
        self._desk.has_news = False
        reply = floor.begin(turn_id, Kind.ANSWER, now)
        reply.timing.end_of_turn_ms = end_of_turn_ms
        reply.closing = bool(end_reason)
        floor.end_reason = end_reason or floor.end_reason
        if floor.by_model:
            return self.saying.ask_model(reply, now)
        reply.asking = True
        floor.waits.for_text(now)
        return [HandlerAsk(turn_id, text, floor.parts.memory.history())]

    @property
    def has_news(self) -> bool:
        """A tool's result came late, and nobody replies: the model may tell it."""
        free = self.floor.current is None and self.floor.expected is None
        return free and self._desk.has_news

    def tell_news(self, now: float) -> Outcome:
        """Have the model say what came late."""
        self._desk.has_news = False
        reply = self.floor.begin(self.floor.next_turn_id(), Kind.NEWS, now)
        return self.saying.ask_model(reply, now)

    # -- what the session says ----------------------------------------------------------------------

    def created(self, message: ResponseCreated, now: float, *, unasked: bool = False) -> Outcome:
        """A response began, ours or one that the server began by itself; ``unasked``: and should not have."""
        wanted = self._mouth.created(message)
        reply = self.floor.current
        if message.tag:
            if not wanted or reply is None:
                return [*self._line.say(wire.cancel(message.response_id))]
            reply.responses.add(message.response_id)
            self._watch(now)
            return []
        ours = reply is not None and reply.by_model and (reply.wants_model or self._mouth.asked)
        if ours or unasked or self.floor.closing:
            # It knows nothing of what we asked for meanwhile: ours comes after it.
            return [*self._line.say(wire.cancel(message.response_id))]
        out = self.endings.cut(now, cancel=False) if reply is not None else []
        self._begin_expected(message.response_id, now)
        return out

    def _begin_expected(self, response_id: str, now: float) -> None:
        """The server replies by itself."""
        floor = self.floor
        expected, floor.expected = floor.expected, None
        reply = floor.begin(expected.turn_id if expected else floor.next_turn_id(), Kind.ANSWER, now)
        reply.by_model = True
        reply.timing.end_of_turn_ms = expected.end_of_turn_ms if expected else 0
        reply.responses.add(response_id)
        self._watch(now)

    def audio(self, message: AudioDelta, now: float) -> Outcome:
        reply = self.floor.reply_of(message.response_id)
        if reply is None:
            return []  # cut, and still on its way
        payload = self._line.phone_audio(message.payload)
        return self.saying.play(reply, message.item_id, payload, now) if payload else []

    def item_spoken(self, response_id: str, item_id: str, now: float) -> Outcome:
        """The audio of an item is complete."""
        reply = self.floor.reply_of(response_id)
        return [] if reply is None else self.saying.item_spoken(reply, item_id, now)

    def text(self, message: TextDelta | TextDone, now: float) -> None:
        """What is said, as text."""
        reply = self.floor.reply_of(message.response_id)
        if reply is None:
            return
        self._watch(now)
        reply.timing.first_text_at = reply.timing.first_text_at or now
        if isinstance(message, TextDelta):
            reply.add_text(message.item_id, message.text)
        else:
            reply.set_text(message.item_id, message.text)

    def tool_called(self, message: wire.ToolCalled, now: float) -> None:
        reply = self.floor.reply_of(message.response_id)
        if reply is not None and reply.by_model:
            self._watch(now)
            reply.tools.add(message)

    def done(self, message: ResponseDone, now: float) -> Outcome:
        """A response is over, however it went."""
        self._mouth.done(message.response_id)
        reply = self.floor.reply_of(message.response_id)
        if reply is None:
            return self.saying.speak(now)
        if reply.reading is None or message.status != "failed":
            reply.end_items()
        if message.status == "failed":
            return self._failing.response_failed(reply, message, now)
        reply.reading = None
        if message.status != "completed":
            reply.tools.forget_called()
        elif reply.by_model:
            for call in message.calls:
                reply.tools.add(call)
        if message.status == "cancelled" and reply.silent and not reply.asking:
            return self.endings.withdrawn(now)
        if message.status == "incomplete":
            return self._failing.incomplete(reply, now)
        if reply.tools.called:
            return self.rounds.begin(reply, now)
        reply.tries = 0
        return self.saying.speak(now)

    def refused(self, tag: str, code: str, now: float) -> Outcome:
        """The session did not take what was asked of it."""
        return self._failing.refused(tag, code, now)

    def _watch(self, now: float) -> None:
        """The session goes on with what it owes."""
        self.floor.waits.for_sound(now, more=self.floor.parts.playback.sent_ms > 0)

    # -- the handler --------------------------------------------------------------------------------

    def handler(self, event: HandlerDelta | HandlerDone | HandlerFailed, now: float) -> Outcome:
        reply, waits = self.floor.current, self.floor.waits
        if reply is None or event.turn_id != reply.turn_id or not reply.asking:
            return []
        if isinstance(event, HandlerDelta):
            words = bool(event.text.strip())
            waits.more_text(now, words=words)
            if words:
                reply.timing.first_text_at = reply.timing.first_text_at or now
            reply.push(event.text)
            return self.saying.speak(now)
        if isinstance(event, HandlerFailed):
            return self._failing.failed(reply, event.code, event.code, now)
        reply.asking = False
        waits.answer_complete()
        self.floor.failures = 0
        reply.finish()
        return self.saying.speak(now)

    # -- time ---------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        expected = self.floor.expected
        by = expected.by if expected else None
        kept_back = self.saying.next_timer()
        return earliest(self.floor.waits.next_timer(), by, self._mouth.next_timer(), kept_back)

    def handle_timer(self, now: float) -> Outcome:
        waits = self.floor.waits
        out: Outcome = []
        if waits.take_answer(now):
            out += self._answer_late(now)
        if waits.take_filler(now):
            out += self._fill(now)
        if (expected := self.floor.expected) is not None and expected.by <= now:
            out += self.answer(expected.turn_id, "", expected.end_of_turn_ms, now)
            waits.for_sound(now, more=True)  # it was silent for a while already
        if (due := self._mouth.next_timer()) is not None and due <= now:
            self._mouth.handle_timer(now)
            out += self.saying.speak(now)
        if waits.take_sound(now):
            out += self.recovery.sound_late(now)
        return out

    def _fill(self, now: float) -> Outcome:
        """Nothing is heard: say that it takes a moment. The answer follows after it."""
        reply = self.floor.current
        if reply is None or reply.closing or not (reply.silent or reply.tools.running):
            return []
        if reply.tools.running:
            self.floor.waits.fill_again(now)
            playback = self.floor.parts.playback
            if self._mouth.busy or playback.heard_ms(now) < playback.sent_ms:
                return []
        if self.saying.yields(reply):  # the caller speaks: it is not silent
            self.floor.waits.fill_again(now)
            return []
        reply.filled = True
        reply.add_aside(self.floor.plan.phrases.filler.strip())
        return self.saying.speak(now)

    def _answer_late(self, now: float) -> Outcome:
        reply = self.floor.current
        if reply is not None and reply.tools.running:
            return self.rounds.wait_no_more(reply, now)
        return self._failing.late(reply, now) if reply is not None else []
