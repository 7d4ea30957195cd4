"""What is recorded of a call, by us and at the carrier: nothing before the announcement was heard.

The engine's own account of its first turn is the proof that it was: in every mode that turn is the
announcement, where there is one. A call whose announcement nobody heard is not recorded at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from patter.bridge.clock import MediaClock
from patter.bridge.commands import Note, StartRecording
from patter.bridge.plan import CallPlan
from patter.bridge.playback import Playback
from patter.bridge.recorder import Recorder
from patter.bridge.records import Noted, RecordingPiece, TurnSettled

MOST_OF_IT = 0.6
"""Of the announcement's words. A model that speaks by itself does not keep to each of them."""


class Consent:
    """Whether the call may be recorded yet."""

    def __init__(self, announcement: str) -> None:
        self._words = _words(announcement)
        self._open = bool(self._words)
        self.given = not self._words

    def hear(self, entry: object) -> bool:
        """Look at an entry of the call's log. True at the one moment at which consent is given."""
        if not self._open or not isinstance(entry, TurnSettled) or entry.role != "assistant":
            return False
        self._open = False
        heard = set(_words(entry.text))
        self.given = sum(word in heard for word in self._words) >= MOST_OF_IT * len(self._words)
        return self.given


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


class Recording:
    """One call's. Our own holds what was heard, at the times of the call's media clock."""

    def __init__(self, plan: CallPlan, clock: MediaClock, playback: Playback) -> None:
        self._clock = clock
        self._playback = playback
        self._recorder = Recorder() if plan.record else None
        self._at_carrier = plan.carrier_records
        self._wanted = plan.record or plan.carrier_records
        self._consent = Consent(plan.announcement)

    def begin(self) -> list[StartRecording]:
        """The call is connected."""
        return self._start() if self._consent.given else []

    def watch(self, commands: Iterable[object]) -> list[StartRecording]:
        """What the engine wants to have written down may be the announcement's end."""
        given = any(isinstance(each, Note) and self._consent.hear(each.entry) for each in commands)
        if not given:
            return []
        self._playback.take_heard()  # the announcement itself, which is not recorded
        return self._start()

    def _start(self) -> list[StartRecording]:
        wanted, self._at_carrier = self._at_carrier, False
        return [StartRecording()] if wanted else []

    def caller(self, payload: bytes, at_ms: int, now: float) -> None:
        """A frame of the caller came: ``at_ms`` of the call it began."""
        if self._recorder is None or not self._consent.given:
            return
        self._recorder.caller(payload, at_ms)
        if (times := self._playback.heard_times).wait_for_frame:
            times.frame(self._clock.sent_at(now))

    def _keep_heard(self, now: float | None) -> None:
        """Write what was heard of the agent since the last time. None: what marks may still time, too."""
        for heard in self._playback.take_heard(now):
            if self._recorder is None or not self._consent.given:
                continue
            self._recorder.agent(heard.payload, self._clock.steady_ms(heard.ended_at))

    @property
    def consented(self) -> bool:
        """Whether the call may be recorded: there is nothing to watch for any more."""
        return self._consent.given

    def take_due(self, now: float) -> Sequence[RecordingPiece]:
        """Pieces that are complete. Asked for after each event of a call."""
        if self._playback.heard_times.has_news:
            self._keep_heard(now)
        if self._recorder is None or not self._recorder.is_due:
            return ()
        return self._recorder.take_due()

    def finish(self, now: float) -> list[Note]:
        """The rest, at the end of the call; or why there is nothing."""
        self._keep_heard(None)
        withheld = self._wanted and not self._consent.given
        why = {"reason": "announcement_not_heard"}
        notes = [Note(Noted("recording.withheld", self._clock.ms(now), why))] if withheld else []
        return [*notes, *map(Note, self._recorder.finish() if self._recorder else [])]
