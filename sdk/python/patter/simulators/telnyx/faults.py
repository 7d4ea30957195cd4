"""What goes wrong on purpose in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Faults:
    """All off by default.

    Args:
        duplicate_webhooks: each is posted twice at the same moment.
        late_webhook_s: each is posted this late.
        shuffled_webhooks: each is held back a little, the earlier ones longer, so that they arrive backwards.
        dropped_webhooks: kinds that are never posted, with commas between them.
        forged_webhook: before the first, one that is signed with another key is posted.
        old_webhook: before the first, the same one is posted with a timestamp of ten minutes ago.
        replayed_webhook: the first is posted again, signature and all, when the call is over.
        garbage_webhook: before the first, a signed body that is not JSON is posted.
        leg_codec: what the phone network speaks, PCMU, PCMA or L16; sent to the application where it asks for
            ``default``.
        keeps_codec: the leg's codec is sent whatever the application asked for.
        big_endian: L16 goes both ways with its bytes in network order.
        parameters_as_list: ``custom_parameters`` comes as a list of names and values.
        frame_ms: so long is each media message.
        empty_payloads: before each media message one without sound comes.
        shuffled_media: every fifth media message comes after the one that follows it.
        repeated_media: every seventh media message comes twice.
        lost_media: every eleventh media message never comes.
        gap_at_ms: at this moment of the stream nothing comes for three seconds, then all of it at once.
        goes_silent_after_voice: once the caller has spoken no media comes, as from a network that sends
            no silence.
        shuffled_digits: two keys that follow each other come in the wrong order.
        connected_only: the media socket opens, and ``start`` never comes.
        media_before_start: one media frame comes before ``start``.
        garbage_text: after ``start`` a text frame comes that is not JSON.
        binary_frame: after ``start`` a binary frame comes.
        huge_frame: after ``start`` a text frame of 1 MB comes.
        close_without_stop: the media socket closes without ``stop`` when the call ends.
        stop_without_close: ``stop`` comes and the media socket stays open.
        lose_socket_at_ms: the media socket is torn down at this moment of the stream.
        reconnects: after that the carrier opens it again by itself, with the same token.
        marks_never_echoed: no mark ever comes back.
        marks_lost_on_clear: ``clear`` does not return the marks that wait.
        drops_mute_calls: a call whose application sends no sound for 1.6 s after ``start`` is dropped.
        hang_up_422: a hang-up is answered as if the call were over (it still ends).
        hangs_up_first: the caller is gone when the first command arrives.
        no_transcription: what is said in this leg is not transcribed: the account may not.
        socket_fails: so many times the media socket cannot be opened.
    """

    duplicate_webhooks: bool = False
    late_webhook_s: float = 0.0
    shuffled_webhooks: bool = False
    dropped_webhooks: str = ""
    forged_webhook: bool = False
    old_webhook: bool = False
    replayed_webhook: bool = False
    garbage_webhook: bool = False
    leg_codec: str = "PCMU"
    keeps_codec: bool = False
    big_endian: bool = False
    parameters_as_list: bool = False
    frame_ms: int = 20
    empty_payloads: bool = False
    shuffled_media: bool = False
    repeated_media: bool = False
    lost_media: bool = False
    gap_at_ms: int = 0
    goes_silent_after_voice: bool = False
    shuffled_digits: bool = False
    connected_only: bool = False
    media_before_start: bool = False
    garbage_text: bool = False
    binary_frame: bool = False
    huge_frame: bool = False
    close_without_stop: bool = False
    stop_without_close: bool = False
    lose_socket_at_ms: int = 0
    reconnects: bool = False
    marks_never_echoed: bool = False
    marks_lost_on_clear: bool = False
    drops_mute_calls: bool = False
    hang_up_422: bool = False
    hangs_up_first: bool = False
    no_transcription: bool = False
    socket_fails: int = 0

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
