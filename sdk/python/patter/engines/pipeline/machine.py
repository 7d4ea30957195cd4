"""The pipeline: ears, interruption and replies, wired. Any STT, any model or handler, any voice."""

from __future__ import annotations

from patter.audio.judged_voice import VoiceModels
from patter.audio.mulaw import level
from patter.bridge.answering import MACHINE_TEXT
from patter.bridge.clock import earliest
from patter.bridge.commands import Note, SttFinalize, SttStop
from patter.bridge.engine import EndCall, Outcome, Parts
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    Event,
    MachineHeard,
    SayAsked,
    SttClosed,
    SttEagerEnd,
    SttFailed,
    SttHeard,
    SttOpened,
    SttResumed,
    SttSpeechStarted,
    SttUtteranceEnded,
)
from patter.bridge.keypad import Keyed, Keys, digit_text
from patter.bridge.records import Interim, Noted
from patter.engines.pipeline.barge_in import BargeIn
from patter.engines.pipeline.caller_turns import CallerTurns
from patter.engines.pipeline.ears import Ears
from patter.engines.pipeline.idle import Idle
from patter.engines.pipeline.opening import Opening
from patter.engines.pipeline.replies import Replies
from patter.engines.pipeline.reply import Kind
from patter.engines.pipeline.signals import (
    EndLikely,
    FinalizeWanted,
    Signal,
    UtteranceEnded,
    VoiceBegan,
    VoiceEnded,
    WentOn,
    WordsHeard,
)
from patter.engines.pipeline.stt_line import SttLine

GAP_S = 0.2
"""After this long without a frame, silence is counted by the loop's clock."""


