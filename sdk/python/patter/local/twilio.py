"""Local mode at Twilio: dialling, the number's set-up, and what the doors need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from patter.bridge.ports import CarrierControl, TransferControl
from patter.carriers.twilio.control import TwilioControl
from patter.carriers.twilio.rest import BASE_URL, TwilioRest
from patter.errors import CarrierError, ConfigError
from patter.local.addresses import Addresses
from patter.local.carrier import Confirm
from patter.options import LocalOptions
from patter.turn_taking import resolved_values

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from patter.local.call import LocalCall
    from patter.local.calls import LocalCalls

NAME = "twilio"
# Twilio gives a new number this address, which only says what to do next.
PLACEHOLDER_VOICE_URLS = ("https://demo.twilio.com/",)
TIME_LIMIT_MARGIN_S = 60
"""The carrier ends a call this long after it should have ended by itself."""
REFUSED_CODES = ("20003", "20404", "401", "403", "404")


class TwilioCarrier:
    """Meets ``LocalCarrier``."""

    def __init__(self, options: LocalOptions, addresses: Addresses, base_url: str = "") -> None:
        self.account_sid = options.twilio_sid
        self.auth_token = options.twilio_token
        self.addresses = addresses
        self._base_url = base_url or BASE_URL
        self._rest = TwilioRest(self.account_sid, self.auth_token, self._base_url)

    def routes(self, calls: LocalCalls) -> Sequence[BaseRoute]:
        from patter.local.twilio_doors import TwilioDoors

        return TwilioDoors(self, calls).routes()

    def control(self, call: LocalCall) -> CarrierControl:
        return self._control(call)

    def transfers(self, call: LocalCall) -> TransferControl | None:
        return self._control(call)

    def _control(self, call: LocalCall) -> TwilioControl:
        def address(door: str, **query: str) -> str:
            # The stream that is left through it: an old request, repeated, changes nothing.
            known = {"call": call.id, "stream": str(call.tokens.used)}
            return self.addresses.webhook(NAME, door, **known, **query)

        return TwilioControl(self._client, address)

    def _client(self, timeout_s: float) -> TwilioRest:
        return TwilioRest(self.account_sid, self.auth_token, self._base_url, timeout_s=timeout_s)

    async def dial(self, call: LocalCall) -> float:
        """Dial once: a request whose outcome is unknown is looked up, never repeated. Raises CarrierError."""
        plan, wishes = call.plan, call.wishes
        ring_s = int((wishes and wishes.ring_s) or resolved_values(call.agent.turn_taking)["ring_s"])
        created = await self._rest.create_call(
            to=plan.callee,
            from_=plan.caller,
            url=self.addresses.webhook(NAME, "voice", call=call.id),
            status_callback=self.addresses.webhook(NAME, "status", call=call.id),
            timeout_s=ring_s,
            time_limit_s=int(plan.turn_taking.max_duration_s) + TIME_LIMIT_MARGIN_S,
            options=self._machine_options(call),
        )
        # A webhook may have been faster than the answer.
        call.carrier_call_id = call.carrier_call_id or created.sid
        return ring_s

    def _machine_options(self, call: LocalCall) -> dict[str, str]:
        answering = call.plan.answering
        if not answering.detect:
            return {}
        leaves = answering.on_machine == "leave_message"
        return {
            "MachineDetection": "DetectMessageEnd" if leaves else "Enable",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": self.addresses.webhook(NAME, "amd", call=call.id),
            "AsyncAmdStatusCallbackMethod": "POST",
        }

    async def open_stream(self, call: LocalCall) -> None:
        """Twilio asks at the address for resuming, by itself."""

    async def download_recording(self, recording_id: str, write: Callable[[bytes], object]) -> int:
        return await self._rest.download_recording(recording_id, write)

    async def set_up(self, number: str, confirm: Confirm) -> str:
        voice_url = self.addresses.webhook(NAME, "voice")
        status_url = self.addresses.webhook(NAME, "status")
        try:
            found = await self._rest.look_up_number(number)
            taken = found.calls_go_to
            if taken == voice_url and found.status_callback == status_url and found.is_posted:
                return ""
            if not (_is_free(taken, voice_url) or await confirm(_question(number, taken))):
                return (
                    f"Calls to {number} still go to {taken}. To have them here, set the number's "
                    f"voice address to {voice_url}, or serve(replace=True)."
                )
            await self._rest.configure_number(found.sid, voice_url=voice_url, status_callback=status_url)
        except CarrierError as error:
            if error.code in REFUSED_CODES:
                raise ConfigError(f"{error}. Check twilio_sid, twilio_token and phone_number.") from error
            return f"The number could not be set up ({error}). Its voice address has to be {voice_url}."
        return ""

    async def close(self) -> None:
        await self._rest.close()


def _is_free(current: str, ours: str) -> bool:
    """Whether nobody else's address is lost: none is set, the carrier's sample, or ours with any query."""
    return not current or current.startswith(PLACEHOLDER_VOICE_URLS) or current.partition("?")[0] == ours


def _question(number: str, current: str) -> str:
    return f"Calls to {number} now go to {current}. Send them here instead?"
