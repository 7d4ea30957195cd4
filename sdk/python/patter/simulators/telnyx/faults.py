"""What goes wrong on purpose in one call at Telnyx."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from patter.simulators.carrier.faults import CarrierFaults


@dataclass(frozen=True, slots=True)
class Faults(CarrierFaults):
    """All off by default. What both carriers have is in ``CarrierFaults``. Webhooks are named by their
    ``event_type``.

    Args:
        duplicate_webhooks: each is posted twice at the same moment.
        late_webhook_s: each is posted this late.
        shuffled_webhooks: each is held back a little, the earlier ones longer, so that they arrive backwards.
        old_webhook: before the first, the same one is posted with a timestamp of ten minutes ago.
        garbage_webhook: before the first, a signed body that is not JSON is posted.
        leg_codec: what the phone network speaks, PCMU, PCMA or L16; sent to the application where it asks for
            ``default``.
        keeps_codec: the leg's codec is sent whatever the application asked for.
        big_endian: L16 goes both ways with its bytes in network order.
        parameters_as_list: ``custom_parameters`` comes as a list of names and values.
        shuffled_media: every fifth media message comes after the one that follows it.
        repeated_media: every seventh media message comes twice.
        lost_media: every eleventh media message never comes.
        shuffled_digits: two keys that follow each other come in the wrong order.
        reconnects: a socket that was torn down is opened again by the carrier, with the same token.
        drops_mute_calls: a call whose application sends no sound for 1.6 s after ``start`` is dropped.
        hang_up_422: a hang-up is answered as if the call were over (it still ends).
        hangs_up_first: the caller is gone when the first command arrives.
        no_transcription: what is said in this leg is not transcribed: the account may not.
        socket_fails: so many times the media socket cannot be opened.
        unnamed_recordings: a recording is told of without its id.
        expired_recording_links: so many links to the recording are dead when they are given out.
    """

    WEBHOOKS: ClassVar[frozenset[str]] = frozenset(
        "call.initiated call.answered call.bridged call.hangup streaming.started streaming.stopped "
        "streaming.failed call.dtmf.received call.machine.detection.ended call.machine.greeting.ended "
        "call.machine.premium.detection.ended call.machine.premium.greeting.ended "
        "call.machine.premium.call_screening.detected call.recording.saved call.recording.error "
        "call.playback.started call.playback.ended call.speak.started call.speak.ended "
        "call.gather.ended".split()
    )

    duplicate_webhooks: bool = False
    late_webhook_s: float = 0.0
    shuffled_webhooks: bool = False
    old_webhook: bool = False
    garbage_webhook: bool = False
    leg_codec: str = "PCMU"
    keeps_codec: bool = False
    big_endian: bool = False
    parameters_as_list: bool = False
    shuffled_media: bool = False
    repeated_media: bool = False
    lost_media: bool = False
    shuffled_digits: bool = False
    reconnects: bool = False
    drops_mute_calls: bool = False
    hang_up_422: bool = False
    hangs_up_first: bool = False
    no_transcription: bool = False
    socket_fails: int = 0
    unnamed_recordings: bool = False
    expired_recording_links: int = 0
