"""How a call in convai mode ends: whose last words are said, and what a lost conversation means. Pure."""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import EndCall, Outcome
from patter.bridge.records import Noted
from patter.engines.convai.endings import After, Ending
from patter.engines.convai.ends import FAILURES
from patter.engines.convai.rooms import Rooms
from patter.engines.pipeline.reply import Kind


class Closing:
    """The first reason counts, and what is being said then is heard in full."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._ends = rooms.ends
        self._voice = rooms.voice
        self._phrases = rooms.parts.plan.phrases
        self.stopped = False
        """The call is over."""

    @property
    def begun(self) -> bool:
        """The call ends, for whatever reason."""
        return bool(self._ends.reason)

    def begin(self, reason: str, now: float) -> None:
        """Nothing but last words is said from now on."""
        self._ends.begin(reason, now)
        self._rooms.announcement.waive()
        self._rooms.held.clear()
        self._rooms.turns.write_keys()

    def say(self, phrase: str, reason: str, now: float) -> Outcome:
        """End the call with this phrase, unless it ends already."""
        if self.begun:
            return []
        self.begin(reason, now)
        return self._voice.say(phrase, Kind.SYSTEM, now, end_reason=reason)

    def end(self, now: float, *, said: bool = False) -> Outcome:
        """End the call; ``said``: the caller has heard last words."""
        self._ends.clear()
        owed = self._ends.reason in FAILURES and not said
        return [EndCall(self._ends.reason, self._phrases.apology if owed else "")]

    def by_agent(self, now: float) -> Outcome:
        """The agent wants to end the call: after its goodbye, and with one of ours where it has none."""
        if self.begun:
            return []
        self.begin("agent_ended", now)
        if self._voice.current is None and self._voice.speaking.spoke:
            return self.end(now)
        if self._voice.current is None:
            self._ends.wait_for_words(now)
        return []

    # -- the conversation is lost -----------------------------------------------------------------

    def line_over(self, ending: Ending, now: float) -> Outcome:
        """The conversation is gone, for whatever reason."""
        ms = self._rooms.parts.clock.ms(now)
        out: Outcome = [
            *self._rooms.line.stop(),
            Note(Noted("speech.ended", ms, {"reason": ending.words})),
        ]
        self._rooms.tools.line_lost()
        broken = ending.after in (After.AGAIN, After.GIVE_UP)
        unsaid = self._voice.speaking.unsaid(now) is Kind.FIRST
        if broken and (unsaid or self._rooms.announcement.due):
            self._rooms.owed.greeted = False  # the next conversation greets
        out += self._voice.speaking.close(now, broken=broken)
        return out if self.stopped or self._voice.closing else out + self._what_follows(ending, now)

    def _what_follows(self, ending: Ending, now: float) -> Outcome:
        if ending.after is After.HANG_UP:
            self.begin("agent_ended", now)
        elif ending.after is After.TOO_LONG:
            return self.say(self._phrases.goodbye, "max_duration", now)
        if self.begun:  # what is here is heard, and no more comes
            return [] if self._voice.current is not None else self.end(now)
        if ending.after is After.AGAIN and self._rooms.line.lost(now):
            return []
        return self.say(self._phrases.apology, "provider_error", now)

    # -- time -------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> Outcome:
        """Last words that did not begin, and an end that cannot wait for them."""
        out: Outcome = []
        if self._ends.words_at is not None and self._ends.words_at <= now:
            self._ends.words_at = None
            out += self._voice.say(self._phrases.goodbye, Kind.SYSTEM, now)
        if self._ends.is_due(now, speaking=self._voice.speaking_now):
            out += self.end(now)
        return out
