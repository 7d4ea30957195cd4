"""Twilio's media socket: its upgrade, signed, and what it calls a broken one."""

from __future__ import annotations

from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from patter.carriers.twilio.signature import HEADER, sign
from patter.simulators.carrier.media import CLOSE_TIMEOUT_S, IN_ORDER, OPEN_TIMEOUT_S, MediaSocket
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.stream_side import StreamSide
from patter.simulators.twilio.trouble import Trouble, TroubleError
from patter.simulators.twilio.twiml import StreamPlan
from patter.simulators.twilio.webhooks import USER_AGENT, signed_url


async def open_socket(plan: StreamPlan, call: Call) -> ClientConnection:
    """The upgrade, signed. Raises TroubleError with the code that Twilio gives to the failure."""
    token = "wrong" if call.order.faults.forged_upgrade else call.order.account.auth_token
    try:
        return await connect(
            plan.url,
            additional_headers={HEADER.lower(): sign(token, signed_url(plan.url))},
            user_agent_header=USER_AGENT,
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,
        )
    except InvalidURI:
        raise TroubleError(31923, "malformed address") from None
    except InvalidHandshake as error:
        raise TroubleError(31920, f"the upgrade was refused: {error}") from None
    except TimeoutError:
        raise TroubleError(31901, "no connection in time") from None
    except ConnectionRefusedError:
        raise TroubleError(31902, "connection refused") from None
    except OSError as error:
        raise TroubleError(31910 if "SSL" in type(error).__name__ else 31904, str(error)) from None


class MediaStream(MediaSocket):
    """One bidirectional stream of a call."""

    def __init__(
        self, socket: ClientConnection, side: StreamSide, call: Call, clock: Callable[[], float]
    ) -> None:
        order = call.order
        super().__init__(socket, side, call, order.faults, order.profile, clock)
        self._words, self._of_call = side, call
        self._told = 0
        self.broken = False
        """The socket closed otherwise than in order."""

    async def run(self) -> None:
        """Until the application closes the socket. Notes how it ended."""
        await super().run()
        self.broken = self.lost or self.close_code not in IN_ORDER
        if self.close_code not in IN_ORDER:
            self._of_call.trouble(Trouble(31921, f"the socket closed with code {self.close_code}"))

    def _media(self, sound: bytes, at_ms: int, now_ms: int) -> list[str]:
        return [self._words.media(sound, at_ms)]

    def _keys(self, digit: str) -> list[str]:
        return [self._words.digit(digit)]

    def _report(self) -> None:
        for trouble in self._words.troubles[self._told :]:
            self._of_call.trouble(trouble)
        self._told = len(self._words.troubles)
