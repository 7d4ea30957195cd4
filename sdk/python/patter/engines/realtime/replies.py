"""The agent's side: who is asked, what is spoken, and how a reply ends: heard, cut or failed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from patter.bridge.clock import earliest
from patter.bridge.commands import HandlerAsk, HandlerStop, Note
from patter.bridge.engine import EndCall, Outcome, Parts, TransferCall
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed, ToolDone, TtsAudio, TtsFailed
from patter.bridge.records import Noted
from patter.engines.realtime import wire
from patter.engines.realtime.ledger import Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.mouth import Mouth
from patter.engines.realtime.reply import Kind, Reply
from patter.engines.realtime.settling import Settling
from patter.engines.realtime.tool_desk import ToolDesk
from patter.engines.realtime.tools import MOST_ROUNDS
from patter.engines.realtime.wire import AudioDelta, ResponseCreated, ResponseDone, TextDelta, TextDone

MOST_FAILURES = 3
MOST_TRIES = 2
FAILURES = ("provider_error", "handler_lost")
"""Ends for which the caller is owed an apology, if need be in the carrier's own voice."""
FILL_AGAIN_S = 5.0
"""The longest silence while a tool runs."""
FIRST_SOUND_S = 6.0
STALL_S = 3.0
"""A session that owes something and says nothing for this long has failed."""
SPEAKS_AT_MOST_S = 60.0
EXPECTED_S = 3.0
"""A server that replies by itself begins to within this time; otherwise it is asked to."""
GO_ON = (
    "The line broke while you were speaking. The caller heard this of your reply: {said!r}. "
    "Go on from there, without repeating it."
)


@dataclass(frozen=True, slots=True)
class Expected:
    """The reply that the server will begin by itself, and to which turn."""

    turn_id: str
    end_of_turn_ms: int
    by: float


