"""A session is lost, and found again or not: what is said again, what is told, and what is given up. Pure."""

from __future__ import annotations

from patter.bridge.engine import Outcome
from patter.engines.realtime import wire
from patter.engines.realtime.endings import Endings
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.mouth import Mouth
from patter.engines.realtime.reply import Kind
from patter.engines.realtime.saying import Saying
from patter.engines.realtime.tool_desk import ToolDesk

GO_ON = (
    "The line broke while you were speaking. The caller heard this of your reply: {said!r}. "
    "Go on from there, without repeating it."
)


class Recovery:
    """``stuck``: the session owes something and says nothing."""

    def __init__(
        self,
        floor: Floor,
        mouth: Mouth,
        line: SpeechLine,
        desk: ToolDesk,
        endings: Endings,
        saying: Saying,
    ) -> None:
        self._floor, self._mouth, self._line, self._desk = floor, mouth, line, desk
        self._endings, self._saying = endings, saying
        self.stuck = False

    def sound_late(self, now: float) -> Outcome:
        """What the session owes did not come in time."""
        if self._line.dead and self._floor.current is not None:
            return self._saying.speechless(self._floor.current.given, now)
        self.stuck = self._mouth.busy
        return []

    def line_lost(self, now: float) -> None:
        """What was being said is said by the next session; what the carrier has is heard meanwhile."""
        reply, expected = self._floor.current, self._floor.expected
        making = self._mouth.busy
        self._mouth.lost(reply)
        self._floor.waits.sound_complete()
        self._floor.expected, self.stuck = None, False
        if reply is None:
            if expected is None:
                return
            reply = self._floor.begin(expected.turn_id, Kind.ANSWER, now)
            reply.timing.end_of_turn_ms = expected.end_of_turn_ms
            reply.by_model = making = True
        reply.lose_items()
        if reply.by_model and making and not reply.closing:
            reply.tools.forget_called()
            reply.wants_model, reply.broken_off = True, not reply.silent
        reply.end_items()

    def line_died(self, now: float) -> Outcome:
        """No session will come: another voice apologises, or the carrier's."""
        reply, phrases = self._floor.current, self._floor.plan.phrases
        if reply is not None and reply.closing:
            text, reason = reply.given or phrases.goodbye, self._floor.end_reason
        else:
            text, reason = phrases.apology, "provider_error"
        cut = self._endings.cut(now)
        return cut + self._saying.say(text, Kind.SYSTEM, now, end_reason=reason)

    def retell(self) -> Outcome:
        """What a new session must know beside the turns: late results, and the reply that is being made."""
        out = self._desk.tell_kept()
        reply = self._floor.current
        if reply is None or not reply.by_model:
            return out
        out += [c for item in reply.tools.retold() for c in self._line.say(item)]
        if reply.broken_off:
            reply.broken_off = False
            out += self._line.say(wire.text_item("system", GO_ON.format(said=reply.script.full_text)))
        return out

    def ask_to_repeat(self, now: float) -> Outcome:
        """The words of the caller's turn are lost, and so is the reply to them."""
        cut = self._endings.cut(now)
        return cut + self._saying.say(self._floor.plan.phrases.retry, Kind.SYSTEM, now)