class PipelineMachine:
    """The engine of one call in pipeline mode. ``models``: who judges whether what is loud is speech."""

    def __init__(self, parts: Parts, models: VoiceModels | None = None) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._values = parts.plan.turn_taking
        self._stt = SttLine()
        self._ears = Ears(self._values, models)
        self._replies = Replies(parts)
        self._barge_in = BargeIn(parts, self._ears, self._replies)
        self._keys = Keys(parts.plan.keypad, parts.plan.turn_taking.keypad_pause_ms)
        self._turns = CallerTurns(parts.memory, self._keys, self._replies.next_turn_id)
        self._opening = Opening(parts.plan)
        self._idle = Idle(self._values)
        self._held: list[UtteranceEnded | DigitPressed | SayAsked] = []
        self._gap_at: float | None = None
        self._stopped = False
        self._away = False
        """The caller's line is used for something else."""
        self._hushed = False
        """A machine listens: whatever it says is not answered."""

    @property
    def state(self) -> str:
        """The turn's state: listening, hearing, thinking, speaking, paused or closing."""
        if self._replies.closing:
            return "closing"
        if self._parts.playback.paused:
            return "paused"
        if self._replies.current is not None:
            return "speaking" if self._parts.playback.sent_ms else "thinking"
        return "hearing" if self._ears.voiced or self._ears.pending_text else "listening"

    # -- beginning ------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        out: Outcome = [*self._stt.open(now)]
        self._gap_at = now + GAP_S
        if self._opening.announce():
            out += self._say(self._plan.announcement, now, Kind.NOTICE)
        else:
            out += self._begin_conversation(now)
        return self._after(out, now)

    def _begin_conversation(self, now: float) -> Outcome:
        """What the caller said during an announcement has its turn now: a greeting is answered with ours."""
        self._opening.begin(now)
        return [*self._take_held(now), *self._speak_first(now)]

    def _speak_first(self, now: float) -> Outcome:
        caller_speaks = self._ears.voiced or bool(self._ears.pending_text)
        if not self._opening.due(now, caller_speaks=caller_speaks):
            return []
        return self._say(self._plan.first_message, now, Kind.FIRST)

    def line_replaced(self, now: float) -> Outcome:
        """Playback goes on by itself, from what was heard on the line before."""
        if not self._away:
            return self._after([], now)
        self._away = False
        self._gap_at = now + GAP_S
        return self._after([*self._stt.open(now)], now)

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """A recogniser that gets no audio closes by itself: it is opened anew afterwards."""
        self._away = True
        out = [] if goes_on else self._barge_in.cut("transfer", now)
        self._turns.write_ended(self._ears.take())  # nobody is there who could be answered
        self._ears.rest()
        self._turns.write_keys()
        if not goes_on:
            self._opening.without_first()
        self._idle.put_off()
        self._gap_at = None
        return [*out, *self._stt.rest()]

    def hush(self, now: float) -> Outcome:
        self._hushed = True
        self._opening.over()
        self._held.clear()
        self._ears.take()
        dropped = self._replies.drop(now)
        self._parts.memory.forget_open()
        return self._after(dropped, now)

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        return self._after(self._end_with(text, reason, now), now)

    # -- events ---------------------------------------------------------------------------------

    def receive(self, event: Event, now: float) -> Outcome:
        return self._after(self._receive(event, now), now)

    def _receive(self, event: Event, now: float) -> Outcome:
        match event:
            case CallerAudio(payload, media_ms):
                return self._audio(payload, media_ms, now)
            case SttHeard():
                return self._stt_heard(event, now)
            case SttUtteranceEnded():
                return self._signals(self._ears.utterance_ended(event), now)
            case SttEagerEnd():
                mine = event.stt_id == self._stt.stt_id
                return self._signals(self._ears.eager_end(event), now) if mine else []
            case SttResumed():
                mine = event.stt_id == self._stt.stt_id
                return self._signals(self._ears.went_on(), now) if mine else []
            case SttOpened():
                return [*self._stt.opened(event, now)]
            case SttFailed() | SttClosed():
                return self._stt_failed(event, now)
            case SttSpeechStarted():
                return []
            case DigitPressed(digit):
                return self._hold(event) if self._unstoppable else self._digit(digit, now)
            case MachineHeard():
                return self._ask_about_machine(now)
            case SayAsked(text):
                if self._unstoppable:
                    return self._hold(event)
                self._hushed = False
                return [*self._barge_in.cut("say", now), *self._say(text, now)]
            case _:
                return self._replies.receive(event, now)

    def _audio(self, payload: bytes, media_ms: int, now: float) -> Outcome:
        self._gap_at = now + GAP_S
        if playing := self._parts.playback.now_playing(now):
            self._barge_in.played(level(playing), now)
        signals = self._ears.audio(payload, media_ms)
        out: Outcome = [*self._stt.audio(payload, quiet=self._ears.at_rest)]
        if signals:
            out += self._signals(signals, now)
        if self._replies.current is not None:
            out += self._barge_in.judge(now)
        return out

    def _ask_about_machine(self, now: float) -> Outcome:
        """The beep was heard, and whoever replies decides what is left. Then the call ends."""
        self._hushed = False
        now_ms = self._parts.clock.ms(now)
        turn_id = self._turns.write(MACHINE_TEXT, now_ms, now_ms)
        return self._replies.answer(turn_id, MACHINE_TEXT, 0, now, end_reason="voicemail")

    def _stt_heard(self, event: SttHeard, now: float) -> Outcome:
        if event.stt_id != self._stt.stt_id:
            return []
        if event.final:
            self._stt.final_text()
        return self._signals(self._ears.heard(event, self._parts.clock.ms(now)), now)

    def _stt_failed(self, event: SttFailed | SttClosed, now: float) -> Outcome:
        if self._stopped or not self._stt.failed(event, now):
            return []
        error = event.error if isinstance(event, SttFailed) else "closed"
        out: Outcome = [self._note("stt.failed", now, error=error)]
        return (
            out + self._end_with(self._plan.phrases.apology, "provider_error", now) if self._stt.dead else out
        )

    def _say(self, text: str, now: float, kind: Kind = Kind.SYSTEM) -> Outcome:
        self._opening.without_first()
        self._barge_in.judge_anew(now)
        return self._replies.say(text, kind, now)

    def _end_with(self, phrase: str, reason: str, now: float) -> Outcome:
        if self._replies.closing:
            return []  # the call ends already, and what is being said is heard in full
        self._opening.over()
        self._held.clear()
        self._turns.write_keys()
        cut = self._barge_in.cut("end", now)
        return cut + self._replies.say(phrase, Kind.SYSTEM, now, end_reason=reason)

    @property
    def _unstoppable(self) -> bool:
        """An announcement that the caller must hear: whatever comes meanwhile has its turn after it."""
        if self._replies.closing:
            return True
        reply = self._replies.current
        if reply is not None and reply.kind is Kind.NOTICE:
            return True
        first = self._opening.first_at is not None or (reply is not None and reply.kind is Kind.FIRST)
        return first and not self._values.first_message_interruptible

    def _hold(self, event: UtteranceEnded | DigitPressed | SayAsked) -> Outcome:
        self._held.append(event)
        return []

    def _take_held(self, now: float) -> Outcome:
        held, self._held = self._held, []
        out: Outcome = []
        for event in held:
            if isinstance(event, UtteranceEnded):
                out += self._utterance_ended(event, now)
            else:
                out += self._receive(event, now)
        return out

    # -- what the ears say ------------------------------------------------------------------------

    def _signals(self, signals: list[Signal], now: float) -> Outcome:
        out: Outcome = []
        for signal in signals:
            match signal:
                case VoiceBegan(at_ms):
                    self._idle.put_off()
                    self._barge_in.voice_began(at_ms, now)
                case VoiceEnded(at_ms):
                    self._idle.put_off()
                    self._barge_in.voice_ended(at_ms)
                case FinalizeWanted():
                    out.append(SttFinalize(self._stt.stt_id))
                case WordsHeard():
                    out += self._words(signal, now)
                case UtteranceEnded():
                    out += self._utterance_ended(signal, now)
                    self._barge_in.utterance_over()
                case EndLikely(text):
                    out += self._prepare(text, now)
                case WentOn():
                    out += self._replies.guesses.forget()
        return out

    def _words(self, words: WordsHeard, now: float) -> Outcome:
        self._idle.put_off()
        now_ms = self._parts.clock.ms(now)
        out: Outcome = [Note(Interim("user", words.text, now_ms)), *self._replies.guesses.doubt(words.text)]
        return out + self._barge_in.words(words, now)

    def _utterance_ended(self, ended: UtteranceEnded, now: float) -> Outcome:
        if self._hushed:
            return []
        if not ended.text:
            return self._no_words(now)
        if self._unstoppable and self._opening.first_at is None:
            return self._hold(ended)
        if self._barge_in.replying_aloud() and self._barge_in.means_nothing(ended.text, now):
            return [self._note("backchannel.ignored", now)]
        self._turns.write_keys()  # words after keys: the keys were all
        silence_ms = min(
            max(0, self._parts.clock.ms(now) - ended.last_voiced_ms), self._values.max_turn_delay_ms
        )
        out = self._barge_in.cut("words", now)
        turn_id = self._turns.write(ended.text, ended.started_ms, ended.last_voiced_ms)
        if self._opening.first_at is not None:  # "Hello?": the first message is the answer
            return out + self._say(self._plan.first_message, now, Kind.FIRST)
        evidence = {"cause": ended.cause, "silence_ms": silence_ms, "turn_id": turn_id}
        if self._replies.guesses.fits():
            evidence["speculated"] = True
        out.append(self._note("turn.ended", now, **evidence))
        return out + self._answer(turn_id, ended.text, silence_ms, now)

    def _no_words(self, now: float) -> Outcome:
        """A long voice stopped the agent, and nothing was understood of it: ask, rather than be silent."""
        return self._say(self._plan.phrases.retry, now) if self._barge_in.take_cut_by_voice() else []

    def _answer(self, turn_id: str, text: str, end_of_turn_ms: int, now: float) -> Outcome:
        self._barge_in.judge_anew(now)
        self._opening.answered()
        self._idle.answered()
        memory_turn = self._parts.memory.turns[-1]
        return self._replies.answer(turn_id, memory_turn.text or text, end_of_turn_ms, now)

    def _digit(self, digit: str, now: float) -> Outcome:
        now_ms = self._parts.clock.ms(now)
        out = self._barge_in.cut("key", now)
        self._turns.write_ended(self._ears.take())  # speech that was pending comes first, as its own turn
        self._opening.without_first()
        self._idle.put_off()
        keyed = self._keys.press(digit, now_ms, now)
        return out + self._keyed(keyed, now) if keyed else out

    def _keyed(self, keyed: Keyed, now: float) -> Outcome:
        """An entry is complete: a turn of its own."""
        out = self._barge_in.cut("key", now)
        turn_id = self._turns.write_entry(keyed)
        out.append(self._note("key.pressed", now, turn_id=turn_id))
        return out + self._answer(turn_id, digit_text(keyed.digits), 0, now)

    def _prepare(self, text: str, now: float) -> Outcome:
        """The caller is probably done: the model may begin, and nothing of it is heard yet."""
        waits = self._opening.first_at is not None or self._keys.pending or self._stopped or self._hushed
        if waits or not self._values.speculation or self._plan.reply_by != "model":
            return []
        return self._replies.guess(self._turns.history_with(text), now)

    # -- the agent's side ---------------------------------------------------------------------------

    def playback_moved(self, now: float) -> Outcome:
        return self._after(self._replies.playback_moved(now), now)

    def _after(self, out: Outcome, now: float) -> Outcome:
        """Whatever happened: either somebody replies, or the caller is waited for."""
        if self._opening.announcing and self._replies.current is None and not self._stopped:
            out = out + self._begin_conversation(now)
        if self._held and not self._unstoppable and not any(isinstance(c, EndCall) for c in out):
            out = out + self._take_held(now)
        if self._replies.has_news and self._quiet:
            out = out + self._replies.tell_news(now)
        busy = self._replies.current is not None or self._opening.first_at is not None or self._keys.pending
        if busy or self._away or self._hushed:
            self._idle.put_off()
        elif not self._stopped:
            self._idle.watch(now)
        return out

    @property
    def _quiet(self) -> bool:
        """Nobody speaks, and nothing else is about to be said."""
        heard = self._ears.voiced or self._ears.pending_text or self._keys.pending
        elsewhere = self._away or self._hushed or self._stopped
        return not (heard or elsewhere) and self._opening.first_at is None and self._plan.reply_by == "model"

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self._after(self._end_with(self._plan.phrases.goodbye, reason, now), now)

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return earliest(
            self._opening.first_at,
            self._idle.at,
            self._gap_at,
            self._keys.due,
            self._stt.next_timer(),
            self._replies.next_timer(),
        )

    def handle_timer(self, now: float) -> Outcome:
        out: Outcome = [*self._stt.handle_timer(now)]
        if self._stt.is_late(now):
            late = self._stt.stt_id
            out += [SttStop(late), *self._stt_failed(SttFailed(late, "did not open in time"), now)]
        out += self._speak_first(now)
        out += self._replies.handle_timer(now)
        if self._gap_at is not None and self._gap_at <= now:
            self._gap_at = now + GAP_S
            out += self._stt.flush()
            out += self._signals(self._ears.tick(self._parts.clock.ms(now)), now)
            if self._replies.current is not None:
                out += self._barge_in.judge(now)
        if self._keys.due is not None and self._keys.due <= now:
            if self._unstoppable:
                self._turns.write_keys()
            elif keyed := self._keys.take():
                out += self._keyed(keyed, now)
        if self._idle.take(now):
            out += self._caller_is_silent(now)
        return self._after(out, now)

    def _caller_is_silent(self, now: float) -> Outcome:
        if self._replies.current is not None or self._ears.pending_text:
            return []
        if self._opening.take_greeting():
            return self._say(self._plan.first_message, now, Kind.FIRST)
        if not self._idle.asks():
            return self._end_with(self._plan.phrases.goodbye, "idle", now)
        return self._say(self._plan.phrases.idle, now)

    # -- end --------------------------------------------------------------------------------------

    def stop(self, now: float) -> Outcome:
        self._stopped = True
        cut = self._replies.cut(now)
        held, self._held = self._held, []
        self._turns.write_ended([event for event in held if isinstance(event, UtteranceEnded)])
        self._turns.write_ended(self._ears.take())
        self._ears.rest()
        self._turns.write_keys()
        self._opening.without_first()
        self._idle.put_off()
        self._gap_at = None
        return [*cut.out, *self._replies.settle_turns(), *self._stt.stop()]

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
