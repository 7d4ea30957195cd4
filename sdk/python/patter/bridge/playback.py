"""What was sent to the caller, and what of it was heard.

Sent is not heard: the carrier buffers everything and plays it in real time. So playback keeps at
most half a second ahead of the carrier's clock, sets a mark every 200 ms, and believes only marks
that it still has in its book: a carrier echoes the marks of cleared audio too.

Offsets are bytes of µ-law at 8 kHz from the beginning of the reply: 8 bytes are one millisecond.
"""

from __future__ import annotations

from collections.abc import Iterator

from patter.bridge.commands import Clear, Commands, Mark, Play
from patter.bridge.heard_at import BYTES_PER_S, HeardAudio, HeardTimes

BYTES_PER_MS = 8
FRAME_BYTES = 160
MARK_EVERY_BYTES = 200 * BYTES_PER_MS
BACK_BYTES = 300 * BYTES_PER_MS
"""A resumed reply goes back at most this far."""
KEEP_BYTES = BACK_BYTES + FRAME_BYTES
MOST_WAITING_MS = 20 * 60_000
"""Of one reply, not sent yet. A voice that never ends is dropped from there on, and fills no memory."""
FRAME_S = 0.02
LEAD_S = 0.5
REFILL_S = 0.3
"""One refill for each mark: most of what the agent's voice costs is done once for each, not for a frame."""
MARK_GRACE_S = 2.0
ROUNDING = 1e-6
"""Sums of hundredths are not exact in binary: a frame or a millisecond must not hang on that."""
SILENCE = b"\xff"


