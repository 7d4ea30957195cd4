"""Telnyx's REST interface (Call Control v2), as far as calls and numbers need it.

The vendor's SDK repeats POSTs on its own and so dials twice unless it is told otherwise; here nothing is
repeated but what was refused unprocessed (429), and every command has a ``command_id``.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from patter.carriers.recording_file import RecordingFile
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.commands import Command
from patter.carriers.telnyx.resources import (
    TelnyxApplication,
    TelnyxCall,
    TelnyxNumber,
    TelnyxProfile,
    TelnyxRecording,
)
from patter.carriers.telnyx.webhooks import GOODBYE
from patter.errors import CarrierError
from patter.quiet_client import QuietClient
from patter.trust import trust

BASE_URL = "https://api.telnyx.com/v2"

OUTCOME_UNKNOWN = "outcome_unknown"
# Answers to a command that say that there is no such call any more.
OVER_CODES = ("90018", "90015", "10005")
# Refusals that the same request survives later: rates, and limits of calls at once.
PASSING_CODES = ("10011", "90041", "90042", "90043", "D1", "P05", "P06")
PAGE_SIZE, MOST_PAGES = 250, 20
"""Lists come in pages of at most 250 rows; twenty of them are more calls than one connection carries."""


class TelnyxRest:
    """One account at Telnyx. Meets ``CarrierControl``.

    Args:
        api_key: of the account (``KEY...``).
        connection_id: the Call Control application through which calls are made.
        base_url: where the interface is, with ``/v2``; a simulated Telnyx elsewhere.
        timeout_s: for connecting and for each answer.
        retry_delay_s: wait before a request is repeated that was refused unprocessed (429); doubles.
        transport: what carries the requests, for tests.
    """

    def __init__(
        self,
        api_key: str,
        connection_id: str = "",
        base_url: str = BASE_URL,
        *,
        timeout_s: float = 10.0,
        retry_delay_s: float = 0.5,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.connection_id = connection_id
        self._retry_delay_s = retry_delay_s
        self._base = base_url.rstrip("/")
        self._http = QuietClient(
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 5.0)),
            headers={"Accept": "application/json", "Authorization": f"Bearer {api_key}"},
            transport=transport,
            verify=trust(),
        )
        self._files = QuietClient(timeout=timeout_s, transport=transport, verify=trust())

    async def __aenter__(self) -> TelnyxRest:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()
        await self._files.aclose()

    # -- calls --------------------------------------------------------------------------------

    async def send(self, command: Command) -> dict[str, Any]:
        """Send one command. Returns the answer's ``data``. Raises CarrierError.

        A failure with code ``outcome_unknown`` may have been carried out; the same command, with its
        ``command_id``, may be sent again within 60 s.
        """
        return _data(await self._ask("POST", command.path, body=command.body))

    async def send_to_live(self, command: Command) -> bool:
        """Send a command that is void when the call is over. False: it is over.

        One whose answer is torn off is sent once more: its ``command_id`` makes both one.
        """
        try:
            await self._send_surely(command)
        except CarrierError as error:
            if error.code in OVER_CODES:
                return False
            raise
        return True

    async def _send_surely(self, command: Command) -> None:
        try:
            await self.send(command)
        except CarrierError as error:
            # Who was too slow once is not waited for twice.
            if error.code != OUTCOME_UNKNOWN or isinstance(error.__cause__, httpx.TimeoutException):
                raise
            await self.send(command)

    async def dial(self, command: Command) -> TelnyxCall:
        """Send a ``commands.dial``. Returns once Telnyx took it."""
        return TelnyxCall.parse(await self.send(command))

    async def hang_up(self, carrier_call_id: str) -> None:
        """End a call, also one that rings. A call that is already over is a success."""
        await self.send_to_live(commands.hang_up(carrier_call_id, command_id=_new_id()))

    async def say_and_hang_up(
        self, carrier_call_id: str, text: str, language: str, *, call_id: str = ""
    ) -> None:
        """Speak a text in Telnyx's own voice. ``call.speak.ended`` ``says_goodbye``: then hang up.

        ``call_id`` is our own. A call that is already over is a success.
        """
        text, state = text[: commands.MAX_SPEAK_CHARS], f"{GOODBYE}{call_id}"
        speak = commands.speak(carrier_call_id, text, language, command_id=_new_id(), client_state=state)
        await self.send_to_live(speak)

    async def fetch_call(self, carrier_call_id: str) -> TelnyxCall:
        """How a call stands; its ``is_alive`` tells."""
        return TelnyxCall.parse(_data(await self._get(f"/calls/{quote(carrier_call_id, safe=':')}")))

    async def list_active_calls(self) -> list[TelnyxCall]:
        """The calls of the connection that are going on, of all pages."""
        path = f"/connections/{quote(self.connection_id, safe='')}/active_calls"
        calls: list[TelnyxCall] = []
        for number in range(1, MOST_PAGES + 1):
            answer = await self._get(path, {"page[number]": str(number), "page[size]": str(PAGE_SIZE)})
            meta = answer.get("meta")
            calls += map(TelnyxCall.parse, _rows(answer))
            pages = meta.get("total_pages") if isinstance(meta, dict) else None
            if not isinstance(pages, int) or number >= pages:
                break
        return calls

    # -- account, application and numbers -----------------------------------------------------

    async def fetch_application(self) -> TelnyxApplication:
        """The application of ``connection_id``: the cheapest proof that key and connection work."""
        return TelnyxApplication.parse(_data(await self._get(self._application_path())))

    async def configure_application(self, found: TelnyxApplication, *, webhook_url: str) -> TelnyxApplication:
        """Send the application's webhooks to an address, in version 2 of their format."""
        body = {
            "application_name": found.name,
            "webhook_event_url": webhook_url,
            "webhook_api_version": "2",
        }
        return TelnyxApplication.parse(_data(await self._ask("PATCH", self._application_path(), body=body)))

    async def fetch_profile(self, profile_id: str) -> TelnyxProfile:
        return TelnyxProfile.parse(
            _data(await self._get(f"/outbound_voice_profiles/{quote(profile_id, safe='')}"))
        )

    async def list_profiles(self) -> list[TelnyxProfile]:
        """The account's outbound voice profiles."""
        return [*map(TelnyxProfile.parse, _rows(await self._get("/outbound_voice_profiles")))]

    async def assign_profile(self, found: TelnyxApplication, profile_id: str) -> TelnyxApplication:
        """Let an application dial through an outbound voice profile. Nothing else of it changes."""
        body = {
            "application_name": found.name,
            "webhook_event_url": found.webhook_url,
            "outbound": {"outbound_voice_profile_id": profile_id},
        }
        return TelnyxApplication.parse(_data(await self._ask("PATCH", self._application_path(), body=body)))

    async def look_up_number(self, number: str) -> TelnyxNumber:
        """One of the account's numbers. Raises CarrierError when the account does not have it."""
        answer = await self._get("/phone_numbers", {"filter[phone_number]": number})
        for found in map(TelnyxNumber.parse, _rows(answer)):
            if found.number == number:
                return found
        raise CarrierError("telnyx", "the account does not have this number", permanent=True, code="10005")

    async def connect_number(self, number_id: str) -> TelnyxNumber:
        """Send a number's calls to the application of ``connection_id``."""
        path = f"/phone_numbers/{quote(number_id, safe='')}"
        body = {"connection_id": self.connection_id}
        return TelnyxNumber.parse(_data(await self._ask("PATCH", path, body=body)))

    # -- recordings ---------------------------------------------------------------------------

    async def fetch_recording(self, recording_id: str) -> TelnyxRecording:
        """A recording with a fresh download link."""
        return TelnyxRecording.parse(_data(await self._get(f"/recordings/{quote(recording_id, safe='')}")))

    async def recordings_of(self, *, call_control_id: str = "", call_leg_id: str = "") -> list[str]:
        """The ids of a call's finished recordings, by either of its ids. Some are told of without theirs."""
        if call_control_id:
            query = {"filter[call_control_id]": call_control_id}
        elif call_leg_id:
            query = {"filter[call_leg_id]": call_leg_id}
        else:
            return []
        found = map(TelnyxRecording.parse, _rows(await self._get("/recordings", query)))
        # Not by the filter alone: what is not of this call is somebody else's.
        return [
            one.id
            for one in found
            if one.id
            and ("" != call_control_id == one.call_control_id or "" != call_leg_id == one.call_leg_id)
        ]

    async def download_recording(self, recording_id: str, write: Callable[[bytes], object]) -> int:
        """Give a recording to ``write`` piece by piece, over a fresh link. Returns its size.

        One that is not there yet is a CarrierError that is not permanent. So is one that comes as something
        else, or not to its end.
        """
        try:
            url = (await self.fetch_recording(recording_id)).download_url
        except CarrierError as error:
            raise CarrierError("telnyx", str(error), permanent=False, code=error.code) from error
        if not url:
            raise CarrierError("telnyx", "the recording has no link yet", permanent=False, code="no_link")
        file = RecordingFile(write)
        try:
            # The link is the proof; our API key is nothing for whoever keeps the files.
            async with self._files.stream("GET", url) as answer:
                if not answer.is_success:
                    said = f"its file is answered with {answer.status_code}"
                    raise CarrierError("telnyx", said, permanent=False, code=str(answer.status_code))
                async for piece in answer.aiter_bytes():
                    file.take(piece)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(error, "unreachable") from error
        file.check("telnyx")
        return file.size

    async def delete_recording(self, recording_id: str) -> None:
        """Delete a recording at Telnyx. One that is gone already is a success."""
        try:
            await self._ask("DELETE", f"/recordings/{quote(recording_id, safe='')}")
        except CarrierError as error:
            if error.code not in ("10005", "404"):
                raise

    # -- HTTP ---------------------------------------------------------------------------------

    def _application_path(self) -> str:
        return f"/call_control_applications/{quote(self.connection_id, safe='')}"

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        return await self._ask("GET", path, query=query)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        for attempt in range(3):
            answer = await self._send(method, path, query, body)
            if answer.status_code != 429 or attempt == 2:
                break
            # 429 means not processed, so even a dial may be repeated.
            await asyncio.sleep(self._retry_delay_s * 2**attempt)
        if answer.is_success:
            return _object(answer)
        raise _refusal(answer)

    async def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        try:
            return await self._http.request(method, f"{self._base}{path}", params=query, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _unreachable(error, "unreachable") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(error, OUTCOME_UNKNOWN if method == "POST" else "unreachable") from error


def _new_id() -> str:
    return uuid.uuid4().hex


def _unreachable(error: Exception, code: str) -> CarrierError:
    return CarrierError("telnyx", f"no answer ({type(error).__name__})", permanent=False, code=code)


def _refusal(answer: httpx.Response) -> CarrierError:
    """The error for an answer that is no success, in Telnyx's own words.

    ``code`` is the finest that it gave: a SIP reason of the text (D1, D38), else the error's number.
    """
    try:
        errors = _object(answer).get("errors")
    except CarrierError:
        errors = None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    title, detail = str(first.get("title") or ""), str(first.get("detail") or "")
    words = ": ".join(word for word in (title, detail) if word) or f"status {answer.status_code}"
    reason = re.search(r"\b([DP][0-9]{1,2})\b", f"{title} {detail}")
    broken = answer.status_code >= 500
    # What a server that failed half-way did is unknown, whatever number it gave to the failure.
    code = (
        reason[1]
        if reason
        else str(answer.status_code if broken else first.get("code") or answer.status_code)
    )
    passing = broken or answer.status_code in (408, 429) or code in PASSING_CODES
    return CarrierError("telnyx", words, permanent=not passing, code=code)


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _rows(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = answer.get("data")
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _object(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == 204:
        return {}
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise CarrierError("telnyx", "an answer that is not JSON", permanent=False, code=OUTCOME_UNKNOWN)
    return body
