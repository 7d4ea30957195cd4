"""What can be done to a live call at Telnyx: end it, press keys, connect it to a human.

Unlike at Twilio the media stream goes on meanwhile, so a caller who could not be put through was never away.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from patter.bridge.commands import TransferStart
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.commands import Command
from patter.carriers.telnyx.human_state import HumanState
from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.telnyx.voices import spoken_within_s
from patter.errors import CarrierError

OPEN_S = 4.0
SAY_WITHIN_S = 2.0
NO_ID = CarrierError("telnyx", "the call has no id at the carrier yet", permanent=True)

Rest = Callable[[float], AbstractAsyncContextManager[TelnyxRest]]
"""A client for one conversation, with its timeout in seconds."""


class TelnyxControl:
    """One call. Meets ``CarrierControl`` and ``TransferControl``.

    Args:
        rest: makes a client; one for each request, for they are needed once or twice a call.
        call_id: our own; it begins the state of a human's leg, in all of its webhooks (``HumanState``).
        own_number: shown to humans. Telnyx refuses callers' own numbers (D51).
        webhook_url: where the human's leg reports; empty: where the application's events go.
        music_url: what a caller hears who waits for a human; empty: nothing.
        reopen: asks for another media stream of the call.
        end_later: the call is to be hung up after so many seconds, should Telnyx not have told by then that
            its last text was said.
    """

    def __init__(
        self,
        rest: Rest,
        *,
        call_id: str,
        own_number: str,
        webhook_url: str = "",
        music_url: str = "",
        reopen: Callable[[], Awaitable[None]],
        end_later: Callable[[float], Awaitable[None]],
    ) -> None:
        self._rest = rest
        self._call_id = call_id
        self._own_number = own_number
        self._webhook_url = webhook_url or None
        self._music_url = music_url
        self._reopen = reopen
        self._end_later = end_later
        self._humans: dict[str, str] = {}

    # -- CarrierControl ---------------------------------------------------------------------------

    async def hang_up(self, carrier_call_id: str) -> None:
        if not carrier_call_id:
            raise NO_ID
        async with self._rest(OPEN_S) as rest:
            await rest.hang_up(carrier_call_id)

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        async with self._rest(SAY_WITHIN_S) as rest:
            await rest.say_and_hang_up(carrier_call_id, text, language, call_id=self._call_id)
        await self._end_later(spoken_within_s(text[: commands.MAX_SPEAK_CHARS]))

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        await self._send(commands.send_digits(carrier_call_id, digits, command_id=uuid.uuid4().hex))

    async def start_recording(self, carrier_call_id: str) -> None:
        await self._send(commands.start_recording(carrier_call_id, command_id=f"{self._call_id}:record"))

    # -- TransferControl --------------------------------------------------------------------------

    async def start(self, carrier_call_id: str, order: TransferStart) -> None:
        if order.kind == "warm":
            await self._call_human(carrier_call_id, order)
            return
        about = self._state_of_human(order)
        command = commands.transfer(
            carrier_call_id,
            order.number,
            command_id=about,
            from_=self._own_number or None,
            timeout_s=max(5, order.ring_s),
            target_state=about,
            webhook_url=self._webhook_url,
        )
        await self._send(command)

    async def stop(self, carrier_call_id: str, transfer_id: str, *, recall: bool) -> None:
        if human := self._humans.get(transfer_id):
            async with self._rest(OPEN_S) as rest:
                await rest.hang_up(human)
            await self._hush(carrier_call_id, transfer_id)
            self._humans.pop(transfer_id, None)  # not before: what failed is tried again
        if recall:
            await self._reopen()

    # -- parts ------------------------------------------------------------------------------------

    async def _call_human(self, carrier_call_id: str, order: TransferStart) -> None:
        """A leg of its own, which is joined with the caller's when the human accepts. Music begins last:
        while the carrier may still refuse, nobody hears any."""
        about = self._state_of_human(order)
        async with self._rest(OPEN_S) as rest:
            command = commands.dial(
                connection_id=rest.connection_id,
                to=order.number,
                from_=self._own_number,
                command_id=about,
                client_state=about,
                webhook_url=self._webhook_url,
                timeout_s=max(5, order.ring_s),
                link_to=carrier_call_id,
            )
            human = await rest.dial(command)
            self._humans[order.transfer_id] = human.call_control_id
            if self._music_url:
                play = commands.start_playback(
                    carrier_call_id, self._music_url, command_id=f"{about}:music", loop=True
                )
                await rest.send_to_live(play)

    async def _hush(self, carrier_call_id: str, transfer_id: str) -> None:
        """End the music. A call that is over, or that heard none, is as good."""
        if not self._music_url:
            return
        about = f"{HumanState(self._call_id, transfer_id)}:hush"
        async with self._rest(OPEN_S) as rest:
            await rest.send_to_live(commands.stop_playback(carrier_call_id, command_id=about))

    def _state_of_human(self, order: TransferStart) -> str:
        return str(HumanState(self._call_id, order.transfer_id, order.kind))

    async def _send(self, command: Command) -> None:
        async with self._rest(OPEN_S) as rest:
            await rest.send_to_live(command)
