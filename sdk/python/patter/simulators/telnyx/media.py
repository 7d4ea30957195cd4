"""Telnyx's media socket: its upgrade with a token, media in any order, and no patience with mute calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from patter.carriers.telnyx.wire import TOKEN_NAME
from patter.simulators.carrier.media import CLOSE_TIMEOUT_S, OPEN_TIMEOUT_S, MediaSocket
from patter.simulators.telnyx.disorder import Disorder
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.plan import StreamPlan
from patter.simulators.telnyx.stream_side import StreamSide

MUTE_MS = 1600


class CannotStream(Exception):
    """The socket could not be opened. The text is the ``failure_reason``."""


async def open_socket(plan: StreamPlan) -> ClientConnection:
    """The upgrade, with the token in its header. Raises CannotStream."""
    try:
        return await connect(
            plan.url,
            additional_headers={TOKEN_NAME: plan.token} if plan.token else {},
            user_agent_header="telnyx",
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,
        )
    except (InvalidURI, InvalidHandshake, OSError, TimeoutError) as error:
        raise CannotStream("connection_failed") from error


class MediaStream(MediaSocket):
    """One bidirectional stream of a leg."""

    def __init__(
        self, socket: ClientConnection, side: StreamSide, leg: Leg, clock: Callable[[], float]
    ) -> None:
        super().__init__(socket, side, leg, leg.order.faults, leg.order.phone.profile, clock)
        self._words, self._leg = side, leg
        self._disorder = Disorder(leg.order.faults)
        self._held_digit: str | None = None
        self._told = 0
        self.moved = False
        """The carrier opens another socket in its place, and leaves this one open."""

    def _media(self, sound: bytes, at_ms: int, now_ms: int) -> list[str]:
        return self._disorder.pass_on(self._words.media(sound, at_ms))

    def _keys(self, digit: str) -> list[str]:
        occurred_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        message = self._words.digit(digit, occurred_at)
        if self._leg.order.faults.shuffled_digits and self._held_digit is None:
            self._held_digit = message
            return []
        messages = [message, *([self._held_digit] if self._held_digit else [])]
        self._held_digit = None
        return messages

    def _report(self) -> None:
        for complaint in self._words.complaints[self._told :]:
            self._leg.complain(complaint)
        self._told = len(self._words.complaints)

    def _look(self, at_ms: int) -> None:
        faults, leg = self._leg.order.faults, self._leg
        if faults.drops_mute_calls and at_ms > MUTE_MS and not self._words.counts["sounded"]:
            leg.end("mute_call_dropped", "normal_clearing", "unknown", "unspecified")
        if 0 < faults.second_socket_at_ms <= at_ms and not self.moved and not leg.of_kind("stream_moved"):
            self.move()

    def move(self) -> None:
        """Fall silent, and go on over another socket."""
        self.moved = True
        self._leg.note("stream_moved")
        self._stop_moving()
