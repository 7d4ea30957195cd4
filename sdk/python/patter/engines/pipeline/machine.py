"""The pipeline: ears, interruption and replies, wired. Any STT, any model or handler, any voice."""

from __future__ import annotations

from patter.audio.judged_voice import VoiceModels
from patter.audio.mulaw import level
from patter.bridge.clock import earliest
from patter.bridge.commands import Note, SttStop
from patter.bridge.engine import EndCall, Outcome, Parts
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    Event,
    MachineHeard,
    ProviderSwitched,
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
from patter.bridge.keypad import Keys
from patter.bridge.records import Noted
from patter.engines.pipeline.barge_in import BargeIn
from patter.engines.pipeline.caller_side import CallerSide
from patter.engines.pipeline.caller_turns import CallerTurns
from patter.engines.pipeline.ears import Ears
from patter.engines.pipeline.held import Held
from patter.engines.pipeline.idle import Idle
from patter.engines.pipeline.opening import Opening
from patter.engines.pipeline.own_words import OwnWords
from patter.engines.pipeline.replies import Replies
from patter.engines.pipeline.stt_line import SttLine

GAP_S = 0.2
"""After this long without a frame, silence is counted by the loop's clock."""


class PipelineMachine:
    """The engine of one call in pipeline mode. ``models``: who judges whether what is loud is speech."""

    def __init__(self, parts: Parts, models: VoiceModels | None = None) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._gap_at: float | None = None
        self._away = False
        """The caller's line is used for something else."""
        values = parts.plan.turn_taking
        self._stt = SttLine()
        self._ears = Ears(values, models)
        self._keys = Keys(parts.plan.keypad, values.keypad_pause_ms)
        self._opening = Opening(parts.plan)
        self._idle = Idle(values)
        self._replies = Replies(parts)
        self._barge_in = BargeIn(parts, self._ears, self._replies)
        self._turns = CallerTurns(parts.memory, self._keys, self._replies.next_turn_id)
        self._held = Held(values, self._opening, self._replies)
        self._own_words = OwnWords(
            parts, self._opening, self._idle, self._held, self._turns, self._replies, self._barge_in
        )
        self._caller = CallerSide(
            parts,
            self._stt,
            self._ears,
            self._turns,
            self._opening,
            self._idle,
            self._held,
            self._own_words,
            self._replies,
            self._barge_in,
        )

    @property
    def state(self) -> str:
        """The turn's state: listening, hearing, thinking, speaking, paused or closing."""
        if self._replies.closing:
            return "closing"
        if self._parts.playback.paused:
            return "paused"
        if self._replies.current is not None:
            return "speaking" if self._parts.playback.sent_ms else "thinking"
        return "hearing" if self._caller.speaks else "listening"

    # -- beginning ------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        out: Outcome = [*self._stt.open(now)]
        self._gap_at = now + GAP_S
        if self._opening.announce():
            out += self._own_words.announce(now)
        else:
            out += self._begin_conversation(now)
        return self._after(out, now)

    def _begin_conversation(self, now: float) -> Outcome:
        """What the caller said during an announcement has its turn now: a greeting is answered with ours."""
        self._opening.begin(now)
        return [*self._caller.take_held(now), *self._greet_if_due(now)]

    def _greet_if_due(self, now: float) -> Outcome:
        return self._own_words.greet_if_due(now, caller_speaks=self._caller.speaks)

    # -- the line ---------------------------------------------------------------------------------

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

    # -- what the call asks for -------------------------------------------------------------------

    def hush(self, now: float) -> Outcome:
        self._held.hushed = True
        self._held.forget()
        self._opening.over()
        self._ears.take()
        dropped = self._replies.drop(now)
        self._parts.memory.forget_open()
        return self._after(dropped, now)

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        return self._after(self._own_words.end_with(text, reason, now), now)

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self.say_last(self._plan.phrases.goodbye, reason, now)

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
                return self._caller.signals(self._ears.utterance_ended(event), now)
            case SttEagerEnd():
                mine = event.stt_id == self._stt.stt_id
                return self._caller.signals(self._ears.eager_end(event), now) if mine else []
            case SttResumed():
                mine = event.stt_id == self._stt.stt_id
                return self._caller.signals(self._ears.went_on(), now) if mine else []
            case SttOpened():
                return [*self._stt.opened(event, now)]
            case SttFailed() | SttClosed():
                return self._stt_failed(event, now)
            case ProviderSwitched("stt"):
                self._ears.recogniser_lost()
                return []
            case SttSpeechStarted():
                if event.stt_id == self._stt.stt_id:
                    self._ears.speech_started(event)
                return []
            case DigitPressed():
                return self._caller.pressed(event, now)
            case MachineHeard():
                return self._caller.answer_machine(now)
            case SayAsked():
                return self._own_words.asked(event, now)
            case _:
                return self._replies.receive(event, now)

    def _audio(self, payload: bytes, media_ms: int, now: float) -> Outcome:
        self._gap_at = now + GAP_S
        if playing := self._parts.playback.now_playing(now):
            self._barge_in.played(level(playing), now)
        signals = self._ears.audio(payload, media_ms)
        out: Outcome = [*self._stt.audio(payload, quiet=self._ears.at_rest)]
        if signals:
            out += self._caller.signals(signals, now)
        if self._replies.current is not None:
            out += self._barge_in.judge(now)
        return out

    def _stt_heard(self, event: SttHeard, now: float) -> Outcome:
        if event.stt_id != self._stt.stt_id:
            return []
        if event.final:
            self._stt.final_text()
        return self._caller.signals(self._ears.heard(event, self._parts.clock.ms(now)), now)

    def _stt_failed(self, event: SttFailed | SttClosed, now: float) -> Outcome:
        if not self._stt.failed(event, now):
            return []
        self._ears.recogniser_lost()
        error = event.error if isinstance(event, SttFailed) else "closed"
        out: Outcome = [Note(Noted("stt.failed", self._parts.clock.ms(now), {"error": error}))]
        if self._stt.dead:
            out += self._own_words.end_with(self._plan.phrases.apology, "provider_error", now)
        return out

    def playback_moved(self, now: float) -> Outcome:
        return self._after(self._replies.playback_moved(now), now)

    def _after(self, out: Outcome, now: float) -> Outcome:
        """Whatever happened: either somebody replies, or the caller is waited for."""
        if self._opening.announcing and self._replies.current is None:
            out = out + self._begin_conversation(now)
        if self._held.due and not any(isinstance(c, EndCall) for c in out):
            out = out + self._caller.take_held(now)
        if self._replies.has_news and self._quiet:
            out = out + self._replies.tell_news(now)
        busy = self._replies.current is not None or self._opening.first_at is not None or self._keys.pending
        if busy or self._away or self._held.hushed:
            self._idle.put_off()
        else:
            self._idle.watch(now)
        return out

    @property
    def _quiet(self) -> bool:
        """Nobody speaks, and nothing else is about to be said."""
        heard = self._caller.speaks or self._keys.pending
        elsewhere = self._away or self._held.hushed
        return not (heard or elsewhere) and self._opening.first_at is None and self._plan.reply_by == "model"

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
        out += self._greet_if_due(now)
        out += self._replies.handle_timer(now)
        if self._gap_at is not None and self._gap_at <= now:
            out += self._no_frames(now)
        out += self._caller.keys_due(now)
        if self._idle.take(now):
            out += self._caller_is_silent(now)
        return self._after(out, now)

    def _no_frames(self, now: float) -> Outcome:
        self._gap_at = now + GAP_S
        out: Outcome = [*self._stt.flush()]
        out += self._caller.signals(self._ears.tick(self._parts.clock.ms(now)), now)
        if self._replies.current is not None:
            out += self._barge_in.judge(now)
        return out

    def _caller_is_silent(self, now: float) -> Outcome:
        if self._replies.current is not None or self._ears.pending_text:
            return []
        return self._own_words.break_silence(now)

    # -- end --------------------------------------------------------------------------------------

    def stop(self, now: float) -> Outcome:
        cut = self._replies.cut(now)
        for ended in self._held.take_utterances():
            self._turns.write_ended(ended)
        self._turns.write_ended(self._ears.take())
        self._ears.rest()
        self._turns.write_keys()
        self._opening.without_first()
        self._idle.put_off()
        self._gap_at = None
        return [*cut.out, *self._replies.settle_turns(), *self._stt.stop()]
