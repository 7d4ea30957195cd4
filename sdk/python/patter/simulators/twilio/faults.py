"""What goes wrong on purpose in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Faults:
    """All off by default.

    Args:
        duplicate_webhook: the voice webhook is posted twice at the same moment.
        late_webhook_s: it is posted this late.
        forged_webhook: before it, one with a wrong signature is posted.
        replayed_webhook: it is posted again, signature and all, when the call is over.
        no_start: the media socket opens and ``start`` never comes.
        media_before_start: one media frame comes before ``start``.
        garbage_text: after ``start`` a text frame comes that is not JSON.
        binary_frame: after ``start`` a binary frame comes.
        huge_frame: after ``start`` a text frame of 1 MB comes.
        forged_upgrade: the media socket is opened with a wrong signature.
        close_without_stop: the media socket closes without ``stop`` when the call ends.
        stop_without_close: ``stop`` comes and the media socket stays open.
        lose_socket_at_ms: the media socket is torn down at this moment of the stream.
        marks_never_echoed: no mark ever comes back.
        hang_up_404: a hang-up by REST is answered as if the call were over (it still ends).
        no_status_callbacks: none is posted.
        duplicate_status_callbacks: each is posted twice.
        late_status_s: each is posted this late.
        wrong_port: voice webhooks are signed as if their address had no port.
        frame_ms: media comes in frames of this length; 0 is 20 ms.
        empty_payloads: once a second a media frame without audio comes.
        gap_at_ms, gap_ms: from this moment of the stream on nothing comes for so long, then all at once.
        second_socket_at_ms: so long after the start the stream is opened again with the same token.
        lost_socket_ends_call: when the media socket breaks, the call ends; else its next verb runs.
        lost_create_answer: a call that is created by REST is dialled, and its answer never arrives.
        recording_404_times: so many requests for a recording find nothing.
        recording_failed: the recording fails.
        shuffled_status_callbacks: the last one is posted before the one before it.
    """

    duplicate_webhook: bool = False
    late_webhook_s: float = 0.0
    forged_webhook: bool = False
    replayed_webhook: bool = False
    no_start: bool = False
    media_before_start: bool = False
    garbage_text: bool = False
    binary_frame: bool = False
    huge_frame: bool = False
    forged_upgrade: bool = False
    close_without_stop: bool = False
    stop_without_close: bool = False
    lose_socket_at_ms: int = 0
    marks_never_echoed: bool = False
    hang_up_404: bool = False
    no_status_callbacks: bool = False
    duplicate_status_callbacks: bool = False
    late_status_s: float = 0.0
    wrong_port: bool = False
    frame_ms: int = 0
    empty_payloads: bool = False
    gap_at_ms: int = 0
    gap_ms: int = 0
    second_socket_at_ms: int = 0
    lost_socket_ends_call: bool = False
    lost_create_answer: bool = False
    recording_404_times: int = 0
    recording_failed: bool = False
    shuffled_status_callbacks: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None) -> Faults:
        """From JSON. Raises ValueError for a fault that does not exist or has the wrong type."""
        given = given or {}
        defaults = cls()
        kinds = {field.name: type(getattr(defaults, field.name)) for field in fields(cls)}
        for name, value in given.items():
            if name not in kinds:
                raise ValueError(f"no such fault: {name}")
            if not isinstance(value, kinds[name] if kinds[name] is not float else (int, float)):
                raise ValueError(f"fault {name} has the wrong type")
        return cls(**given)
