"""The caller's present utterance as the provider hears it: when it began and ended, what it is so far."""

from __future__ import annotations

from patter.engines.realtime.wire import SpeechStopped

SPEAKS_AT_MOST_S = 60.0
"""A session that heard a voice begin and does not hear it stop for this long hears nothing any more."""


class Caller:
    """``silence_ms``: how long the provider waits in silence before it says that the voice stopped."""

    def __init__(self, silence_ms: int) -> None:
        self._silence_ms = silence_ms
        self._started_ms = 0
        self._stopped_at: float | None = None
        self._speaks_until: float | None = None
        self._lag_ms = 0
        self._texts: dict[str, str] = {}
        self.speaking = False
        self.pending = False
        """What they say, or have said, is no item of the conversation yet."""

    def started(self, at_ms: int, now: float) -> None:
        self.speaking = self.pending = True
        self._started_ms = max(0, at_ms)
        self._speaks_until = now + SPEAKS_AT_MOST_S
        self._stopped_at = None

    def stopped(self, message: SpeechStopped, sent_ms: int, now: float) -> None:
        """The provider's clock ran ``lag`` behind the audio that it was given."""
        self.speaking, self._speaks_until = False, None
        self._stopped_at = now
        self._lag_ms = 0 if message.audio_end_ms is None else max(0, sent_ms - message.audio_end_ms)

    def taken(self) -> None:
        """The utterance became an item."""
        self.pending = False

    def span(self, now_ms: int) -> tuple[int, int]:
        """When the utterance began and ended, in the call's media time."""
        return min(self._started_ms, now_ms), max(self._started_ms, now_ms - self._silence_ms - self._lag_ms)

    def end_of_turn_ms(self, now: float) -> int:
        """From the end of the voice until now, as far as the provider told when that was."""
        since_ms = 0 if self._stopped_at is None else round((now - self._stopped_at) * 1000)
        return self._silence_ms + self._lag_ms + since_ms

    def writing(self, item_id: str, text: str) -> str:
        """A piece of the transcript; gives it so far."""
        self._texts[item_id] = said = self._texts.get(item_id, "") + text
        return said

    def written(self, item_id: str) -> None:
        self._texts.pop(item_id, None)

    def forget(self) -> None:
        """Another session: what the one before was hearing is told by this one anew."""
        self.speaking = self.pending = False
        self._speaks_until = None
        self._texts.clear()

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return self._speaks_until

    def speaks_too_long(self, now: float) -> bool:
        """The voice did not stop: nobody listens."""
        return self._speaks_until is not None and self._speaks_until <= now
