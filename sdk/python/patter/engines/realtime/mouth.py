"""Has a reply spoken: by the session, one response at a time, or by the spare voice when there is none."""

from __future__ import annotations

from patter.bridge.clock import earliest
from patter.bridge.commands import Commands, TtsSay, TtsStop
from patter.bridge.plan import CallPlan
from patter.engines.realtime import wire
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.reply import Reply
from patter.engines.realtime.slot import Slot
from patter.engines.realtime.wire import ResponseCreated

READ_ALOUD = (
    "Read aloud exactly the text below, in its own language. Add nothing, leave nothing out, change nothing, "
    "and do not answer it.\n\n"
)
AGAIN_AFTER_S = 0.5
"""After a response that was refused or failed, before it is asked for again."""


class Mouth:
    """Asks for one thing at a time to be said."""

    def __init__(self, plan: CallPlan, line: SpeechLine) -> None:
        self._line = line
        self._has_spare = plan.tts is not None
        self._slot = Slot()
        self._count = 0
        self._say_id = ""
        self._again_at: float | None = None

    @property
    def busy(self) -> bool:
        return self._slot.busy or bool(self._say_id)

    @property
    def asked(self) -> bool:
        """A response was asked for and has not begun."""
        return bool(self.asked_tag)

    @property
    def asked_tag(self) -> str:
        """What tells that response from others; empty for none."""
        return self._slot.asked

    @property
    def mute(self) -> bool:
        """There is nobody left who could speak."""
        return self._line.dead and not self._has_spare

    def pump(self, reply: Reply, now: float) -> Commands:
        """Ask for what comes next, when nothing is being said."""
        if self.busy or (self._again_at is not None and self._again_at > now):
            return []
        self._again_at = None
        if reply.chunks and self._line.dead and self._has_spare:
            return self._read_with_spare(reply)
        if not self._line.ready:
            return []
        if reply.chunks:
            reply.reading = chunk = reply.chunks.popleft()
            return self._line.say(wire.reading_request(self._ask(), READ_ALOUD + chunk.text))
        if reply.wants_model:
            reply.wants_model = False
            return self._line.say(wire.reply_request(self._ask()))
        return []

    def _ask(self) -> str:
        self._count += 1
        tag = f"r{self._count}"
        self._slot.ask(tag)
        return tag

    def _read_with_spare(self, reply: Reply) -> Commands:
        reply.reading = chunk = reply.chunks.popleft()
        self._count += 1
        self._say_id = f"spare{self._count}"
        return [TtsSay(self._say_id, chunk.text)]

    # -- what is being made -----------------------------------------------------------------------

    def created(self, message: ResponseCreated) -> bool:
        """A response of ours began. False: it is not wanted any more."""
        return self._slot.created(message.response_id, message.tag)

    def done(self, response_id: str) -> None:
        self._slot.done(response_id)

    def refused(self, tag: str, now: float) -> bool:
        """What was asked for is not made: it is asked for again. False when it was not the present one."""
        if not self._slot.refused(tag):
            return False
        self.ask_again(now)
        return True

    def ask_again(self, now: float) -> None:
        self._again_at = now + AGAIN_AFTER_S

    def owns(self, say_id: str) -> bool:
        return bool(say_id) and say_id == self._say_id

    def spare_done(self) -> None:
        self._say_id = ""

    def stop(self, now: float, *, cancel: bool) -> Commands:
        """What is being said is not wanted. ``cancel``: the server does not know it yet."""
        out: Commands = [TtsStop(self._say_id)] if self._say_id else []
        self._say_id, self._again_at = "", None
        for response_id in self._slot.give_up(now):
            out += self._line.say(wire.cancel(response_id)) if cancel else []
        return out

    def lost(self, reply: Reply | None) -> None:
        """The session is over: what is missing of what it was reading aloud is read by the next."""
        self._slot.reset()
        self._again_at = None
        if reply is None or self._say_id:
            return
        if (unread := reply.take_unread()) is not None:
            reply.chunks.appendleft(unread)

    def start_over(self, now: float) -> Commands:
        """Leave this session for another one, while nothing of it is wanted any more."""
        self.lost(None)
        return self._line.renew(now)

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return earliest(self._again_at, self._slot.until)

    def handle_timer(self, now: float) -> None:
        if self._slot.until is not None and self._slot.until <= now:
            self._slot.reset()  # it was cancelled, and does not say so
        if self._again_at is not None and self._again_at <= now:
            self._again_at = None