class Playback:
    """The book of one call's replies. One reply plays at a time."""

    def __init__(self) -> None:
        self._next_mark = 0  # numbered across replies: an echo may arrive after the next reply began
        self._times = HeardTimes()
        self._carrier_free_at = 0.0
        self._held = False  # there is no line: nothing can be sent, and nothing is heard
        self._reset()
        self._finished = False

    def _reset(self) -> None:
        self._times.close()
        self._audio = bytearray()
        self._base = 0  # offset of the first kept byte
        self._sent = 0
        self._confirmed = 0
        self._marked = 0
        self._marks: dict[str, int] = {}
        self._boundaries: list[int] = []
        self._reference: tuple[int, float] | None = None  # an offset, and when it was being played
        self._closed = False
        self._paused = False
        self._active = False
        self.first_sent_at: float | None = None

    # -- a reply ------------------------------------------------------------------------------

    def begin(self) -> None:
        """A new reply. What was left of the one before is forgotten."""
        self._reset()
        self._active = True

    def add(self, payload: bytes, now: float) -> Commands:
        """Audio of the reply, in order."""
        if self._active and self.waiting_ms < MOST_WAITING_MS:
            self._audio += payload
        return self._pump(now)

    def end_chunk(self, now: float) -> Commands:
        """A chunk's audio is complete: a place where a resumed reply may begin again."""
        if self._active:
            self._boundaries.append(self.added)
        return [*self._pump(now), *self._mark_the_end()]

    def close(self, now: float) -> Commands:
        """No more audio comes for this reply."""
        if not self._active:
            return []
        self._closed = True
        if tail := self.added % FRAME_BYTES:
            self._audio += SILENCE * (FRAME_BYTES - tail)
        commands = [*self._pump(now), *self._mark_the_end()]
        self._finish_if_heard()
        return commands

    # -- facts --------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """A reply has begun and is neither heard to its end nor cut."""
        return self._active

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def added(self) -> int:
        return self._base + len(self._audio)

    @property
    def waiting_ms(self) -> int:
        """Audio that is here and not sent yet."""
        return (self.added - self._sent) // BYTES_PER_MS

    @property
    def sent_ms(self) -> int:
        return self._sent // BYTES_PER_MS

    def heard_ms(self, now: float) -> int:
        """How much of the reply was heard: never less than a mark proved, never more than was sent."""
        return self._heard(now) // BYTES_PER_MS

    def _heard(self, now: float) -> int:
        if self._reference is None:
            return 0
        offset, at = self._reference
        if self._paused or self._held:
            return offset
        played = offset + int((now - at) * 1000 + ROUNDING) * BYTES_PER_MS
        return max(offset, min(played, self._sent))

    def now_playing(self, now: float) -> bytes:
        """The 20 ms that the caller hears right now; empty in silence."""
        if not self._active or self._paused or self._held:
            return b""
        start = max(0, self._heard(now) - self._base)
        return bytes(self._audio[start : start + FRAME_BYTES]) if start + self._base < self._sent else b""

    def take_finished(self) -> bool:
        """True once, when the reply was heard to its end."""
        finished, self._finished = self._finished, False
        return finished

    def take_heard(self, now: float | None = None) -> list[HeardAudio]:
        """What was heard since the last time, for the recording. None: what marks may still time, too."""
        return self._times.take(now)

    @property
    def heard_times(self) -> HeardTimes:
        """When was played what was heard."""
        return self._times

    # -- the carrier answers --------------------------------------------------------------------

    def mark_played(self, name: str, now: float) -> None:
        """A mark came back. One that is not in the book proves nothing."""
        offset = self._marks.pop(name, None)
        if offset is None or not self._active:
            return
        if self._reference is None or offset >= self._reference[0]:
            self._reference = (offset, now)
        self._times.mark(offset, now)
        self._confirm(offset, now)
        self._finish_if_heard()

    def _confirm(self, offset: int, ended_at: float) -> None:
        if offset <= self._confirmed:
            return
        piece = bytes(self._audio[self._confirmed - self._base : offset - self._base])
        self._times.add(piece, offset, ended_at)
        self._confirmed = offset
        self._marks = {name: at for name, at in self._marks.items() if at > offset}
        if (surplus := offset - KEEP_BYTES - self._base) > 0:
            del self._audio[:surplus]
            self._base += surplus
            self._boundaries = [boundary for boundary in self._boundaries if boundary >= self._base]

    def _confirm_overdue(self, now: float) -> None:
        """No echo may be waited for without end: what was due long ago was heard."""
        overdue = self._heard(now) - int(MARK_GRACE_S * BYTES_PER_S)
        self._confirm(overdue - overdue % FRAME_BYTES, now - MARK_GRACE_S)

    # -- interruptions --------------------------------------------------------------------------

    def pause(self, now: float) -> Commands:
        """Stop the voice but keep the reply: neither carrier can pause, so its buffer is destroyed."""
        self._stop_at(self._heard(now), now)
        self._paused = True
        return [Clear()]

    def _stop_at(self, heard: int, now: float) -> None:
        self._confirm(heard, now)
        self._reference = (heard, now)
        self._marks.clear()
        self._carrier_free_at = now

    def resume(self, now: float) -> Commands:
        """Go on from the last boundary that was heard, at most 300 ms back."""
        if not self._paused:
            return []
        self._paused = False
        return [] if self._held else self._go_on(now)

    def _go_on(self, now: float) -> Commands:
        heard = self._reference[0] if self._reference else 0  # where it stood still
        # Frames stay on their grid, so that the last one is whole.
        starts = [boundary - boundary % FRAME_BYTES for boundary in self._boundaries if boundary <= heard]
        start = max((at for at in starts if at >= heard - BACK_BYTES), default=heard - heard % FRAME_BYTES)
        self._sent = self._marked = self._confirmed = start
        self._reference = (start, now)
        self._times.begin(start, now)
        commands = self._pump(now)
        self._finish_if_heard()
        return commands

    def hold(self, now: float) -> None:
        """The line is gone, and with it what the carrier had buffered. The reply waits for another."""
        if self._active and not self._paused and not self._held:
            self._stop_at(self._heard(now), now)
        self._held = True

    def release(self, now: float) -> Commands:
        """There is a line again."""
        if not self._held:
            return []
        self._held = False
        return self._go_on(now) if self._active and not self._paused else []

    def cut(self, now: float) -> tuple[int, Commands]:
        """End the reply here. Returns the milliseconds that were heard."""
        heard = self._heard(now)
        at_carrier = self._active and self._sent > 0 and not self._paused and not self._held
        self._confirm(heard, now)
        self._reset()
        self._carrier_free_at = now
        return heard // BYTES_PER_MS, ([Clear()] if at_carrier else [])

    # -- pace -----------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        if not self._active or self._paused or self._held:
            return None
        if self.added - self._sent >= FRAME_BYTES:
            return self._carrier_free_at - REFILL_S
        if self._closed:
            return self._carrier_free_at + MARK_GRACE_S
        return None

    def handle_timer(self, now: float) -> Commands:
        commands = self._pump(now)
        timer = self.next_timer()
        if self._active and self._closed and self._sent == self.added and timer is not None and timer <= now:
            # The carrier never echoed the last mark: it has had the time to play everything.
            self._confirm(self._sent, now)
            self._finish()
        return commands

    def _pump(self, now: float) -> Commands:
        if not self._active or self._paused or self._held:
            return []
        self._confirm_overdue(now)
        commands: Commands = []
        while (frames := self._room(now)) > 0:
            if self._carrier_free_at <= now:  # the carrier's buffer is empty: it plays this at once
                self._carrier_free_at = now
                self._reference = (self._sent, now)
                self._times.begin(self._sent, now)
            elif self._reference is None:  # it still plays the end of the reply before
                self._reference = (self._sent, self._carrier_free_at)
            if self.first_sent_at is None:
                self.first_sent_at = now
            mark_at = self._next_mark_at()
            commands.append(self._play_up_to(min(self._sent + frames * FRAME_BYTES, mark_at)))
            if self._sent == mark_at:
                commands.append(self._mark())
            else:
                commands.extend(self._mark_the_end())
        return commands

    def _room(self, now: float) -> int:
        """How many frames may be sent: of those that are here, what keeps the lead on the carrier's clock."""
        if (waiting := (self.added - self._sent) // FRAME_BYTES) <= 0:
            return 0
        lead_s = max(0.0, self._carrier_free_at - now)
        return min(waiting, int((LEAD_S - lead_s + ROUNDING) / FRAME_S))

    def _play_up_to(self, offset: int) -> Play:
        """The next whole frames, none beyond the next mark: what lies between two marks is one piece."""
        start, self._sent = self._sent, offset
        self._carrier_free_at += (self._sent - start) // FRAME_BYTES * FRAME_S
        return Play(bytes(self._audio[start - self._base : self._sent - self._base]))

    def _next_mark_at(self) -> int:
        """The end of the frame with which 200 ms are full, or a chunk is."""
        due = max(self._marked + MARK_EVERY_BYTES, self._sent + FRAME_BYTES)
        for boundary in self._boundaries:
            if self._sent < boundary < due:
                due = boundary + -boundary % FRAME_BYTES
        return due

    def _mark_the_end(self) -> Iterator[Mark]:
        """A chunk or the reply may end when all of its audio was sent already: its mark is still due."""
        ends = self._closed or self._sent in self._boundaries
        silent = self._paused or self._held or not self._active
        if ends and not silent and self._sent == self.added and self._sent > self._marked:
            yield self._mark()

    def _mark(self) -> Mark:
        name = f"m{self._next_mark}"
        self._next_mark += 1
        self._marks[name] = self._marked = self._sent
        return Mark(name)

    def _finish_if_heard(self) -> None:
        if self._closed and self._confirmed == self.added and not self._paused and not self._held:
            self._finish()

    def _finish(self) -> None:
        self._times.close()
        self._active = False
        self._finished = True
