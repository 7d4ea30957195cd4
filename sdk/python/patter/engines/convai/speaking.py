"""The agent's voice in the call: replies begun, heard, cut and written down. Pure."""

from __future__ import annotations

from patter.bridge.commands import Command, Note
from patter.bridge.engine import Parts
from patter.bridge.memory import Turn
from patter.engines.convai.gate import Gate
from patter.engines.convai.reply import AgentReply, shorter
from patter.engines.convai.wire import AgentCorrection
from patter.engines.pipeline.reply import Kind


class Speaking:
    """One reply at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._closed = False
        self._cut_turn: Turn | None = None
        self._cut_unnamed: tuple[AgentReply, int] | None = None
        self.gate = Gate()
        self.current: AgentReply | None = None
        self.spoke = False
        """Something of the agent was heard since the caller's last turn."""

    def begin(self, turn_id: str, kind: Kind, now: float) -> AgentReply:
        if (before := self.current) is not None:  # played to its end, and only the carrier's echo is missing
            heard = before.heard(self._parts.playback.heard_ms(now)) if before.broken else before.text
            self._write(before, heard, now, interrupted=before.broken)
        self._closed = False
        self.current = AgentReply(
            turn_id, kind, self._parts.playback, now=now, now_ms=self._parts.clock.ms(now)
        )
        return self.current

    @property
    def quiet_at(self) -> float | None:
        """When the present reply's audio is taken for complete."""
        return self.current.quiet_at if self.current is not None and not self._closed else None

    def close(self, now: float, *, broken: bool = False) -> list[Command]:
        """No more audio comes for the present reply; ``broken``: though more of it should have come."""
        if self.current is None or self._closed:
            return []
        self._closed = True
        self.current.broken = broken
        return [*self.current.close(now)]

    def unsaid(self, now: float) -> Kind | None:
        """Forget a reply that has no sound, and gets none. Gives its kind."""
        reply = self.current
        if reply is None or reply.timing.first_audio_at is not None:
            return None
        self.drop(now)
        return reply.kind

    @property
    def over(self) -> bool:
        """The present reply takes no more: another answer is another reply."""
        return self.current is None or self._closed

    # -- heard ------------------------------------------------------------------------------------

    def moved(self, now: float) -> list[Command]:
        """The carrier played something: what was said before it does not change any more."""
        if self.current is None:
            return []
        self.current.note_sent()
        if self._parts.playback.heard_ms(now) <= 0:
            return []
        self.spoke = True
        return self.settle()

    def finished(self, now: float) -> tuple[AgentReply, str, list[Command]] | None:
        """The reply, once, when it was heard to its end, and what was heard of its text."""
        reply = self.current
        if not self._parts.playback.take_finished() or reply is None:
            return None
        self.current = None
        self.spoke = True
        broken = reply.broken or reply.cut_short
        heard = reply.heard(self._parts.playback.heard_ms(now)) if broken else reply.text
        self._write(reply, heard, now, interrupted=broken)
        return reply, heard, self.settle()

    def cut(self, now: float) -> tuple[AgentReply, str, list[Command]] | None:
        """End the reply here. Gives it, what was heard of it, and what is to be done."""
        reply, self.current = self.current, None
        if reply is None:
            return None
        reply.note_sent()
        heard_ms, commands = self._parts.playback.cut(now)
        heard = reply.heard(heard_ms)
        out: list[Command] = [*commands]
        if heard:
            self.spoke = True
            out += self.settle()
            self._cut_turn = self._write(reply, heard, now, interrupted=True)
        elif heard_ms and not reply.named:
            self._cut_unnamed = (reply, heard_ms)
        return reply, heard, out

    def drop(self, now: float) -> list[Command]:
        """End the reply here as if nothing of it had been said: a machine heard it."""
        self.current, self._cut_turn, self._cut_unnamed = None, None, None
        _, commands = self._parts.playback.cut(now)
        return [*commands]

    def correct(self, told: AgentCorrection, now: float) -> None:
        """The vendor's word on what was heard of the reply that was cut, or is about to be."""
        corrected = told.corrected
        if self._cut_unnamed is not None:
            reply, heard_ms = self._cut_unnamed
            self._cut_unnamed = None
            reply.suppose(corrected)
            self._cut_turn = self._write(reply, reply.heard(heard_ms), now, interrupted=True)
        elif self._cut_turn is not None:
            self._cut_turn.text = shorter(self._cut_turn.text, corrected)
        elif self.current is not None and self.current.may_be(told.original):
            self.current.corrected = corrected

    def write_notice(self, reply: AgentReply, now: float) -> None:
        """The announcement at the head of a reply was heard: it is told at once, as a turn."""
        now_ms = self._parts.clock.ms(now)
        self._parts.memory.add(reply.turn_id, "assistant", reply.notice, reply.started_ms, now_ms)
        reply.started_ms = now_ms
        reply.written, reply.notice = reply.notice, ""

    def _write(self, reply: AgentReply, text: str, now: float, *, interrupted: bool) -> Turn | None:
        now_ms = self._parts.clock.ms(now)
        memory = self._parts.memory
        text, full = (each.removeprefix(reply.written).strip() for each in (text, reply.text))
        for said, role in ((reply.notice, "assistant"), (reply.aside, "system")):
            if said and text.startswith(said):
                memory.add(reply.turn_id, role, said, reply.started_ms, now_ms)
                text, full = text.removeprefix(said).strip(), full.removeprefix(said).strip()
        if not text:
            return None
        return memory.add(
            reply.turn_id,
            "assistant",
            text,
            reply.started_ms,
            now_ms,
            full_text=full,
            interrupted=interrupted,
            latency=reply.timing.as_row() if reply.kind is Kind.ANSWER else None,
        )

    def settle(self) -> list[Command]:
        """All turns so far do not change any more."""
        self._cut_turn = self._cut_unnamed = None
        return [Note(turn) for turn in self._parts.memory.take_settled()]
