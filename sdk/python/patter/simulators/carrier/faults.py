"""What goes wrong on purpose in one call, at whichever carrier; each adds what is its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

EVERY = "*"


@dataclass(frozen=True, slots=True)
class CarrierFaults:
    """All off by default. Webhooks are named in the carrier's own words (``WEBHOOKS``), with commas between
    them; ``*`` is each of them.

    Args:
        dropped_webhooks: these are never posted.
        repeated_webhooks: these are posted twice at the same moment.
        delayed_webhooks: these are posted late, and others overtake them: ``name=seconds``.
        forged_webhook: before the first, one with a wrong signature is posted.
        replayed_webhook: the first is posted again, signature and all, when the call is over.
        clock_skew_s: the carrier's clock is so much ahead, or behind where negative.
        clock_drift_ppm: media timestamps run ahead of time by so many millionths.
        counts_anew_at_ms: at this moment of the stream chunks, sequence numbers and timestamps begin anew.
        frame_ms: media comes in messages of this length; 0 is the carrier's own.
        empty_payloads: before each media message one without sound comes.
        gap_at_ms, gap_ms: from this moment of the stream on nothing comes for so long, then all at once.
        goes_silent_after_voice: once the caller has spoken no media comes, as from a network that sends
            no silence.
        repeated_digits: each key is told twice on the media socket.
        no_start: the media socket opens and ``start`` never comes.
        late_start_ms: ``start`` comes so late, and media with it.
        media_before_start: one media frame comes before ``start``.
        garbage_text: after ``start`` a text frame comes that is not JSON.
        binary_frame: after ``start`` a binary frame comes.
        huge_frame: after ``start`` a text frame of 1 MB comes.
        close_without_stop: the media socket closes without ``stop`` when the call ends.
        stop_without_close: ``stop`` comes and the media socket stays open.
        close_abnormally: at the end of the call the media socket breaks, without ``stop`` (1006).
        lose_socket_at_ms: the media socket is torn down at this moment of the stream.
        half_open_at_ms: from this moment on the carrier neither reads nor writes, and leaves the socket open.
        second_socket_at_ms: so long after the start the stream's address is opened a second time.
        marks_never_echoed: no mark ever comes back.
        marks_lost_on_clear: ``clear`` does not return the marks that wait.
        lost_mark_every: every mark of this number never comes back, 2 for every second one.
        late_marks_ms: marks come back so late.
        leaves_transfer_after_s: the caller hangs up so long after a transfer began.
        recording_404_times: so many requests for the recording's file find nothing.
        recording_halves: so many answers bring half of the recording's file, and say that it is all of it.
        recording_failed: the recording fails.
    """

    WEBHOOKS: ClassVar[frozenset[str]] = frozenset()

    dropped_webhooks: str = ""
    repeated_webhooks: str = ""
    delayed_webhooks: str = ""
    forged_webhook: bool = False
    replayed_webhook: bool = False
    clock_skew_s: float = 0.0
    clock_drift_ppm: int = 0
    counts_anew_at_ms: int = 0
    frame_ms: int = 0
    empty_payloads: bool = False
    gap_at_ms: int = 0
    gap_ms: int = 0
    goes_silent_after_voice: bool = False
    repeated_digits: bool = False
    no_start: bool = False
    late_start_ms: int = 0
    media_before_start: bool = False
    garbage_text: bool = False
    binary_frame: bool = False
    huge_frame: bool = False
    close_without_stop: bool = False
    stop_without_close: bool = False
    close_abnormally: bool = False
    lose_socket_at_ms: int = 0
    half_open_at_ms: int = 0
    second_socket_at_ms: int = 0
    marks_never_echoed: bool = False
    marks_lost_on_clear: bool = False
    lost_mark_every: int = 0
    late_marks_ms: int = 0
    leaves_transfer_after_s: float = 0.0
    recording_404_times: int = 0
    recording_halves: int = 0
    recording_failed: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None) -> Self:
        """From JSON. Raises ValueError for a fault that does not exist or has the wrong value."""
        given = given or {}
        defaults = cls()
        kinds = {field.name: type(getattr(defaults, field.name)) for field in fields(cls)}
        for name, value in given.items():
            if name not in kinds:
                raise ValueError(f"no such fault: {name}")
            if not _is(kinds[name], value):
                raise ValueError(f"fault {name} has the wrong type")
        faults = cls(**given)
        faults.check()
        return faults

    @classmethod
    def given_in(cls, words: Sequence[str]) -> dict[str, Any]:
        """The JSON form of the words of a command line: ``no_start``, ``frame_ms=100``. Raises ValueError."""
        defaults = cls()
        given = {}
        for word in words:
            name, _, text = word.partition("=")
            given[name] = _read(type(getattr(defaults, name, False)), name, text)
        cls.parse(given)
        return given

    def check(self) -> None:
        """Raises ValueError for a webhook that this carrier does not know."""
        named = {*self.named("dropped_webhooks"), *self.named("repeated_webhooks"), *self.delays_s()}
        if unknown := sorted(named - self.WEBHOOKS - {EVERY}):
            known = ", ".join(sorted(self.WEBHOOKS))
            raise ValueError(f"no such webhook: {', '.join(unknown)}; there are {known}")

    def named(self, fault: str) -> frozenset[str]:
        """The webhooks that a fault names."""
        return frozenset(word.strip() for word in str(getattr(self, fault)).split(",") if word.strip())

    def delays_s(self) -> dict[str, float]:
        """How late each of ``delayed_webhooks`` is. Raises ValueError."""
        delays = {}
        for word in self.named("delayed_webhooks"):
            name, _, seconds = word.partition("=")
            try:
                delays[name] = float(seconds)
            except ValueError:
                raise ValueError(f"delayed_webhooks is name=seconds, not {word}") from None
        return delays

    def recording_of(self, file: bytes, asked: int) -> bytes | None:
        """What the ``asked``-th request for a recording's file brings; None: nothing is found."""
        if asked <= self.recording_404_times:
            return None
        is_half = asked <= self.recording_404_times + self.recording_halves
        return file[: len(file) // 2] if is_half else file


def _is(kind: type, value: Any) -> bool:
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    return isinstance(value, (int, float) if kind is float else kind)


def _read(kind: type, name: str, text: str) -> Any:
    if kind is bool:
        if text not in ("", "true", "false"):
            raise ValueError(f"fault {name} is on or off: leave the value out, or give true or false")
        return text != "false"
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"fault {name} needs a number, as in {name}=2") from None
