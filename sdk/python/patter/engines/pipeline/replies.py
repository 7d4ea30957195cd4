"""The agent's side: who is asked, what is spoken, and how a reply ends: heard, cut or failed."""

from __future__ import annotations

import json
from dataclasses import dataclass

from patter.bridge.commands import (
    HandlerAsk,
    HandlerStop,
    LlmAsk,
    LlmStop,
    Note,
    ToolRun,
    ToolStop,
)
from patter.bridge.engine import EndCall, Outcome, Parts
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
from patter.engines.pipeline.reply import TOOL_ROUNDS, Kind, Prompt, Reply, State

MOST_FAILURES = 3
MOST_VOICE_FAILURES = 2
END_CALL = "end_call"


@dataclass(frozen=True, slots=True)
class Cut:
    """What was left of a reply that was cut."""

    heard: str
    out: Outcome


class Replies:
    """Makes one reply at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._prompt = Prompt(parts.plan.system_prompt, parts.plan.tools)
        self._count = 0
        self._failures = 0
        self._voice_failures = 0
        self._deadline: float | None = None
        self._end_reason = ""
        self.current: Reply | None = None

    @property
    def closing(self) -> bool:
        """The goodbye is being said: nothing interrupts it."""
        return self.current is not None and self.current.closing

    def next_turn_id(self) -> str:
        self._count += 1
        return f"t{self._count}"

    # -- beginnings -----------------------------------------------------------------------------

    def answer(self, turn_id: str, text: str, end_of_turn_ms: int, now: float) -> Outcome:
        """Ask whoever replies in this call."""
        reply = self._begin(turn_id, Kind.ANSWER, now)
        reply.timing.end_of_turn_ms = end_of_turn_ms
        self._deadline = now + self._plan.turn_taking.handler_timeout_s
        history = self._parts.memory.history()
        if self._plan.reply_by == "handler":
            return [HandlerAsk(turn_id, text, history)]
        return [LlmAsk(turn_id, self._prompt.messages(history, ()), self._prompt.tools)]

    def say(self, text: str, kind: Kind, now: float, *, end_reason: str = "") -> Outcome:
        """Speak a text of our own; with ``end_reason`` the call ends when it was heard."""
        reply = self._begin(self.next_turn_id(), kind, now)
        if end_reason:
            reply.closing = True
            self._end_reason = end_reason
        reply.push(text, now)
        reply.finish()
        return self._speak(reply, now)

    def _begin(self, turn_id: str, kind: Kind, now: float) -> Reply:
        self._parts.playback.begin()
        reply = self.current = Reply(turn_id, kind, self._parts.playback, asked_at=now)
        reply.started_ms = self._parts.clock.ms(now)
        self._deadline = None
        return reply

    # -- events ---------------------------------------------------------------------------------

    def receive(self, event: Event, now: float) -> Outcome:
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
            case LlmToolCall() if event.ask_id == reply.ask_id:
                reply.tool_calls.append(event)
            case LlmDone(ask_id) if ask_id == reply.ask_id:
                return self._llm_done(reply, now)
            case HandlerDone(turn_id) if turn_id == reply.turn_id:
                return self._done(reply, now)
            case LlmFailed(ask_id, error) if ask_id == reply.ask_id:
                return self._failed(reply, "model", error, now)
            case HandlerFailed(turn_id, code, _) if turn_id == reply.turn_id:
                return self._failed(reply, code, code, now)
            case ToolDone(run_id, result):
                return self._tool_done(reply, run_id, result, now)
            case TtsDone():
                return [*reply.speech.done(event, now), *self._close_if_complete(reply, now)]
            case TtsFailed():
                return self._tts_failed(reply, event, now)
            case _:
                pass
        return []

    def _text(self, reply: Reply, text: str, now: float) -> Outcome:
        if reply.state is State.DONE:
            return []
        self._deadline = None
        reply.push(text, now)
        return self._speak(reply, now)

    def _audio(self, reply: Reply, event: TtsAudio, now: float) -> Outcome:
        commands = reply.speech.audio(event, now)
        if commands:
            self._voice_failures = 0
        if reply.timing.first_audio_at is None:
            reply.timing.first_audio_at = reply.speech.first_audio_at
        self._note_sent(reply)
        return [*commands]

    def _note_sent(self, reply: Reply) -> None:
        sent_at = self._parts.playback.first_sent_at
        if reply.timing.first_sent_at is None and sent_at is not None:
            reply.timing.first_sent_at = sent_at

    def _speak(self, reply: Reply, now: float) -> Outcome:
        return [*reply.speech.pump(), *self._close_if_complete(reply, now)]

    def _close_if_complete(self, reply: Reply, now: float) -> Outcome:
        playback = self._parts.playback
        if reply.state is not State.DONE or not reply.speech.complete or not playback.active:
            return []
        commands: Outcome = [*playback.close(now)]
        # A reply without any audio is over at once: no mark will come.
        return commands + self._heard_in_full(reply, now) if playback.take_finished() else commands

    # -- the text is complete ---------------------------------------------------------------------

    def _llm_done(self, reply: Reply, now: float) -> Outcome:
        if not reply.tool_calls:
            return self._done(reply, now)
        self._deadline = None
        calls = reply.tool_round()
        if any(call.name == END_CALL for call in calls):
            return self._end_call(reply, now)
        if reply.rounds > TOOL_ROUNDS:
            return self._failed(reply, "model", "too many tool rounds", now)
        return [command for call in calls for command in self._run_tool(reply, call, now)]

    def _run_tool(self, reply: Reply, call: LlmToolCall, now: float) -> Outcome:
        try:
            arguments = json.loads(call.arguments or "{}")
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            error = {"error": "The arguments are not a JSON object. Call the tool again with one."}
            return self._tool_done(reply, call.tool_call_id, error, now)
        return [ToolRun(call.tool_call_id, call.name, arguments)]

    def _tool_done(self, reply: Reply, run_id: str, result: object, now: float) -> Outcome:
        if not reply.tool_result(run_id, result):
            return []
        reply.ask_id = f"{reply.turn_id}r{reply.rounds}"
        self._deadline = now + self._plan.turn_taking.handler_timeout_s
        messages = self._prompt.messages(self._parts.memory.history(), reply.tool_messages)
        return [LlmAsk(reply.ask_id, messages, self._prompt.tools)]

    def _end_call(self, reply: Reply, now: float) -> Outcome:
        reply.closing = True
        self._end_reason = "agent_ended"
        if reply.empty:
            reply.push(self._plan.phrases.goodbye, now)
        reply.finish()
        at_ms = self._parts.clock.ms(now)
        return [Note(Noted("tool.end_call", at_ms, {"turn_id": reply.turn_id})), *self._speak(reply, now)]

    def _done(self, reply: Reply, now: float) -> Outcome:
        self._deadline = None
        self._failures = 0
        if reply.empty:  # a deliberate silence
            self.current = None
            self._parts.playback.cut(now)
            return []
        reply.finish()
        return self._speak(reply, now)

    # -- failures ---------------------------------------------------------------------------------

    def _failed(self, reply: Reply, code: str, error: str, now: float) -> Outcome:
        self._deadline = None
        self._failures += 1
        noted = Note(Noted("reply.failed", self._parts.clock.ms(now), {"code": code, "error": error}))
        reason = "provider_error" if code == "model" else "handler_lost"
        if self._failures >= MOST_FAILURES:
            cut = self.cut(now)
            apology = self.say(self._plan.phrases.apology, Kind.SYSTEM, now, end_reason=reason)
            return [noted, *cut.out, *apology]
        if reply.empty:
            stopped = self._stop_work(reply)
            self._parts.playback.cut(now)
            return [noted, *stopped, *self.say(self._plan.phrases.retry, Kind.SYSTEM, now)]
        reply.push(" " + self._plan.phrases.retry, now)
        reply.finish()
        return [noted, *self._speak(reply, now)]

    def _tts_failed(self, reply: Reply, event: TtsFailed, now: float) -> Outcome:
        if not reply.speech.owns(event.say_id):
            return []
        commands: Outcome = [*reply.speech.fail(event, now)]
        if reply.speech.failed is None:
            return commands  # the chunk is tried once more
        self._voice_failures += 1
        error = {"code": "voice", "error": event.error}
        commands.append(Note(Noted("reply.failed", self._parts.clock.ms(now), error)))
        reply.finish()
        if reply.closing or self._voice_failures >= MOST_VOICE_FAILURES:
            reply.closing = True
            self._end_reason = self._end_reason or "provider_error"
        return [*commands, *self._close_if_complete(reply, now)]

    # -- time ---------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return self._deadline

    def handle_timer(self, now: float) -> Outcome:
        if self._deadline is None or self._deadline > now:
            return []
        self._deadline = None
        reply = self.current
        if reply is None:
            return []
        stopped = self._stop_work(reply)
        code = "handler_timeout" if self._plan.reply_by == "handler" else "model"
        return [*stopped, *self._failed(reply, code, "no answer in time", now)]

    # -- endings --------------------------------------------------------------------------------------

    def playback_moved(self, now: float) -> Outcome:
        """The carrier played something: more may be spoken, or the reply was heard to its end."""
        reply = self.current
        if reply is None:
            self._parts.playback.take_finished()
            return []
        self._note_sent(reply)
        out: Outcome = []
        if self._parts.playback.heard_ms(now) > 0:
            out += self.settle_turns()
        if self._parts.playback.take_finished():
            return [*out, *self._heard_in_full(reply, now)]
        return [*out, *self._speak(reply, now)]

    def _heard_in_full(self, reply: Reply, now: float) -> Outcome:
        self.current = None
        out = self.settle_turns() + self._settle(reply, reply.script.full_text, False, now)
        return [*out, EndCall(self._end_reason)] if reply.closing else out

    def cut(self, now: float) -> Cut:
        """End the reply here: history holds what was heard."""
        reply = self.current
        if reply is None:
            return Cut("", [])
        self.current = None
        self._deadline = None
        self._note_sent(reply)
        heard_ms, commands = self._parts.playback.cut(now)
        heard = reply.script.heard_text(heard_ms)
        out: Outcome = [*commands, *self._stop_work(reply, heard)]
        if heard:
            out += self.settle_turns() + self._settle(reply, heard, True, now)
        return Cut(heard, out)

    def _stop_work(self, reply: Reply, heard: str = "") -> Outcome:
        commands: Outcome = [*reply.speech.stop()]
        if reply.kind is Kind.ANSWER and self._plan.reply_by == "handler":
            commands.append(HandlerStop(reply.turn_id, heard))
        elif reply.kind is Kind.ANSWER and reply.state is not State.DONE:
            commands.append(LlmStop(reply.ask_id))
        commands += [ToolStop(run_id) for run_id in sorted(reply.results_wanted)]
        return commands

    def _settle(self, reply: Reply, text: str, interrupted: bool, now: float) -> Outcome:
        if not text:
            return []
        full = reply.text.strip() if interrupted else text
        self._parts.memory.add(
            reply.turn_id,
            "assistant",
            text,
            reply.started_ms,
            self._parts.clock.ms(now),
            full_text=full,
            interrupted=interrupted,
            latency=reply.timing.as_row() if reply.kind is Kind.ANSWER else None,
        )
        return self.settle_turns()

    def settle_turns(self) -> Outcome:
        """All turns so far do not change any more: part of the reply to the last one was heard."""
        return [Note(turn) for turn in self._parts.memory.take_settled()]
