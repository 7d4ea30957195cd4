"""Local mode at Telnyx: dialling, picking up, media streams, and the application's set-up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from patter.bridge.ports import CarrierControl, TransferControl
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.commands import Command
from patter.carriers.telnyx.control import TelnyxControl
from patter.carriers.telnyx.detection import OFF, checked_mode
from patter.carriers.telnyx.rest import BASE_URL, TelnyxRest
from patter.carriers.telnyx.words import sip_headers
from patter.errors import CarrierError, ConfigError
from patter.local.addresses import MUSIC_PATH, Addresses
from patter.local.carrier import Confirm
from patter.local.last_words import LastWords
from patter.options import LocalOptions
from patter.turn_taking import resolved_values

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from patter.local.call import LocalCall
    from patter.local.calls import LocalCalls

NAME = "telnyx"
SHORTEST_RING_S = 5
TIME_LIMIT_MARGIN_S = 60
STREAMING_ALREADY = "90045"
PAUSES_S = (0.3, 0.9)
"""Between the tries of one command: a caller waits for it."""
REFUSED_CODES = ("10005", "10009", "401", "403", "404")


class TelnyxCarrier:
    """Meets ``LocalCarrier``."""

    def __init__(self, options: LocalOptions, addresses: Addresses, base_url: str = "") -> None:
        for name in ("telnyx_public_key", "telnyx_connection_id"):
            if not getattr(options, name):
                raise ConfigError(f"Telnyx needs {name} as well: see the account's portal.")
        if find_spec("cryptography") is None:
            raise ConfigError("Telnyx needs one more package: pip install './sdk/python[telnyx]'.")
        self.public_key = options.telnyx_public_key
        self.connection_id = options.telnyx_connection_id
        self.addresses = addresses
        self._detection = checked_mode(options.telnyx_detection)
        self._api_key = options.telnyx_key
        self._base_url = _with_version(base_url) if base_url else BASE_URL
        self._rest = self._client(10.0)
        self.last_words = LastWords(self.hang_up)

    def _client(self, timeout_s: float) -> TelnyxRest:
        return TelnyxRest(self._api_key, self.connection_id, self._base_url, timeout_s=timeout_s)

    @property
    def webhook_url(self) -> str:
        return f"{self.addresses.base}/webhooks/telnyx"

    def routes(self, calls: LocalCalls) -> Sequence[BaseRoute]:
        from patter.local.telnyx_doors import TelnyxDoors

        return TelnyxDoors(self, calls).routes()

    # -- one call ---------------------------------------------------------------------------------

    def control(self, call: LocalCall) -> CarrierControl:
        return self._control(call)

    def transfers(self, call: LocalCall) -> TransferControl | None:
        return self._control(call)

    def _control(self, call: LocalCall) -> TelnyxControl:
        plan = call.plan

        async def end_later(within_s: float) -> None:
            self.last_words.expect(call.carrier_call_id, within_s)

        return TelnyxControl(
            self._client,
            call_id=call.id,
            own_number=plan.callee if plan.direction == "inbound" else plan.caller,
            webhook_url=self.webhook_url,
            music_url=f"{self.addresses.base}{MUSIC_PATH}",
            reopen=lambda: self.open_stream(call),
            end_later=end_later,
        )

    async def dial(self, call: LocalCall) -> float:
        plan, wishes = call.plan, call.wishes
        ring_s = int((wishes and wishes.ring_s) or resolved_values(call.agent.turn_taking)["ring_s"])
        ring_s = max(SHORTEST_RING_S, ring_s)
        command = commands.dial(
            connection_id=self.connection_id,
            to=plan.callee,
            from_=plan.caller,
            command_id=call.id,
            client_state=call.id,
            webhook_url=self.webhook_url,
            timeout_s=ring_s,
            time_limit_s=int(plan.turn_taking.max_duration_s) + TIME_LIMIT_MARGIN_S,
            detection=self._detection if plan.answering.detect else OFF,
            headers=sip_headers(plan.custom_params),
        )
        created = await self._rest.dial(command)
        # A webhook may have been faster than the answer.
        call.carrier_call_id = call.carrier_call_id or created.call_control_id
        return ring_s

    async def pick_up(self, call: LocalCall) -> None:
        """Answer an inbound call, once."""
        if not call.picked_up:
            call.picked_up = True
            await self.send(
                commands.answer(call.carrier_call_id, command_id=f"{call.id}:answer", client_state=call.id)
            )

    async def reject(self, carrier_call_id: str) -> None:
        """Refuse a call unanswered: it costs nobody anything."""
        await self.send(commands.reject(carrier_call_id, command_id=carrier_call_id[-32:], cause="USER_BUSY"))

    async def open_stream(self, call: LocalCall) -> None:
        """Ask for a media socket, with a fresh one-time token. A call that cannot go on is hung up."""
        if call.over or call.tokens.exhausted:
            await self._rest.hang_up(call.carrier_call_id)
            return
        token = call.tokens.issue()
        about = f"{call.id}:stream:{call.tokens.issued}"
        url = self.addresses.media(NAME, call.id)
        try:
            await self.send(commands.start_stream(call.carrier_call_id, url, command_id=about, token=token))
        except CarrierError as error:
            if error.code != STREAMING_ALREADY:  # it opens the broken one again by itself
                raise

    async def hang_up(self, carrier_call_id: str) -> None:
        await self._rest.hang_up(carrier_call_id)

    async def send(self, command: Command) -> bool:
        """False: the call is over at Telnyx. Made again, as one, where Telnyx failed. Raises CarrierError."""
        for pause_s in PAUSES_S:
            try:
                return await self._rest.send_to_live(command)
            except CarrierError as error:
                if error.permanent:
                    raise
            await asyncio.sleep(pause_s)
        return await self._rest.send_to_live(command)

    async def recording_of(self, carrier_call_id: str) -> str:
        """The id of a call's recording, which was announced without one. Raises CarrierError."""
        found = await self._rest.recordings_of(carrier_call_id)
        if not found:
            raise CarrierError("telnyx", "a recording was told of and is not listed", permanent=False)
        return found[0]

    async def download_recording(self, recording_id: str, write: Callable[[bytes], object]) -> int:
        return await self._rest.download_recording(recording_id, write)

    # -- set-up -----------------------------------------------------------------------------------

    async def set_up(self, number: str, confirm: Confirm) -> str:
        try:
            application = await self._rest.fetch_application()
            if application.webhook_url != self.webhook_url:
                question = (
                    f"The application {application.name!r} sends its calls to {application.webhook_url} now. "
                    "Send them here instead?"
                )
                if application.webhook_url and not await confirm(question):
                    return (
                        f"Calls still go to {application.webhook_url}. To have them here, set the "
                        f"application's webhook to {self.webhook_url}, or serve(replace=True)."
                    )
                await self._rest.configure_application(application, webhook_url=self.webhook_url)
            found = await self._rest.look_up_number(number)
            if found.connection_id != self.connection_id:
                if found.connection_id and not await confirm(
                    f"{number} belongs to another connection at Telnyx. Give it to this application instead?"
                ):
                    return f"{number} still belongs to another connection. serve(replace=True) takes it over."
                await self._rest.connect_number(found.id)
        except CarrierError as error:
            if error.code in REFUSED_CODES:
                raise ConfigError(
                    f"{error}. Check telnyx_key, telnyx_connection_id and phone_number."
                ) from error
            return f"The number could not be set up ({error}). Its webhook has to be {self.webhook_url}."
        return ""

    async def close(self) -> None:
        await self.last_words.close()
        await self._rest.close()


def _with_version(base_url: str) -> str:
    """With one ``/v2`` at its end, whether it was missing or given twice."""
    base_url = base_url.rstrip("/")
    while base_url.endswith("/v2"):
        base_url = base_url.removesuffix("/v2").rstrip("/")
    return f"{base_url}/v2"
