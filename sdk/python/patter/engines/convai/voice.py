"""Everything that is said in a call: by the vendor's agent, and by us where it does not. Pure."""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import Event
from patter.bridge.records import Noted
from patter.engines.convai.announcement import Announcement
from patter.engines.convai.answering import Answering
from patter.engines.convai.line import SpeechLine
from patter.engines.convai.owed import Owed
from patter.engines.convai.reply import AgentReply
from patter.engines.convai.saying import OwnWords
from patter.engines.convai.speaking import Speaking
from patter.engines.convai.wire import AgentAudio, AgentText
from patter.engines.pipeline.replies import Replies
from patter.engines.pipeline.reply import Kind


class Voice:
    """One voice at a time. ``answering`` and ``owed`` say whose answer it is."""

    def __init__(
        self,
        parts: Parts,
        line: SpeechLine,
        answering: Answering,
        owed: Owed,
        announcement: Announcement,
    ) -> None:
        self._parts = parts
        self._line = line
        self._answering = answering
        self._owed = owed
        self._announcement = announcement
        self._own = Replies(parts)
        """Our own voice: stored phrases, or another provider's."""
        self._unfinished: tuple[AgentReply, str] | None = None
        """A reply whose conversation broke, and what was heard of it."""
        self.words = OwnWords(parts.plan.reply_by)
        self.speaking = Speaking(parts)

    @property
    def current(self) -> AgentReply | None:
        """What the vendor's agent is saying."""
        return self.speaking.current

    @property
    def busy(self) -> bool:
        own = self._own.current is not None
        return self.current is not None or own or self.words.wish is not None

    @property
    def speaking_now(self) -> bool:
        """Somebody's words are on their way to the caller."""
        return self.current is not None or self._own.current is not None

    @property
    def closing(self) -> bool:
        """Our own voice says the last words."""
        return self._own.closing

    def next_turn_id(self) -> str:
        return self._own.next_turn_id()

    # -- the agent's ------------------------------------------------------------------------------

    def audio(self, piece: AgentAudio, now: float) -> Outcome:
        """A piece of the agent's audio."""
        return self.play(self.speaking.gate.audio(piece), now)

    def text(self, answer: AgentText, now: float) -> Outcome:
        """The text of an answer of the agent."""
        held = self.speaking.gate.answered(answer.event_id)
        if answer.text and self._own.current is None:
            self._reply(now).say(answer.text, now)
        return self.play(held, now)

    def play(self, pieces: list[AgentAudio], now: float) -> Outcome:
        """While our own voice speaks the agent's is dropped: nobody could follow both."""
        out: Outcome = []
        for piece in pieces if self._own.current is None else ():
            reply = self._reply(now)
            turn = self._answering.turn
            if turn is not None and turn.turn_id == reply.turn_id:
                reply.suppose(turn.text)
                reply.aside = self._parts.plan.phrases.filler.strip() if turn.filled else ""
            out += reply.sound(self._line.agent(piece.payload), piece.alignment, now)
        return out

    def _reply(self, now: float) -> AgentReply:
        """The reply that the agent's words and sounds belong to."""
        if self.current is not None and not self.speaking.over:
            return self.current
        if (wish := self.words.begun()) is not None:
            return self.speaking.begin(self.next_turn_id(), wish.kind, now)
        turn_id, kind = self._owed.whose(self._answering.turn)
        reply = self.speaking.begin(turn_id or self.next_turn_id(), kind, now)
        reply.notice = self._announcement.text
        self._owed.time(reply, self._answering.turn)
        self._owed.nothing()
        return reply

    # -- ours -------------------------------------------------------------------------------------

    def say(self, text: str, kind: Kind, now: float, *, end_reason: str = "") -> Outcome:
        """Have this said: by the agent, or in our own voice where there is no agent, or it does not."""
        out = self.stop_agent("say", now)
        if self._line.ready:
            return [*out, *self._line.send(self.words.ask(text, kind, now))]
        if self._line.coming:
            self.words.keep(self.words.ask(text, kind, now))
            return out
        self.words.begun()  # what the agent was asked for before is not said into this
        return out + self._own.say(text, kind, now, end_reason=end_reason)

    def line_ready(self) -> Outcome:
        """A conversation is there: it is asked for what waited for it."""
        message = self.words.take_unsent()
        return [*self._line.send(message)] if message is not None else []

    def own(self, event: Event, now: float) -> Outcome:
        """What concerns our own voice."""
        return self._own.receive(event, now)

    # -- its ends ---------------------------------------------------------------------------------

    def stop_agent(self, by: str, now: float) -> Outcome:
        """We cut the agent, not the vendor: what it still sends of that answer is not played."""
        self.speaking.gate.cut()
        return self.cut(by, now)

    def cut(self, by: str, now: float) -> Outcome:
        """Whoever speaks is cut here."""
        if self._own.current is not None:
            return self._own.cut(now).out
        heard_ms = self._parts.playback.heard_ms(now)
        cut = self.speaking.cut(now)
        if cut is None:
            return []
        reply, heard, out = cut
        if self._answers(reply):
            out += self._answering.stop(heard)
        told = Noted("reply.cut", self._parts.clock.ms(now), {"by": by, "heard_ms": heard_ms})
        return [Note(told), *out]

    def drop(self, now: float) -> Outcome:
        """Whoever speaks is cut, and leaves no trace: a machine heard it."""
        self.words.begun()
        self.speaking.gate.cut()
        own = self._own.drop(now)
        return [*own, *self.speaking.drop(now), *self._answering.stop("")]

    def heard_so_far(self, now: float) -> str:
        """What was heard of the agent's present reply."""
        return self.current.heard(self._parts.playback.heard_ms(now)) if self.current is not None else ""

    def _answers(self, reply: AgentReply) -> bool:
        turn = self._answering.turn
        return turn is not None and turn.turn_id == reply.turn_id

    def moved(self, now: float) -> Outcome:
        """The carrier played something."""
        if self._own.current is not None:
            return self._own.playback_moved(now)
        reply = self.current
        if reply is not None and self._announcement.moved(reply, self._parts.playback.heard_ms(now)):
            self.speaking.write_notice(reply, now)
        return [*self.speaking.moved(now)]

    def finished(self, now: float) -> Outcome | None:
        """Once, when the agent was heard to its end."""
        finished = self.speaking.finished(now) if self._own.current is None else None
        if finished is None:
            return None
        reply, heard, settled = finished
        self._announcement.finished(reply)
        self._unfinished = (reply, heard) if reply.broken else None
        if self._answers(reply):
            self._answering.heard()
        return [*settled]

    @property
    def breaks_off(self) -> bool:
        """The rest of a reply is owed, and not known yet: whoever replies goes on."""
        return self._unfinished is not None and self._answering.going_on

    def take_rest(self) -> str:
        """What the caller did not hear of a reply whose conversation broke; empty: nothing is owed."""
        if self._unfinished is None:
            return ""
        reply, heard = self._unfinished
        self._unfinished = None
        turn = self._answering.turn
        text = turn.text if turn is not None and turn.turn_id == reply.turn_id else reply.text
        rest = text.removeprefix(heard).strip() if text.startswith(heard) else ""
        return rest if any(map(str.isalnum, rest)) else ""

    def caller_spoke(self) -> None:
        """The caller went on: what they did not hear is not said any more."""
        self.speaking.spoke = False
        self._unfinished = None

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        wish = self.words.wish
        timers = (self._quiet_at, wish.until if wish else None, self._own.next_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    @property
    def _quiet_at(self) -> float | None:
        """A handler that still answers only pauses."""
        return None if self._answering.going_on else self.speaking.quiet_at

    def handle_timer(self, now: float, end_reason: str) -> Outcome:
        out: Outcome = []
        if (quiet_at := self._quiet_at) is not None and quiet_at <= now:
            out += self.speaking.close(now)
        if (wish := self.words.late(now)) is not None:
            out += self._own.say(wish.text, wish.kind, now, end_reason=end_reason)
        return out + self._own.handle_timer(now)
