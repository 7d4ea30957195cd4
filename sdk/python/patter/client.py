"""The facade: ``Patter``. The work is done in ``cloud/`` or in ``local/``, loaded when first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from patter import helpers
from patter.errors import ConfigError
from patter.homes import Homes
from patter.options import (
    CallOptions,
    Listeners,
    Registration,
    ServeOptions,
    TalkOptions,
    check_absent,
    check_kinds,
    check_lists,
    checked_number,
    resolve_options,
)
from patter.types import Agent, Callback, LlmConfig, MessageHandler, Mode, Ready, SttConfig, TtsConfig

if TYPE_CHECKING:
    from patter.call import Call
    from patter.cloud.rest import Rest

MODES = ("pipeline", "realtime", "convai")
SPEAKERS = ("agent", "caller")


class Patter:
    """A phone for an agent.

    With an ``api_key`` (or PATTER_API_KEY) a platform carries the calls: ``connect``, ``call``. With a
    carrier's keys this process does: ``serve``, ``call``. An explicit ``mode`` ("cloud", "local") wins.

    Args:
        api_key: the platform's key, ``pt_…``.
        backend_url: the platform's socket base; PATTER_BACKEND_URL, else ``wss://api.getpatter.com``.
        rest_url: its REST base; PATTER_REST_URL, else the backend's address with http for ws.
        phone_number: local mode: the number that calls come in on and go out from, E.164.
        webhook_url: local mode: the public https address under which the carrier reaches this process.

    Raises ConfigError where the arguments cannot work.
    """

    def __init__(
        self,
        api_key: str | None = None,
        backend_url: str | None = None,
        rest_url: str | None = None,
        *,
        mode: Literal["cloud", "local"] | None = None,
        twilio_sid: str | None = None,
        twilio_token: str | None = None,
        telnyx_key: str | None = None,
        telnyx_public_key: str | None = None,
        telnyx_connection_id: str | None = None,
        openai_key: str | None = None,
        deepgram_key: str | None = None,
        elevenlabs_key: str | None = None,
        phone_number: str | None = None,
        webhook_url: str | None = None,
    ) -> None:
        options = resolve_options(
            api_key=api_key,
            backend_url=backend_url,
            rest_url=rest_url,
            mode=mode,
            twilio_sid=twilio_sid,
            twilio_token=twilio_token,
            telnyx_key=telnyx_key,
            telnyx_public_key=telnyx_public_key,
            telnyx_connection_id=telnyx_connection_id,
            openai_key=openai_key,
            deepgram_key=deepgram_key,
            elevenlabs_key=elevenlabs_key,
            phone_number=phone_number,
            webhook_url=webhook_url,
        )
        self._homes = Homes(options)

    @property
    def mode(self) -> Literal["cloud", "local"]:
        return self._homes.mode

    def __repr__(self) -> str:
        return f"<Patter {self.mode}>"

    # -- both homes -------------------------------------------------------------------------------

    async def call(
        self,
        to: str,
        first_message: str | None = None,
        *,
        from_number: str = "",
        agent: Agent | str | None = None,
        variables: Mapping[str, Any] | None = None,
        custom_params: Mapping[str, Any] | None = None,
        machine_detection: bool | None = None,
        on_machine: Literal["leave_message", "hang_up", "continue", "ask"] | None = None,
        voicemail_message: str | None = None,
        record: bool | None = None,
        max_duration_s: int | None = None,
        ring_s: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        wait: bool = False,
    ) -> Call:
        """Call somebody. Returns as soon as the call is on its way; with ``wait`` when it is over.

        Args:
            to: whom to call, E.164.
            agent: who speaks, for this call only: in local mode an ``Agent``; on the platform an agent's id.
                Left out: the agent given to ``serve()``; on the platform the agent of the number that calls.
            idempotency_key: the same key places one call, however often it is asked for.

        Raises ConfigError, ApiError and ConnectError, each with what to change.
        """
        options = CallOptions(
            to=checked_number("to", to),
            from_number=checked_number("from_number", from_number) if from_number else "",
            agent=agent,
            first_message=first_message,
            variables=variables,
            custom_params=custom_params,
            machine_detection=machine_detection,
            on_machine=on_machine,
            voicemail_message=voicemail_message,
            record=record,
            max_duration_s=max_duration_s,
            ring_s=ring_s,
            metadata=metadata,
            idempotency_key=idempotency_key,
        )
        if self.mode == "local":
            placed = await self._homes.local().call(options)
        else:
            placed = await self._homes.cloud("call").call(options)
        if wait:
            await placed.ended
        return placed

    async def disconnect(self) -> None:
        """Stop in order: no new calls; on the platform calls go on with whoever else answers."""
        await self._homes.disconnect()

    def agent(
        self,
        system_prompt: str | None = "",
        *,
        first_message: str | None = "",
        variables: Mapping[str, Any] | None = None,
        voice: str | None = None,
        model: str | None = None,
        language: str | None = "en",
        tools: Sequence[Any] | None = None,
        mode: Mode | None = None,
        stt: SttConfig | None = None,
        llm: LlmConfig | None = None,
        tts: TtsConfig | None = None,
        convai_agent_id: str | None = None,
        transfer_targets: Sequence[Any] | None = None,
        guardrails: Sequence[Any] | None = None,
        first_speaker: Literal["agent", "caller"] = "agent",
        turn_taking: Mapping[str, Any] | None = None,
        phrases: Mapping[str, str] | None = None,
        keypad: Mapping[str, Any] | None = None,
        keyterms: Sequence[str] | None = None,
    ) -> Agent:
        """Who answers. ``{name}`` in the prompt and in the first message becomes the variable's value."""
        if mode is not None and mode not in MODES:
            raise ConfigError(f"mode is one of {', '.join(MODES)}, not {mode!r}.")
        check_kinds(Mapping, variables=variables, turn_taking=turn_taking, phrases=phrases, keypad=keypad)
        check_kinds(str, system_prompt=system_prompt, first_message=first_message, voice=voice, model=model)
        check_kinds(str, language=language, convai_agent_id=convai_agent_id)
        for kind, name, given in ((SttConfig, "stt", stt), (LlmConfig, "llm", llm), (TtsConfig, "tts", tts)):
            check_kinds(kind, **{name: given})
        check_lists(tools=tools, transfer_targets=transfer_targets, guardrails=guardrails, keyterms=keyterms)
        if first_speaker not in SPEAKERS:
            raise ConfigError(f"first_speaker is one of {', '.join(SPEAKERS)}, not {first_speaker!r}.")
        return Agent(
            system_prompt=system_prompt or "",
            first_message=first_message or "",
            variables=dict(variables or {}),
            voice=voice,
            model=model,
            language=language or "en",
            tools=tuple(tools or ()),
            mode=mode,
            stt=stt,
            llm=llm,
            tts=tts,
            convai_agent_id=convai_agent_id,
            transfer_targets=tuple(transfer_targets or ()),
            guardrails=tuple(guardrails or ()),
            first_speaker=first_speaker,
            turn_taking=dict(turn_taking or {}),
            phrases=dict(phrases or {}),
            keypad=dict(keypad or {}),
            keyterms=tuple(keyterms or ()),
        )

    # -- a platform -------------------------------------------------------------------------------

    async def connect(
        self,
        on_message: MessageHandler | None = None,
        *,
        on_call_start: Callback | None = None,
        on_call_end: Callback | None = None,
        on_transcript: Callback | None = None,
        on_dtmf: Callback | None = None,
        on_call_status: Callback | None = None,
        on_machine_detection: Callback | None = None,
        provider: Literal["twilio", "telnyx"] | None = None,
        provider_key: str = "",
        provider_secret: str = "",
        connection_id: str = "",
        number: str = "",
        agent_id: str = "",
        stt: SttConfig | None = None,
        tts: TtsConfig | None = None,
        replace: bool = False,
        keep_alive: bool | None = None,
    ) -> None:
        """Connect to the platform, register, and return; calls are answered in the background from then on.

        Without ``on_message`` calls are only watched. With ``provider`` the carrier account, the number and
        the voices are brought to the platform first; doing so twice changes nothing.

        Args:
            number: answer this number's calls only; with ``provider`` it is registered too.
            agent_id: answer this agent's calls only.
            provider_key, provider_secret: Twilio's account SID and auth token; Telnyx's API key and public
                key, with ``connection_id``.
            replace: take over a number that is bound to an agent of the dashboard.
            keep_alive: None: a script whose ``main()`` ends right after this goes on serving calls, see
                ``patter/cloud/keep_alive.py``. True insists, False never does.

        Raises AuthError, ConnectError, ConfigError and ApiError, each with what to change.
        """
        listeners = Listeners(
            on_message,
            on_call_start,
            on_call_end,
            on_transcript,
            on_dtmf,
            on_call_status,
            on_machine_detection,
        )
        phone = self._homes.cloud("connect")
        registration = None
        if provider is not None:
            registration = Registration(
                provider=provider,
                provider_key=provider_key,
                provider_secret=provider_secret,
                number=checked_number("number", number),
                connection_id=connection_id,
                stt=stt,
                tts=tts,
                replace=replace,
            )
        else:
            check_absent(
                "belongs to a carrier account: give provider='twilio' or 'telnyx' as well",
                provider_key=provider_key,
                provider_secret=provider_secret,
                connection_id=connection_id,
                stt=stt,
                tts=tts,
            )
        await phone.connect(
            listeners,
            number=checked_number("number", number) if number else "",
            agent_id=agent_id,
            registration=registration,
            keep_alive=keep_alive,
        )

    async def wait_closed(self) -> None:
        """Wait until ``disconnect()`` was called, or the platform refused us for good (raises why)."""
        await self._homes.cloud("wait_closed").wait_closed()

    @property
    def rest(self) -> Rest:
        """The platform's REST interface: ``agents``, ``numbers``, ``calls``, ``tools``, ``mcp_sources``,
        ``carrier_accounts``, ``provider_credentials``, and ``request()`` for the rest.

        Rows are dictionaries with the types of ``patter.rows``; what is refused is an ApiError.
        """
        return self._homes.cloud("rest").rest

    # -- this process -----------------------------------------------------------------------------

    async def serve(
        self,
        agent: Agent,
        *,
        port: int = 8000,
        host: str = "127.0.0.1",
        recording: bool | str = False,
        on_message: MessageHandler | None = None,
        on_call_start: Callback | None = None,
        on_call_end: Callback | None = None,
        on_transcript: Callback | None = None,
        on_dtmf: Callback | None = None,
        on_ready: Ready | None = None,
        on_call_status: Callback | None = None,
        on_machine_detection: Callback | None = None,
        replace: bool | None = None,
        recordings_dir: str = "recordings",
        recording_announcement: str = "",
        on_recording: Callback | None = None,
    ) -> None:
        """Carry calls in this process until it is stopped: Ctrl-C, SIGTERM, ``disconnect()``.

        Args:
            on_message: who answers. Left out, the agent's language model does.
            port, host: where this process listens; the carrier reaches it under ``webhook_url``.
            recording: record both sides as they were heard, into ``recordings_dir``, a WAV file a call.
                ``"carrier"``: the carrier records, and its file is fetched into that folder after the call.
            recording_announcement: said first in every call that is recorded; nothing is recorded before.
            on_recording: told of each carrier's file: ``call_id``, ``recording_path`` or ``error``.
            on_ready: called when calls can come and ``call()`` works.
            replace: whether to overwrite the number's webhook address when it is somebody else's. None: ask
                in the terminal; where there is none, leave it and say so.

        Raises ConfigError before anything listens, and OSError when the port is taken.
        """
        home = self._homes.local()
        if not isinstance(agent, Agent):
            raise ConfigError("agent is what phone.agent(...) returns.")
        listeners = Listeners(
            on_message,
            on_call_start,
            on_call_end,
            on_transcript,
            on_dtmf,
            on_call_status,
            on_machine_detection,
            on_recording,
        )
        options = ServeOptions(
            agent,
            listeners,
            host,
            port,
            recording,
            on_ready,
            replace,
            recordings_dir,
            recording_announcement,
        )
        await home.serve(options)

    async def test(
        self,
        agent: Agent,
        *,
        on_message: MessageHandler | None = None,
        audio: bool = False,
        say: Sequence[str] = (),
    ) -> None:
        """Talk to the agent without a phone: by text in the terminal, or aloud by a simulated carrier.

        Args:
            on_message: who answers. Left out, the agent's language model does.
            audio: speak through a simulated carrier, with the agent's own ears and voice; the call is kept
                as ``patter-test.wav``.
            say: with ``audio``: the lines that the caller speaks.

        Raises ConfigError.
        """
        if not isinstance(agent, Agent):
            raise ConfigError("agent is what phone.agent(...) returns.")
        await self._homes.talk().test(TalkOptions(agent, on_message, audio, say))

    # -- providers --------------------------------------------------------------------------------

    deepgram = staticmethod(helpers.deepgram)
    whisper = staticmethod(helpers.whisper)
    elevenlabs = staticmethod(helpers.elevenlabs)
    openai_tts = staticmethod(helpers.openai_tts)
