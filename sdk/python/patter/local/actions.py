"""What the user can do to a call of this process; meets ``CallActions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patter.bridge.away import digits_problem
from patter.bridge.events import DigitsAsked, Event, HangUpAsked, SayAsked, TransferAsked
from patter.errors import ConfigError, PatterError
from patter.local.carrier import LocalCarrier

if TYPE_CHECKING:
    from patter.local.call import LocalCall
    from patter.local.calls import LocalCalls


class LocalActions:
    """Of all calls of one ``serve()``. Each raises PatterError with the reason when it cannot."""

    def __init__(self, calls: LocalCalls, carrier: LocalCarrier) -> None:
        self._calls = calls
        self._carrier = carrier

    async def hang_up(self, call_id: str) -> None:
        call = self._running(call_id)
        if call.feed(HangUpAsked("api_hung_up")):
            return
        call.end("api_hung_up")
        if call.carrier_call_id:  # else it is hung up as soon as the carrier says how it is called
            await self._carrier.control(call).hang_up(call.carrier_call_id)

    async def say(self, call_id: str, text: str) -> None:
        self._tell(call_id, SayAsked(text))

    async def send_digits(self, call_id: str, digits: str) -> None:
        if problem := digits_problem(digits):
            raise ConfigError(problem)
        self._tell(call_id, DigitsAsked(digits))

    async def transfer(self, call_id: str, to: str, summary: str) -> None:
        call = self._running(call_id)
        if call.plan.transfers.find(to) is None:
            raise ConfigError(call.plan.transfers.refusal(to))
        self._tell(call_id, TransferAsked(to, summary=summary))

    def _tell(self, call_id: str, event: Event) -> None:
        if not self._running(call_id).feed(event):
            raise PatterError(f"The call {call_id} is not connected.")

    def _running(self, call_id: str) -> LocalCall:
        call = self._calls.found(call_id)
        if call is None:
            raise PatterError(f"The call {call_id} is over.")
        return call
