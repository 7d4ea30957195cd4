"""What goes wrong on purpose in one call at Twilio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from patter.simulators.carrier.faults import CarrierFaults


@dataclass(frozen=True, slots=True)
class Faults(CarrierFaults):
    """All off by default. What both carriers have is in ``CarrierFaults``.

    Webhooks are named by the status, the stream's event, ``recording`` or ``detection`` that they tell of.
    The voice webhook is not one of them: without its answer there is no call.

    Args:
        duplicate_webhook: the voice webhook is posted twice at the same moment.
        late_webhook_s: it is posted this late.
        wrong_port: voice webhooks are signed as if their address had no port.
        forged_upgrade: the media socket is opened with a wrong signature.
        hang_up_404: a hang-up by REST is answered as if the call were over (it still ends).
        no_status_callbacks: none is posted.
        duplicate_status_callbacks: each is posted twice.
        late_status_s: each is posted this late, and the next ones wait for it.
        shuffled_status_callbacks: the last one is posted before the one before it.
        lost_socket_ends_call: when the media socket breaks, the call ends; else its next verb runs.
        a_law: media comes as A-law, and ``start`` says so.
        lost_create_answer: a call that is created by REST is dialled, and its answer never arrives.
    """

    WEBHOOKS: ClassVar[frozenset[str]] = frozenset(
        "initiated ringing in-progress completed busy no-answer failed canceled stream-started "
        "stream-stopped stream-error recording detection".split()
    )

    duplicate_webhook: bool = False
    late_webhook_s: float = 0.0
    wrong_port: bool = False
    forged_upgrade: bool = False
    hang_up_404: bool = False
    no_status_callbacks: bool = False
    duplicate_status_callbacks: bool = False
    late_status_s: float = 0.0
    shuffled_status_callbacks: bool = False
    lost_socket_ends_call: bool = False
    a_law: bool = False
    lost_create_answer: bool = False
