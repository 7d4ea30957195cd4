"""What becomes of an answer that fails: it is asked for again, another is, or the call ends. Pure."""

from __future__ import annotations

from patter.bridge.engine import Outcome, TransferCall
from patter.engines.pipeline.replies import HANDED_OVER
from patter.engines.pipeline.troubles import MOST_FAILURES
from patter.engines.realtime.endings import Endings
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.mouth import Mouth
from patter.engines.realtime.reply import Kind, Reply
from patter.engines.realtime.saying import Saying
from patter.engines.realtime.wire import ResponseDone

MOST_TRIES = 2
ALREADY_ACTIVE = "conversation_already_has_active_response"
"""It concerns what was asked for last, also where it does not say so."""


class Failing:
    """Limits pass, handlers recover, and a caller is never left in silence."""

    def __init__(self, floor: Floor, mouth: Mouth, endings: Endings, saying: Saying) -> None:
        self._floor, self._mouth = floor, mouth
        self._endings, self._saying = endings, saying
        self._phrases = floor.plan.phrases

    # -- one response -------------------------------------------------------------------------------

    def response_failed(self, reply: Reply, message: ResponseDone, now: float) -> Outcome:
        reply.tools.forget_called()
        self._mouth.ask_again(now)
        return self._try_again(reply, message.error.code if message.error else "failed", now)

    def refused(self, tag: str, code: str, now: float) -> Outcome:
        """The session did not take what was asked of it. It is asked again, after what is active."""
        if code == ALREADY_ACTIVE:
            tag = tag or self._mouth.asked_tag
        if not self._mouth.refused(tag, now) or (reply := self._floor.current) is None:
            return []
        return self._try_again(reply, code, now)

    def _try_again(self, reply: Reply, code: str, now: float) -> Outcome:
        """Ask for the same once more: limits pass. What was partly said is not said again."""
        reply.tries += 0 if self._mouth.busy else 1
        noted = self._floor.note("response.failed", now, code=code)
        unread = reply.take_unread()
        if reply.tries > MOST_TRIES:
            return [noted, *self.failed(reply, "model" if reply.by_model else "voice", code, now)]
        if unread is not None:
            reply.chunks.appendleft(unread)
        elif reply.by_model and not reply.chunks:
            reply.wants_model = True
        return [noted, *self._saying.speak(now)]

    def incomplete(self, reply: Reply, now: float) -> Outcome:
        """The model stopped before its end: at its limit, or at what it must not say."""
        noted = self._floor.note("reply.incomplete", now)
        if reply.silent and not reply.closing:
            self._endings.withdrawn(now)
            return [noted, *self._saying.say(self._phrases.retry, Kind.SYSTEM, now)]
        return [noted, *self._saying.speak(now)]

    # -- the whole answer -----------------------------------------------------------------------------

    def failed(self, reply: Reply, code: str, error: str, now: float) -> Outcome:
        """Nobody makes this answer. ``code`` says whose fault it is: model, voice, or the handler's own."""
        self._floor.waits.answer_complete()
        reply.asking, reply.wants_model, reply.failed = False, False, True
        self._floor.failures += 1
        noted = self._floor.note("reply.failed", now, code=code, error=error)
        if code == "voice":  # whoever speaks cannot: neither can it say that
            return [noted, *self._saying.speechless(reply.given, now)]
        if self._floor.failures >= MOST_FAILURES:
            reason = "provider_error" if code == "model" else "handler_lost"
            return [noted, *self._endings.cut(now), *self._give_up(reason, now)]
        reply.tries = 0
        if reply.silent and not reply.given:  # else what there is comes first
            self._endings.withdrawn(now)
            return [noted, *self._saying.say(self._phrases.retry, Kind.SYSTEM, now)]
        reply.push(" " + self._phrases.retry)
        reply.finish()
        return [noted, *self._saying.speak(now)]

    def late(self, reply: Reply, now: float) -> Outcome:
        """The handler did not answer in time."""
        stopped = self._endings.stop_asking(reply, "")
        return [*stopped, *self.failed(reply, "handler_timeout", "no answer in time", now)]

    def _give_up(self, reason: str, now: float) -> Outcome:
        """Nobody answers this caller any more: what the agent's policy says, at last the goodbye."""
        policy = "goodbye" if self._floor.by_model else self._floor.plan.handler_policy
        if policy == "model":
            return self._let_model_take_over(now)
        if policy == "transfer":
            return [TransferCall(HANDED_OVER, self._floor.plan.handler_transfer)]
        return self.apologise(reason, now)

    def _let_model_take_over(self, now: float) -> Outcome:
        """Another session, with prompt and tools: what was read aloud is unknown to the present one."""
        self._floor.by_model, self._floor.failures = True, 0
        replaced = self._floor.note("handler.replaced", now, by="model")
        reply = self._floor.begin(self._floor.next_turn_id(), Kind.ANSWER, now)
        return [replaced, *self._mouth.start_over(now), *self._saying.ask_model(reply, now)]

    def apologise(self, reason: str, now: float) -> Outcome:
        """The last thing that is said in this call."""
        return self._saying.say(self._phrases.apology, Kind.SYSTEM, now, end_reason=reason)
