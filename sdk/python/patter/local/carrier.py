"""What local mode needs of a carrier. Each carrier meets it in a module of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from patter.bridge.ports import CarrierControl, TransferControl

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from patter.local.call import LocalCall
    from patter.local.calls import LocalCalls

Confirm = Callable[[str], Awaitable[bool]]
"""Asks the user a question that is answered with yes or no."""


class LocalCarrier(Protocol):
    """One account at one carrier."""

    def routes(self, calls: LocalCalls) -> Sequence[BaseRoute]:
        """Its doors: webhooks and media sockets, each of which proves who knocks."""

    async def dial(self, call: LocalCall) -> float:
        """Ask the carrier to call ``call.plan.callee``. Gives how long it may ring, in seconds.

        Raises CarrierError.
        """

    async def open_stream(self, call: LocalCall) -> None:
        """Ask for a media socket of a call that has none. Harmless where the carrier does so by itself."""

    async def set_up(self, number: str, confirm: Confirm) -> str:
        """Send the number's calls here. Gives a sentence for the user where that was not done.

        ``confirm`` decides when the number's calls go somewhere else now. Raises ConfigError.
        """

    def control(self, call: LocalCall) -> CarrierControl:
        """What can be done to this call beside its media socket."""

    def transfers(self, call: LocalCall) -> TransferControl | None:
        """How this call is given to a human; None where this carrier cannot."""

    async def download_recording(self, recording_id: str, write: Callable[[bytes], object]) -> int:
        """Give a recording of the carrier's to ``write`` piece by piece. Returns its size.

        Raises CarrierError; one that is not there yet is not permanent.
        """

    async def close(self) -> None: ...
