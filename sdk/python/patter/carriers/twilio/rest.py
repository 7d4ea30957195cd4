"""Twilio's REST interface, as far as a running call and its set-up need it.

Spoken directly over httpx: it runs in the user's own process in local mode, where the vendor's SDK
is not a dependency, and inside an event loop, where a blocking client must not be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from patter.carriers.recording_file import RecordingFile
from patter.carriers.twilio.markup import MAX_SAY_CHARS, say_and_hang_up, say_language
from patter.carriers.twilio.resources import TwilioAccount, TwilioCall, TwilioNumber
from patter.errors import CarrierError
from patter.quiet_client import QuietClient
from patter.trust import trust

BASE_URL = "https://api.twilio.com"
STATUS_EVENTS = ("initiated", "ringing", "answered", "completed")

# Answers to a change of a call that say that there is no call any more.
OVER_CODES = ("20404", "21220")
# Refusals that the same request survives later: too many requests, calls or queued calls.
PASSING_CODES = ("20429", "10004", "86008", "22005")

Form = Mapping[str, str | Sequence[str]]


class TwilioRest:
    """One account at Twilio. Meets ``CarrierControl``.

    Args:
        account_sid: the account (``AC...``).
        auth_token: its auth token.
        base_url: where the interface is; a simulated Twilio elsewhere.
        timeout_s: for connecting and for each answer.
        retry_delay_s: wait before a request is repeated that was refused unprocessed (429); doubles.
        transport: what carries the requests, for tests.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        base_url: str = BASE_URL,
        *,
        timeout_s: float = 10.0,
        retry_delay_s: float = 0.5,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.account_sid = account_sid
        self._retry_delay_s = retry_delay_s
        self._http = QuietClient(
            base_url=f"{base_url.rstrip('/')}/2010-04-01/Accounts/{quote(account_sid, safe='')}",
            auth=(account_sid, auth_token),
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 5.0)),
            headers={"Accept": "application/json"},
            transport=transport,
            verify=trust(),
        )

    async def __aenter__(self) -> TwilioRest:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # -- calls --------------------------------------------------------------------------------

    async def create_call(
        self,
        *,
        to: str,
        from_: str,
        url: str | None = None,
        twiml: str | None = None,
        status_callback: str | None = None,
        status_events: Sequence[str] = STATUS_EVENTS,
        timeout_s: int = 60,
        time_limit_s: int | None = None,
        options: Mapping[str, str] | None = None,
    ) -> TwilioCall:
        """Ask Twilio to dial. Returns once it is queued.

        A failure with code ``outcome_unknown`` may have dialled: look with ``list_calls`` before
        asking again, or the callee is phoned twice.

        Args:
            url: where Twilio fetches the document when the callee answers; or else
            twiml: the document itself, at most 4,000 characters.
            timeout_s: how long it may ring.
            time_limit_s: how long the call may last.
            options: further parameters by their own names, such as ``MachineDetection``.
        """
        form: dict[str, str | Sequence[str]] = {"To": to, "From": from_, "Timeout": str(timeout_s)}
        if url is not None:
            form |= {"Url": url, "Method": "POST"}
        if twiml is not None:
            form["Twiml"] = twiml
        if status_callback is not None:
            form |= {"StatusCallback": status_callback, "StatusCallbackEvent": list(status_events)}
        if time_limit_s is not None:
            form["TimeLimit"] = str(time_limit_s)
        return TwilioCall.parse(await self._post("/Calls.json", {**form, **(options or {})}))

    async def hang_up(self, carrier_call_id: str) -> None:
        """End a call, also one that rings. A call that is already over is a success."""
        try:
            await self._change(carrier_call_id, {"Status": "completed"})
        except CarrierError as error:
            if error.code not in OVER_CODES:
                raise

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        """Speak a text in Twilio's own voice, then end the call. A call that is already over is a success."""
        twiml = say_and_hang_up(text[:MAX_SAY_CHARS], say_language(language))
        try:
            await self.update_twiml(carrier_call_id, twiml)
        except CarrierError as error:
            if error.code not in OVER_CODES:
                raise

    async def update_twiml(self, carrier_call_id: str, twiml: str) -> TwilioCall:
        """Give a live call another document. It ends the media stream of the call."""
        return TwilioCall.parse(await self._change(carrier_call_id, {"Twiml": twiml}))

    async def fetch_call(self, carrier_call_id: str) -> TwilioCall:
        return TwilioCall.parse(await self._get(_call_path(carrier_call_id)))

    async def list_calls(
        self, *, to: str | None = None, from_: str | None = None, status: str | None = None, limit: int = 50
    ) -> list[TwilioCall]:
        """The newest calls, newest first."""
        asked = {"To": to, "From": from_, "Status": status, "PageSize": str(limit)}
        answer = await self._get("/Calls.json", {name: value for name, value in asked.items() if value})
        return [TwilioCall.parse(row) for row in _rows(answer, "calls")]

    # -- recordings ---------------------------------------------------------------------------

    async def start_recording(self, carrier_call_id: str, callback: str) -> None:
        """Record both sides of a call that was answered, until it ends. ``callback`` hears of the file.

        A call that is already over is a success.
        """
        form: dict[str, str | list[str]] = {
            "RecordingChannels": "dual",
            "RecordingTrack": "both",
            # What was trimmed would not lie at its time any more.
            "Trim": "do-not-trim",
            "RecordingStatusCallback": callback,
            "RecordingStatusCallbackEvent": "completed absent",
        }
        path = _call_path(carrier_call_id).removesuffix(".json")
        try:
            await self._post(f"{path}/Recordings.json", form)
        except CarrierError as error:
            if error.code not in OVER_CODES:
                raise

    async def download_recording(self, recording_sid: str, write: Callable[[bytes], object]) -> int:
        """Give a recording to ``write`` piece by piece: WAV, each side in its own channel. Returns its size.

        One that is not there yet is a CarrierError that is not permanent: Twilio announces some too early.
        So is one that comes as something else, or not to its end.
        """
        url = f"{str(self._http.base_url).rstrip('/')}/Recordings/{quote(recording_sid, safe='')}.wav"
        file = RecordingFile(write)
        try:
            async with self._http.stream("GET", url, params={"RequestedChannels": "2"}) as answer:
                if not answer.is_success:
                    await answer.aread()
                    refused = _refusal(answer)
                    raise CarrierError("twilio", str(refused), permanent=False, code=refused.code)
                async for piece in answer.aiter_bytes():
                    file.take(piece)
        except httpx.HTTPError as error:
            raise _unreachable(error, "unreachable") from error
        file.check("twilio")
        return file.size

    async def delete_recording(self, recording_sid: str) -> None:
        """Delete a recording. One that is gone is a success."""
        try:
            await self._ask("DELETE", f"/Recordings/{quote(recording_sid, safe='')}.json")
        except CarrierError as error:
            if error.code not in OVER_CODES:
                raise

    # -- account and numbers ------------------------------------------------------------------

    async def fetch_account(self) -> TwilioAccount:
        """The account itself: the cheapest proof that the credentials work."""
        return TwilioAccount.parse(await self._get(".json"))

    async def list_numbers(self, number: str | None = None) -> list[TwilioNumber]:
        """The account's numbers; with ``number`` (E.164) that one or nothing."""
        asked = {"PageSize": "1000"} | ({"PhoneNumber": number} if number else {})
        answer = await self._get("/IncomingPhoneNumbers.json", asked)
        return [TwilioNumber.parse(row) for row in _rows(answer, "incoming_phone_numbers")]

    async def look_up_number(self, number: str) -> TwilioNumber:
        """One of the account's numbers. Raises CarrierError when the account does not have it."""
        for found in await self.list_numbers(number):
            if found.number == number:
                return found
        raise CarrierError("twilio", "the account does not have this number", permanent=True, code="20404")

    async def configure_number(
        self, number_sid: str, *, voice_url: str, status_callback: str | None = None
    ) -> TwilioNumber:
        """Send a number's calls to ``voice_url``, whatever application or trunk it belonged to."""
        form = {
            "VoiceUrl": voice_url,
            "VoiceMethod": "POST",
            # Twilio ignores VoiceUrl while either of these is set.
            "VoiceApplicationSid": "",
            "TrunkSid": "",
        }
        if status_callback is not None:
            form |= {"StatusCallback": status_callback, "StatusCallbackMethod": "POST"}
        path = f"/IncomingPhoneNumbers/{quote(number_sid, safe='')}.json"
        return TwilioNumber.parse(await self._post(path, form))

    # -- HTTP ---------------------------------------------------------------------------------

    async def _change(self, carrier_call_id: str, form: Form) -> dict[str, Any]:
        return await self._post(_call_path(carrier_call_id), form)

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        return await self._ask("GET", path, query=query)

    async def _post(self, path: str, form: Form) -> dict[str, Any]:
        return await self._ask("POST", path, form=form)

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, form: Form | None = None
    ) -> dict[str, Any]:
        for attempt in range(3):
            answer = await self._send(method, path, query, form)
            if answer.status_code != 429 or attempt == 2:
                break
            # 429 means not processed, so even a create may be repeated.
            await asyncio.sleep(self._retry_delay_s * 2**attempt)
        if answer.status_code == 204:
            return {}
        if answer.is_success:
            return _object(answer)
        raise _refusal(answer)

    async def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, form: Form | None
    ) -> httpx.Response:
        try:
            # The address is put together here: httpx would set a slash before ".json".
            url = f"{str(self._http.base_url).rstrip('/')}{path}"
            return await self._http.request(method, url, params=query, data=form)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _unreachable(error, "unreachable") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(error, "outcome_unknown" if method == "POST" else "unreachable") from error


def _call_path(carrier_call_id: str) -> str:
    return f"/Calls/{quote(carrier_call_id, safe='')}.json"


def _unreachable(error: Exception, code: str) -> CarrierError:
    return CarrierError("twilio", f"no answer ({type(error).__name__})", permanent=False, code=code)


def _refusal(answer: httpx.Response) -> CarrierError:
    """The error for an answer that is no success. Its code is Twilio's own where there is one."""
    try:
        body = _object(answer)
    except CarrierError:
        body = {}
    code = str(body.get("code") or ("20404" if answer.status_code == 404 else answer.status_code))
    passing = answer.status_code in (408, 429) or answer.status_code >= 500 or code in PASSING_CODES
    message = str(body.get("message") or f"status {answer.status_code}")
    return CarrierError("twilio", message, permanent=not passing, code=code)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise CarrierError("twilio", "an answer that is not JSON", permanent=False, code="outcome_unknown")
    return body


def _rows(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = answer.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
