"""The agent's side: who is asked, what comes of it, tools and transfers, and what is said where it fails."""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import EndCall, Outcome, Parts, TransferCall
from patter.bridge.events import (
    Event,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    ToolDone,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.records import Noted
from patter.engines.pipeline.guess import History
from patter.engines.pipeline.reply import Kind, Reply, State
from patter.engines.pipeline.speaking import Speaking
from patter.engines.pipeline.tool_rounds import ToolRounds
from patter.engines.tool_rules import MOST_ROUNDS

HANDED_OVER = "handler_lost"
"""The run of a transfer that nobody but the agent's policy asked for."""


class Replies(Speaking):
    """Makes one reply at a time: from a handler's text, a model's, or our own."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._transferring: ToolRounds | None = None

    # -- beginnings -----------------------------------------------------------------------------

    def answer(
        self, turn_id: str, text: str, end_of_turn_ms: int, now: float, *, end_reason: str = ""
    ) -> Outcome:
        """Ask whoever replies in this call; with ``end_reason`` the call ends when the answer was heard."""
        if self.guesses.fits():
            return self._answer_as_guessed(turn_id, end_of_turn_ms, now)
        forgotten = self.guesses.forget()
        reply = self._begin(turn_id, Kind.ANSWER, now)
        reply.timing.end_of_turn_ms = end_of_turn_ms
        if end_reason:
            self._ending.after(reply, end_reason)
        self._waits.for_text(now, filler=True)
        return [*forgotten, self._asking.about_turn(reply, text)]

    @property
    def has_news(self) -> bool:
        """A tool that took long has answered, and nobody has told the caller."""
        return self.current is None and self._prompt.tool_memory.has_news

    def tell_news(self, now: float) -> Outcome:
        """Ask the model what the caller should know of it: a turn of its own."""
        reply = self._begin(self.next_turn_id(), Kind.NEWS, now)
        self._waits.for_text(now, filler=False)
        asked = self._asking.model(reply, self._prompt.tool_memory.take_news())
        return [*self.guesses.forget(), asked]

    # -- guesses --------------------------------------------------------------------------------

    def guess(self, history: History, now: float) -> Outcome:
        """Ask the model before the caller is surely done. While somebody replies there is no guessing."""
        return self.guesses.begin(history, now) if self.current is None else []

    def _answer_as_guessed(self, turn_id: str, end_of_turn_ms: int, now: float) -> Outcome:
        guess = self.guesses.believe()
        self._prompt.tool_memory.forget_news()  # it was asked with them
        reply = self._begin(turn_id, Kind.ANSWER, now, guess.reply)
        reply.timing.end_of_turn_ms = end_of_turn_ms
        reply.timing.first_audio_at = reply.speech.first_audio_at
        self._waits.for_text(now, filler=True)
        if not reply.empty:
            self._waits.text_came()
        out: Outcome = self.release(now)
        return out + (self._llm_done(reply, now) if guess.answered else self._speak(reply, now))

    # -- events ---------------------------------------------------------------------------------

    def receive(self, event: Event, now: float) -> Outcome:
        if self.guesses.owns(event):
            return self.guesses.take(event, now)
        if isinstance(event, ToolDone):
            return self._tool_answered(event, now)
        reply = self.current
        if reply is None:
            return []
        match event:
            case TtsAudio():
                return self._audio(reply, event, now)
            case LlmDelta(ask_id, text) if ask_id == reply.ask_id:
                return self._text(reply, text, now)
            case HandlerDelta(turn_id, text) if turn_id == reply.turn_id:
                return self._text(reply, text, now)
            case LlmToolCall() if event.ask_id == reply.ask_id and reply.asking:
                reply.tools.add(event)
            case LlmDone(ask_id) if ask_id == reply.ask_id and reply.asking:
                return self._llm_done(reply, now)
            case HandlerDone(turn_id) if turn_id == reply.turn_id and reply.asking:
                return self._done(reply, now)
            case LlmFailed(ask_id, error) if ask_id == reply.ask_id and reply.asking:
                return self._model_failed(reply, error, now)
            case HandlerFailed(turn_id, code, _) if turn_id == reply.turn_id and reply.asking:
                return self._failed(reply, code, code, now)
            case TtsDone() if reply.speech.owns(event.say_id):
                out: Outcome = [*reply.speech.done(event, now)]
                self._waits.for_voice(reply, now)
                return out + self._close_if_complete(reply, now)
            case TtsFailed():
                return self._tts_failed(reply, event, now)
            case _:
                pass
        return []

    def _text(self, reply: Reply, text: str, now: float) -> Outcome:
        if not reply.asking:
            return []
        self._waits.for_text(now, filler=False)
        reply.push(text, now)
        if not reply.empty:
            self._waits.text_came()
        return self._speak(reply, now)

    # -- the text is complete ---------------------------------------------------------------------

    def _llm_done(self, reply: Reply, now: float) -> Outcome:
        if not reply.tools.called and reply.owes_rest:
            return self._failed(reply, "model", "no rest came", now)
        if not reply.tools.called:
            return self._done(reply, now)
        if reply.tools.count >= MOST_ROUNDS:
            return self._failed(reply, "model", "too many tool rounds", now)
        reply.asking = False
        after = len(self._parts.memory.history())
        runs = reply.end_round()
        self._waits.for_tools(self._desk.longest_wait_s(runs), now)
        self._prompt.tool_memory.keep(reply.tools, after)
        out = self._speak(reply, now)
        out += [command for run in runs for command in self._desk.start(reply, run, now)]
        if reply.tools.ends_call:
            self._ending.after(reply, "agent_ended")
        return out if reply.tools.running else out + self._round_over(reply, now)

    def _tool_answered(self, event: ToolDone, now: float) -> Outcome:
        if event.run_id == HANDED_OVER:  # nobody took the caller
            return self.say(self._plan.phrases.apology, Kind.SYSTEM, now, end_reason="handler_lost")
        away, reply = self._transferring, self.current
        if away is not None and away.transfer is not None and away.transfer.run_id == event.run_id:
            return self._back_from_transfer(away, event, now)
        if reply is not None and event.run_id in reply.tools.running:
            noted = self._desk.note_answer(reply, event, now)
            over = reply.tools.result(event.run_id, event.result)
            return [noted, *self._round_over(reply, now)] if over else [noted]
        late = self._desk.take_late(event, now)
        # A guess was made without it.
        return [*late, *self.guesses.forget()] if late else []

    def _round_over(self, reply: Reply, now: float) -> Outcome:
        """Every tool of the round has a result: the model goes on, or the call ends."""
        if reply.tools.ends_call:
            return self._finish_with(reply, self._plan.phrases.goodbye, now)
        if reply.tools.transfer:  # the caller hears what the agent says before they are put through
            return self._finish_with(reply, self._plan.phrases.transfer, now)
        reply.ask_id = f"{reply.turn_id}r{reply.tools.count}"
        self._waits.for_text(now, filler=False)
        return [self._asking.model(reply)]

    def _finish_with(self, reply: Reply, phrase: str, now: float) -> Outcome:
        """No more text comes; a reply that says nothing says this phrase."""
        self._waits.answer_complete()
        if reply.empty:
            reply.push(phrase, now)
        reply.finish()
        return self._speak(reply, now)

    # -- transfers --------------------------------------------------------------------------------

    def _then(self, reply: Reply) -> Outcome:
        """The caller is put through, where the model wanted that."""
        run = reply.tools.transfer
        if run is None or run.arguments is None:
            return []
        self._transferring = reply.tools
        given = {name: str(run.arguments.get(name) or "") for name in ("target", "kind", "summary")}
        return [TransferCall(run.run_id, **given)]

    def _back_from_transfer(self, tools: ToolRounds, event: ToolDone, now: float) -> Outcome:
        """It did not come about: the model is told why, and goes on."""
        self._transferring = tools.transfer = None
        late = self._desk.take_late(event, now)
        if self.current is not None:
            return late  # somebody speaks already, and the model hears of it afterwards
        self._prompt.tool_memory.move(tools, len(self._parts.memory.history()))
        self._prompt.tool_memory.forget_news()
        reply = self._begin(self.next_turn_id(), Kind.ANSWER, now)
        self._waits.for_text(now, filler=True)
        return [*late, self._asking.model(reply)]

    def _done(self, reply: Reply, now: float) -> Outcome:
        reply.asking = False
        self._waits.text_complete()
        self._troubles.answered()
        if reply.empty and not reply.filled:  # a deliberate silence: the turn does not go on
            self.current = None
            self._parts.playback.cut(now)
            ends: Outcome = [EndCall("machine")] if reply.closing else []
            return self._settling.turns() + ends
        reply.finish()
        return self._speak(reply, now)

    # -- failures ---------------------------------------------------------------------------------

    def _model_failed(self, reply: Reply, error: str, now: float) -> Outcome:
        """Within an answer the model, or the next one, is asked to go on: a caller hears a pause at most."""
        if reply.empty or reply.went_on:
            return self._failed(reply, "model", error, now)
        broken = Note(Noted("reply.broken", self._parts.clock.ms(now), {"error": error}))
        self._waits.for_text(now, filler=False)
        return [broken, self._asking.rest(reply), *self._speak(reply, now)]

    def _failed(self, reply: Reply, code: str, error: str, now: float) -> Outcome:
        self._waits.text_complete()
        reply.asking, reply.failed = False, True
        noted = Note(Noted("reply.failed", self._parts.clock.ms(now), {"code": code, "error": error}))
        if reply.kind is Kind.NEWS and reply.empty:  # nobody waits for it, and the next question tells it too
            return [noted, *self.cut(now).out]
        enough = self._troubles.answer_failed()
        reason = "provider_error" if code == "model" else "handler_lost"
        if reply.closing and reply.empty:  # there was something to be left on a machine, and nobody said what
            return [noted, *self.drop(now), EndCall("machine")]
        if enough:
            return [noted, *self.cut(now).out, *self._give_up(reason, now)]
        if reply.empty and not reply.filled:
            self._parts.playback.cut(now)
            return [noted, *self.say(self._plan.phrases.retry, Kind.SYSTEM, now)]
        reply.break_off()
        reply.push(self._plan.phrases.retry, now)
        reply.finish()
        return [noted, *self._speak(reply, now)]

    def _give_up(self, reason: str, now: float) -> Outcome:
        """Nobody answers this caller any more: what the agent's policy says, at last the goodbye."""
        policy = self._plan.handler_policy if self._asking.reply_by == "handler" else "goodbye"
        if policy == "model":
            self._asking.reply_by = "model"
            self._troubles.answered()
            replaced = Note(Noted("handler.replaced", self._parts.clock.ms(now), {"by": "model"}))
            return [replaced, *self.answer(self.next_turn_id(), "", 0, now)]
        if policy == "transfer":
            return [TransferCall(HANDED_OVER, self._plan.handler_transfer)]
        return self.say(self._plan.phrases.apology, Kind.SYSTEM, now, end_reason=reason)

    # -- time ---------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return self._waits.next_timer()

    def handle_timer(self, now: float) -> Outcome:
        """One thing at a time: what one does decides whether the next is still waited for."""
        reply = self.current
        if reply is None:
            self._waits.clear()
        elif self._waits.take_answer(now):
            return self._answer_late(reply, now)
        elif self._waits.take_voice(now) and (say_id := reply.speech.waits_for):
            return self._voice_late(reply, say_id, now)
        elif self._waits.take_filler(now):
            return self._fill(reply, now)
        return []

    def _fill(self, reply: Reply, now: float) -> Outcome:
        """No text yet: say that it takes a moment. The answer follows in the same voice, after it."""
        if reply.closing or reply.state is State.DONE or not (reply.empty or reply.tools.running):
            return []
        if reply.tools.running:
            self._waits.fill_again(now)
            if not self._desk.silent(reply, now):
                return []
        if reply.speech.withheld:  # the caller speaks: it is not silent
            self._waits.fill_again(now)
            return []
        reply.filled = True
        reply.speech.add_aside(f"{self._plan.phrases.filler.strip()} ")  # it may be said again
        return self._speak(reply, now)

    def _answer_late(self, reply: Reply, now: float) -> Outcome:
        if reply.tools.running:
            for run_id in reply.tools.running:
                reply.tools.wait_no_more(run_id)
            return self._round_over(reply, now)
        stopped, late = self._stop_asking(reply), "no answer in time"
        if self._asking.reply_by == "model":
            return [*stopped, *self._model_failed(reply, late, now)]
        return [*stopped, *self._failed(reply, "handler_timeout", late, now)]
