"""The call's sessions, one after the other: what each is told when it begins, and when it is over. Pure."""

from __future__ import annotations

from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import SpeechClosed, SpeechFailed
from patter.engines.realtime import wire
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.recovery import Recovery
from patter.engines.realtime.settings import Settings
from patter.engines.realtime.trouble import SETTINGS, is_fatal_close
from patter.engines.realtime.wire import Trouble


class Sessions:
    """``automatic``: the server replies and interrupts by itself: not while we have something to say."""

    def __init__(
        self, parts: Parts, settings: Settings, line: SpeechLine, floor: Floor, recovery: Recovery
    ) -> None:
        self._plan, self._memory = parts.plan, parts.memory
        self._settings, self._line = settings, line
        self._floor, self._recovery = floor, recovery
        self.automatic = False

    def opened(self, *, automatic: bool) -> Outcome:
        """A socket is there: everything about the session is settled by one message."""
        self.automatic = automatic
        by_model = self._floor.by_model
        prompt, tools = (self._plan.system_prompt, self._plan.tools) if by_model else ("", ())
        session = self._settings.session(prompt, tools, automatic=automatic)
        return [*self._line.settle(wire.session_update(session, SETTINGS))]

    def begun(self, caller: Caller, now: float) -> Outcome:
        """Our settings are in force. The session is told what was said before, then what is being said."""
        early = self._line.begun(now)
        told: Outcome = []
        for turn in self._memory.history() if self._floor.by_model else ():
            told += self._line.say(wire.text_item(turn["role"], turn["text"]))
        if self._line.renewed:
            caller.forget()
            told += self._recovery.retell()
        return [*told, *early]

    def switch(self, *, automatic: bool) -> Outcome:
        """Tell the server when that changed."""
        if automatic == self.automatic or not self._line.ready or self._floor.closing:
            return []
        self.automatic = automatic
        switched = self._settings.switch(automatic=automatic)
        return [*self._line.say(wire.session_update(switched, "switch"))]

    def lost(self, error: str, now: float, *, permanent: bool) -> Outcome:
        """This one is over. Where no other will come, the last word is said."""
        out: Outcome = [*self._line.failed(now, permanent=permanent)]
        out.append(self._floor.note("speech.failed", now, error=error))
        if self._line.dead:
            return out + self._recovery.line_died(now)
        self._recovery.line_lost(now)
        return out


def end_of(event: SpeechFailed | SpeechClosed) -> tuple[str, bool]:
    """What is said of the end of a session, and whether the next one would meet the same."""
    if isinstance(event, SpeechFailed):
        return event.error, event.permanent
    told = f"closed with {event.code}: {event.reason}".rstrip(": ")
    return told, is_fatal_close(event.code, event.reason)


def told_of(trouble: Trouble) -> str:
    return f"{trouble.code}: {trouble.message}".rstrip(": ")