class Replies:
    """Makes one reply at a time."""

    def __init__(self, parts: Parts, line: SpeechLine, ledger: Ledger) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._line = line
        self._ledger = ledger
        self._mouth = Mouth(parts.plan, line)
        self._desk = ToolDesk(parts, line, ledger)
        self._settling = Settling(parts, line, ledger)
        self._count = 0
        self._failures = 0
        self._deadline: float | None = None
        self._filler_at: float | None = None
        self._sound_by: float | None = None
        self._expected: Expected | None = None
        self._end_reason = ""
        self.stuck = False
        """The session owes something and says nothing."""
        self.current: Reply | None = None

    @property
    def closing(self) -> bool:
        """The goodbye is being said: nothing interrupts it."""
        return self.current is not None and self.current.closing

    @property
    def expected(self) -> bool:
        return self._expected is not None

    def next_turn_id(self) -> str:
        self._count += 1
        return f"t{self._count}"

    # -- beginnings -----------------------------------------------------------------------------

    def expect(self, turn_id: str, end_of_turn_ms: int, now: float) -> None:
        """The server was told to reply by itself, and will begin soon."""
        self._desk.has_news = False
        self._expected = Expected(turn_id, end_of_turn_ms, now + EXPECTED_S)

    def postpone_expected(self, now: float) -> None:
        """The caller speaks again: the server may wait for them."""
        if self._expected is not None:
            self._expected = replace(self._expected, by=now + SPEAKS_AT_MOST_S)

    def answer(
        self, turn_id: str, text: str, end_of_turn_ms: int, now: float, *, end_reason: str = ""
    ) -> Outcome:
        """Ask whoever replies in this call; with ``end_reason`` it ends when the answer was heard."""
        self._expected = None
        self._desk.has_news = False
        reply = self._begin(turn_id, Kind.ANSWER, now)
        reply.timing.end_of_turn_ms = end_of_turn_ms
        reply.closing = bool(end_reason)
        self._end_reason = end_reason or self._end_reason
        if self._plan.reply_by == "model":
            reply.by_model = reply.wants_model = True
            return self.speak(now)
        reply.asking = True
        self._await_text(now)
        return [HandlerAsk(turn_id, text, self._parts.memory.history())]

    @property
    def has_news(self) -> bool:
        """A tool's result came late, and nobody replies: the model may tell it."""
        return self.current is None and self._expected is None and self._desk.has_news

    def tell_news(self, now: float) -> Outcome:
        """Have the model say what came late."""
        self._desk.has_news = False
        reply = self._begin(self.next_turn_id(), Kind.NEWS, now)
        reply.by_model = reply.wants_model = True
        return self.speak(now)

    def say(self, text: str, kind: Kind, now: float, *, end_reason: str = "") -> Outcome:
        """Speak a text of our own; with ``end_reason`` the call ends when it was heard."""
        reply = self._begin(self.next_turn_id(), kind, now)
        if end_reason:
            reply.closing = True
            self._end_reason = end_reason
        if self._mouth.mute:
            return self._speechless(text, now)
        reply.push(text)
        reply.finish()
        return self.speak(now)

    def _begin(self, turn_id: str, kind: Kind, now: float) -> Reply:
        self._parts.playback.begin()
        self.current = Reply(turn_id, kind, self._parts.clock.ms(now), now)
        self._deadline = self._filler_at = self._sound_by = None
        return self.current

    def _await_text(self, now: float) -> None:
        self._deadline = now + self._plan.turn_taking.handler_timeout_s
        self._set_filler(now)

    def _set_filler(self, now: float) -> None:
        filler = self._plan.phrases.filler.strip()
        self._filler_at = now + self._plan.turn_taking.filler_after_ms / 1000 if filler else None

    # -- what the session says ----------------------------------------------------------------------

    def created(self, message: ResponseCreated, now: float, *, unasked: bool = False) -> Outcome:
        """A response began, ours or one that the server began by itself; ``unasked``: and should not have."""
        wanted = self._mouth.created(message)
        reply = self.current
        if message.tag:
            if not wanted or reply is None:
                return [*self._line.say(wire.cancel(message.response_id))]
            reply.responses.add(message.response_id)
            self._watch(now)
            return []
        ours = reply is not None and reply.by_model and (reply.wants_model or self._mouth.asked)
        if ours or unasked or self.closing:
            # It knows nothing of what we asked for meanwhile: ours comes after it.
            return [*self._line.say(wire.cancel(message.response_id))]
        out = self.cut(now, cancel=False) if reply is not None else []
        expected, self._expected = self._expected, None
        reply = self._begin(expected.turn_id if expected else self.next_turn_id(), Kind.ANSWER, now)
        reply.by_model = True
        reply.timing.end_of_turn_ms = expected.end_of_turn_ms if expected else 0
        reply.responses.add(message.response_id)
        self._watch(now)
        return out

    def audio(self, message: AudioDelta, now: float) -> Outcome:
        reply = self.current
        if reply is None or message.response_id not in reply.responses:
            return []  # cut, and still on its way
        reply.add_audio(message.item_id, message.payload)
        return self._play(reply, message.payload, now)

    def _play(self, reply: Reply, payload: bytes, now: float) -> Outcome:
        self._sound_by = now + STALL_S
        playback = self._parts.playback
        commands = playback.add(payload, now)
        if reply.timing.first_audio_at is None:
            reply.timing.first_audio_at = now
            reply.timing.first_text_at = reply.timing.first_text_at or now
        self._settling.note_sent(reply)
        return [*commands]

    def item_spoken(self, response_id: str, item_id: str, now: float) -> Outcome:
        """The audio of an item is complete."""
        reply = self.current
        if reply is None or response_id not in reply.responses:
            return []
        reply.end_item(item_id)
        return [*self._parts.playback.end_chunk(now)]

    def text(self, message: TextDelta | TextDone, now: float) -> None:
        """What is said, as text."""
        reply = self.current
        if reply is None or message.response_id not in reply.responses:
            return
        self._watch(now)
        reply.timing.first_text_at = reply.timing.first_text_at or now
        if isinstance(message, TextDelta):
            reply.add_text(message.item_id, message.text)
        else:
            reply.set_text(message.item_id, message.text)

    def tool_called(self, message: wire.ToolCalled, now: float) -> None:
        reply = self.current
        if reply is not None and reply.by_model and message.response_id in reply.responses:
            self._watch(now)
            reply.tools.add(message)

    def done(self, message: ResponseDone, now: float) -> Outcome:
        """A response is over, however it went."""
        self._mouth.done(message.response_id)
        reply = self.current
        if reply is None or message.response_id not in reply.responses:
            return self.speak(now)
        if reply.reading is None or message.status != "failed":
            reply.end_items()
        if message.status == "failed":
            return self._response_failed(reply, message, now)
        reply.reading = None
        if message.status != "completed":
            reply.tools.forget_called()
        if message.status == "cancelled" and reply.silent and not reply.asking:
            return self._withdrawn(now)
        if message.status == "incomplete":
            return [self._note("reply.incomplete", now), *self.speak(now)]
        if reply.tools.called:
            return self._begin_tools(reply, now)
        reply.tries = 0
        return self.speak(now)

    def refused(self, tag: str, code: str, now: float) -> Outcome:
        """The session did not take what was asked of it. It is asked again, after what is active."""
        if not self._mouth.refused(tag, now) or (reply := self.current) is None:
            return []
        return self._try_again(reply, code, now)

    # -- the spare voice ----------------------------------------------------------------------------

    def spare_audio(self, event: TtsAudio, now: float) -> Outcome:
        reply = self.current
        if reply is None or not self._mouth.owns(event.say_id):
            return []
        reply.add_audio(event.say_id, event.payload)
        return self._play(reply, event.payload, now)

    def spare_done(self, say_id: str, now: float) -> Outcome:
        reply = self.current
        if reply is None or not self._mouth.owns(say_id):
            return []
        self._mouth.spare_done()
        reply.end_item(say_id)
        reply.reading = None
        return [*self._parts.playback.end_chunk(now), *self.speak(now)]

    def spare_failed(self, event: TtsFailed, now: float) -> Outcome:
        reply = self.current
        if reply is None or not self._mouth.owns(event.say_id):
            return []
        self._mouth.spare_done()
        note = self._note("reply.failed", now, code="voice", error=event.error)
        return [note, *self._speechless(reply.given, now)]

    # -- the handler --------------------------------------------------------------------------------

    def handler(self, event: HandlerDelta | HandlerDone | HandlerFailed, now: float) -> Outcome:
        reply = self.current
        if reply is None or event.turn_id != reply.turn_id or not reply.asking:
            return []
        if isinstance(event, HandlerDelta):
            self._deadline = now + self._plan.turn_taking.handler_timeout_s
            if event.text.strip():
                self._filler_at = None
                reply.timing.first_text_at = reply.timing.first_text_at or now
            reply.push(event.text)
            return self.speak(now)
        if isinstance(event, HandlerFailed):
            return self._failed(reply, event.code, event.code, now)
        reply.asking = False
        self._deadline = self._filler_at = None
        self._failures = 0
        reply.finish()
        return self.speak(now)

    # -- tools --------------------------------------------------------------------------------------

    def _begin_tools(self, reply: Reply, now: float) -> Outcome:
        if reply.tools.count >= MOST_ROUNDS:
            return self._failed(reply, "model", "too many tool rounds", now)
        self._sound_by = None
        self._set_filler(now)
        out = self._desk.begin(reply, now)
        self._deadline = now + self._desk.longest_wait_s(reply)
        if reply.tools.ends_call:
            reply.closing = True
            self._end_reason = "agent_ended"
        return out if reply.tools.running else [*out, *self._tools_done(reply, now)]

    def tool_done(self, event: ToolDone, now: float) -> Outcome:
        reply = self.current
        waited = reply is not None and bool(reply.tools.running)
        told = self._desk.answered(reply, event, now)
        if reply is None or not waited or reply.tools.running:
            return told
        return told + self._tools_done(reply, now)

    def _tools_done(self, reply: Reply, now: float) -> Outcome:
        """Every result is there: one response more, or the goodbye."""
        self._deadline = self._filler_at = None
        phrases = self._plan.phrases
        leaves = reply.tools.ends_call or reply.tools.transfer is not None
        if not leaves:
            reply.wants_model = True
        elif not reply.script.full_text:
            reply.push(phrases.goodbye if reply.tools.ends_call else phrases.transfer)
            reply.finish()
        return self.speak(now)

    # -- getting it spoken --------------------------------------------------------------------------

    def speak(self, now: float) -> Outcome:
        """Have the next thing said, or close the reply when everything was."""
        reply = self.current
        if reply is None:
            return []
        if self._mouth.mute:
            return self._speechless(reply.given, now)
        asked = self._mouth.pump(reply, now)
        if asked:
            self._sound_by = now + FIRST_SOUND_S
        waits = reply.asking or reply.wants_model or reply.chunks or reply.tools.running
        if asked or waits or self._mouth.busy or not self._parts.playback.active:
            return [*asked]
        self._sound_by = None
        if reply.silent:
            return self._say_nothing(reply, now)
        commands: Outcome = [*self._parts.playback.close(now)]
        # A reply without any audio is over at once: no mark will come.
        return (
            commands + self._heard_in_full(reply, now) if self._parts.playback.take_finished() else commands
        )

    def _say_nothing(self, reply: Reply, now: float) -> Outcome:
        """A deliberate silence: the caller's turn was answered, and does not go on."""
        self.current = None
        self._deadline = self._filler_at = None
        self._parts.playback.cut(now)
        self._ledger.settle()
        return [EndCall("machine")] if reply.closing else []

    def _withdrawn(self, now: float) -> Outcome:
        """The caller speaks on before anything was said: their turn goes on, too."""
        self.current = None
        self._deadline = self._filler_at = self._sound_by = None
        self._parts.playback.cut(now)
        return []

    def _watch(self, now: float) -> None:
        self._sound_by = now + STALL_S if self._parts.playback.sent_ms else now + FIRST_SOUND_S

    # -- failures -----------------------------------------------------------------------------------

    def _response_failed(self, reply: Reply, message: ResponseDone, now: float) -> Outcome:
        reply.tools.forget_called()
        self._mouth.ask_again(now)
        return self._try_again(reply, message.error.code if message.error else "failed", now)

    def _try_again(self, reply: Reply, code: str, now: float) -> Outcome:
        """Ask for the same once more: limits pass. What was partly said is not said again."""
        reply.tries += 0 if self._mouth.busy else 1
        noted = self._note("response.failed", now, code=code)
        chunk = None if reply.reading_begun else reply.reading
        reply.reading = None
        if reply.tries > MOST_TRIES:
            return [noted, *self._failed(reply, "model" if reply.by_model else "voice", code, now)]
        if chunk is not None:
            reply.chunks.appendleft(chunk)
        elif reply.by_model and not reply.chunks:
            reply.wants_model = True
        return [noted, *self.speak(now)]

    def _failed(self, reply: Reply, code: str, error: str, now: float) -> Outcome:
        self._deadline = self._filler_at = None
        reply.asking, reply.wants_model, reply.failed = False, False, True
        self._failures += 1
        noted = self._note("reply.failed", now, code=code, error=error)
        if code == "voice":  # whoever speaks cannot: neither can it say that
            return [noted, *self._speechless(reply.given, now)]
        if self._failures >= MOST_FAILURES:
            reason = "provider_error" if code == "model" else "handler_lost"
            cut = self.cut(now)
            return [
                noted,
                *cut,
                *self.say(self._plan.phrases.apology, Kind.SYSTEM, now, end_reason=reason),
            ]
        reply.tries = 0
        if reply.silent:
            self._parts.playback.cut(now)
            self.current = None
            return [noted, *self.say(self._plan.phrases.retry, Kind.SYSTEM, now)]
        reply.push(" " + self._plan.phrases.retry)
        reply.finish()
        return [noted, *self.speak(now)]

    def _speechless(self, text: str, now: float) -> Outcome:
        """Nobody can say it: the carrier does, and the call ends."""
        reply = self.current
        reason = self._end_reason if reply is not None and reply.closing else "provider_error"
        said = text if reply is not None and reply.closing else self._plan.phrases.apology
        return [*self.cut(now), EndCall(reason, said or self._plan.phrases.goodbye)]

    # -- the session is lost and found --------------------------------------------------------------

    def line_lost(self, now: float) -> Outcome:
        """What was being said is said by the next session; what the carrier has is heard meanwhile."""
        reply, expected = self.current, self._expected
        making = self._mouth.busy
        self._mouth.lost(reply)
        self._sound_by, self._expected, self.stuck = None, None, False
        if reply is None:
            if expected is None:
                return []
            reply = self._begin(expected.turn_id, Kind.ANSWER, now)
            reply.timing.end_of_turn_ms = expected.end_of_turn_ms
            reply.by_model = making = True
        if reply.by_model and making and not reply.closing:
            reply.tools.forget_called()
            reply.wants_model, reply.broken_off = True, not reply.silent
        reply.end_items()
        return []

    def line_died(self, now: float) -> Outcome:
        """No session will come: another voice apologises, or the carrier's."""
        reply = self.current
        if reply is not None and reply.closing:
            text, reason = reply.given or self._plan.phrases.goodbye, self._end_reason
        else:
            text, reason = self._plan.phrases.apology, "provider_error"
        cut = self.cut(now)
        return cut + self.say(text, Kind.SYSTEM, now, end_reason=reason)

    def retell(self) -> Outcome:
        """What a new session must know of the reply that is being made."""
        reply = self.current
        if reply is None or not reply.by_model:
            return []
        out: Outcome = [c for item in reply.tools.retold() for c in self._line.say(item)]
        if reply.broken_off:
            reply.broken_off = False
            out += self._line.say(wire.text_item("system", GO_ON.format(said=reply.script.full_text)))
        return out

    def ask_to_repeat(self, now: float) -> Outcome:
        """The words of the caller's turn are lost, and so is the reply to them."""
        cut = self.cut(now)
        return cut + self.say(self._plan.phrases.retry, Kind.SYSTEM, now)

    # -- time ---------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        expected_by = self._expected.by if self._expected else None
        mouth = self._mouth.next_timer()
        return earliest(self._deadline, self._filler_at, self._sound_by, expected_by, mouth)

    def handle_timer(self, now: float) -> Outcome:
        out: Outcome = []
        if self._deadline is not None and self._deadline <= now:
            self._deadline = None
            out += self._answer_late(now)
        if self._filler_at is not None and self._filler_at <= now:
            self._filler_at = None
            out += self._fill(now)
        if self._expected is not None and self._expected.by <= now:
            expected = self._expected
            out += self.answer(expected.turn_id, "", expected.end_of_turn_ms, now)
            self._sound_by = now + STALL_S  # it was silent for a while already
        if self._sound_by is not None and self._sound_by <= now:
            self._sound_by = None
            out += self._sound_late(now)
        if (due := self._mouth.next_timer()) is not None and due <= now:
            self._mouth.handle_timer(now)
            out += self.speak(now)
        return out

    def _fill(self, now: float) -> Outcome:
        """Nothing is heard: say that it takes a moment. The answer follows after it."""
        reply = self.current
        if reply is None or reply.closing or not (reply.silent or reply.tools.running):
            return []
        if reply.tools.running:
            self._filler_at = now + FILL_AGAIN_S
            playback = self._parts.playback
            if self._mouth.busy or playback.heard_ms(now) < playback.sent_ms:
                return []
        reply.filled = True
        reply.add_aside(self._plan.phrases.filler.strip())
        return self.speak(now)

    def _answer_late(self, now: float) -> Outcome:
        reply = self.current
        if reply is None:
            return []
        if reply.tools.running:
            return [*self._desk.wait_no_more(reply), *self._tools_done(reply, now)]
        stopped = self._stop_asking(reply, "")
        return [*stopped, *self._failed(reply, "handler_timeout", "no answer in time", now)]

    def _sound_late(self, now: float) -> Outcome:
        if self._line.dead and self.current is not None:
            return self._speechless(self.current.given, now)
        self.stuck = self._mouth.busy
        return []

    # -- endings ------------------------------------------------------------------------------------

    def playback_moved(self, now: float) -> Outcome:
        """The carrier played something: the reply may have been heard to its end."""
        playback, reply = self._parts.playback, self.current
        if reply is None:
            playback.take_finished()
            return []
        self._settling.note_sent(reply)
        self._settling.note_heard(reply, now)
        return self._heard_in_full(reply, now) if playback.take_finished() else []

    def _heard_in_full(self, reply: Reply, now: float) -> Outcome:
        self.current = None
        self._deadline = self._filler_at = self._sound_by = None
        heard_ms = self._parts.playback.heard_ms(now)
        text = reply.script.full_text if heard_ms else ""
        out = self._settling.reply(reply, text, heard_ms, interrupted=False, now=now)
        out += self._put_through(reply)
        return [*out, *self._end(heard_ms > 0, now)] if reply.closing else out

    @staticmethod
    def _put_through(reply: Reply) -> Outcome:
        """The caller heard what the agent says before a transfer: now it begins."""
        run = reply.tools.transfer
        if run is None:
            return []
        arguments = run.arguments() or {}
        given = {name: str(arguments.get(name) or "") for name in ("target", "kind", "summary")}
        return [TransferCall(run.run_id, **given)]

    def _end(self, heard: bool, now: float) -> Outcome:
        """The last reply is over; ``heard``: something of it was."""
        unheard = not heard and self._end_reason in FAILURES
        return [EndCall(self._end_reason, self._plan.phrases.apology if unheard else "")]

    def cut(self, now: float, *, cancel: bool = True) -> Outcome:
        """End the reply here; what was heard is kept. ``cancel``: the server does not stop by itself."""
        reply = self.current
        if reply is None:
            return []
        self.current = None
        self._deadline = self._filler_at = self._sound_by = None
        self._settling.note_sent(reply)
        heard_ms, commands = self._parts.playback.cut(now)
        heard = reply.script.heard_text(heard_ms)
        cancel = cancel or not reply.by_model or reply.reading is not None
        out: Outcome = [*commands, *self._mouth.stop(now, cancel=cancel)]
        for item_id, ms in reply.unheard(heard_ms):
            out += self._line.say(wire.truncate(item_id, ms))
        out += self._stop_asking(reply, heard)
        return out + self._settling.reply(reply, heard, heard_ms, interrupted=True, now=now)

    def _stop_asking(self, reply: Reply, heard: str) -> Outcome:
        out: Outcome = []
        if reply.kind is Kind.ANSWER and not reply.by_model and not reply.failed:
            # Also after it finished: it learns how much of its answer was heard.
            out.append(HandlerStop(reply.turn_id, heard))
        reply.asking = False
        return out + self._desk.close(reply) + self._desk.forget_transfer(reply)

    def drop(self, now: float) -> Outcome:
        """End the reply here as if nothing of it had been said: a machine heard it."""
        reply, self.current, self._expected = self.current, None, None
        if reply is None:
            return []
        self._deadline = self._filler_at = self._sound_by = None
        _, commands = self._parts.playback.cut(now)
        out: Outcome = [*commands, *self._mouth.stop(now, cancel=True)]
        for item in reply.items.values():
            out += self._line.say(wire.delete_item(item.item_id)) if item.chunk is None else []
        return out + self._stop_asking(reply, "")

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
