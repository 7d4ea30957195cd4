"""``Patter`` in local mode: serve, call, disconnect."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from patter.blocking import in_thread
from patter.bridge.plan import CallPlan
from patter.call import Call
from patter.engines.catalogue.endings import choices_of, warnings_of
from patter.errors import ConfigError
from patter.guardrails import read_guardrails
from patter.local.addresses import Addresses
from patter.local.call import Serving
from patter.local.calls import LocalCalls
from patter.local.carrier import LocalCarrier
from patter.local.environment import BASE_URLS, completed, read_environment
from patter.local.plan import CallFacts, RecordingWish, plan_of
from patter.local.recording import check_directory
from patter.local.signals import stopped_by_signals
from patter.local.specs import Keys
from patter.local.telnyx import TelnyxCarrier
from patter.local.terminal import at_a_terminal, typed_line
from patter.local.tools import with_mcp_tools
from patter.local.twilio import TwilioCarrier
from patter.options import CallOptions, LocalOptions, ServeOptions, TalkOptions
from patter.types import Agent

logger = logging.getLogger("patter")

NOT_SERVING = (
    "call() in local mode needs serve() to run: it carries the audio. Await serve() in a task, or call from "
    "on_ready."
)
UNGUARDED = (
    "The agent's guardrails check nothing in the mode %r: its model speaks by itself. "
    "They do with on_message, or in the mode 'pipeline'."
)
CARRIERS: dict[str, Callable[[LocalOptions, Addresses, str], LocalCarrier]] = {
    "twilio": TwilioCarrier,
    "telnyx": TelnyxCarrier,
}


class LocalPhone:
    """One carrier account and its calls in this process."""

    def __init__(self, options: LocalOptions, environment: Mapping[str, str] | None = None) -> None:
        self._given = options
        self._overrides = environment or {}
        self._calls: LocalCalls | None = None
        self._stop: asyncio.Event | None = None
        self._number = ""
        self._base_url = ""

    # -- serving ----------------------------------------------------------------------------------

    async def serve(self, options: ServeOptions) -> None:
        """Carry calls until ``disconnect``, a signal, or this task is cancelled. Then every call ends, once.

        Raises ConfigError before anything listens, and OSError when the port is taken.
        """
        if self._stop is not None:
            raise ConfigError("serve() runs already.")
        mine, environment = await self._known()
        self._number = mine.phone_number
        options = replace(options, agent=await with_mcp_tools(options.agent))
        serving = _serving_of(options, Keys(mine, environment))
        if options.recording:
            await in_thread(check_directory, serving.recordings_dir)
        carrier = _carrier_of(mine, environment)
        self._base_url = Addresses(mine.webhook_url).base
        self._stop = asyncio.Event()
        try:
            await self._listen(carrier, serving, options, self._stop)
        finally:
            self._stop = self._calls = None
            await carrier.close()

    async def _known(self) -> tuple[LocalOptions, dict[str, str]]:
        """The options, completed, and the environment that completed them."""
        environment = {**await in_thread(read_environment), **self._overrides}
        return completed(self._given, environment), environment

    async def _listen(
        self, carrier: LocalCarrier, serving: Serving, options: ServeOptions, stop: asyncio.Event
    ) -> None:
        from patter.local.app import make_app
        from patter.local.page import LivePage
        from patter.serving import AsgiServer

        calls = LocalCalls(serving, carrier)
        await _set_up_convai(serving, self._base_url, options.replace)
        page = LivePage(calls)
        server = AsgiServer(make_app(carrier, calls, page), options.host, options.port)
        await server.start()
        try:
            if self._number:
                await _set_up(carrier, self._number, options.replace)
            logger.info("Live calls: %s%s", server.base_url, page.path)
            _tell_terminal(f"Live calls: {server.base_url}{page.path}  (Ctrl-C ends serving)")
            self._calls = calls
            with stopped_by_signals(stop):
                ready = asyncio.create_task(_tell_ready(options), name="on_ready")
                try:
                    await stop.wait()
                finally:
                    ready.cancel()
                    await calls.drain()
        finally:
            await server.stop()
            await _close_clients()

    # -- calling ----------------------------------------------------------------------------------

    async def call(self, options: CallOptions) -> Call:
        """Dial from the served number. Raises ConfigError and CarrierError."""
        if self._calls is None:
            raise ConfigError(NOT_SERVING)
        caller = options.from_number or self._number
        if not caller:
            raise ConfigError("call() needs a number to call from: Patter(phone_number='+1…').")
        if isinstance(options.agent, Agent):
            options = replace(options, agent=await with_mcp_tools(options.agent))
        return await self._calls.place(options, caller)

    async def test(self, options: TalkOptions) -> None:
        """Talk to an agent without a phone. Raises ConfigError."""
        from patter.local.talk import talk, talk_aloud

        mine, environment = await self._known()
        if options.audio:
            here = Path.cwd()
            await talk_aloud(LocalPhone, mine, options.agent, options.on_message, options.say, directory=here)
        else:
            await talk(options.agent, options.on_message, Keys(mine, environment))

    async def disconnect(self) -> None:
        """Have ``serve`` end every call and return. Harmless when nothing serves."""
        if self._stop is not None:
            self._stop.set()


def _serving_of(options: ServeOptions, keys: Keys) -> Serving:
    """What the calls share, tried out: an agent that cannot work is an error before anybody calls."""
    recording = RecordingWish(options.recording, options.recording_announcement)
    serving = Serving(options.agent, keys, options.listeners, recording, Path(options.recordings_dir))
    plan = _plan_to_try(options.agent, keys, options.listeners.on_message is not None)
    if read_guardrails(options.agent.guardrails) and plan.reply_by == "model" and plan.mode != "pipeline":
        logger.warning(UNGUARDED, plan.mode)
    for sentence in warnings_of(choices_of(plan), date.today()):
        logger.warning(sentence)
    return serving


def _plan_to_try(agent: Agent, keys: Keys, has_handler: bool) -> CallPlan:
    reply_by = "handler" if has_handler else "model"
    return plan_of(agent, CallFacts("call_check"), keys, reply_by=reply_by)


def _carrier_of(options: LocalOptions, environment: dict[str, str]) -> LocalCarrier:
    if not options.carrier:
        raise ConfigError(
            "Local mode needs a carrier's keys: Patter(mode='local', twilio_sid=…, twilio_token=…)."
        )
    if options.carrier not in CARRIERS:
        raise ConfigError(f"Local mode cannot use {options.carrier} yet. It has: {', '.join(CARRIERS)}.")
    addresses = Addresses(options.webhook_url)
    return CARRIERS[options.carrier](options, addresses, environment.get(BASE_URLS[options.carrier], ""))


async def _set_up(carrier: LocalCarrier, number: str, replace: bool | None) -> None:
    if sentence := await carrier.set_up(number, _confirm(replace)):
        logger.warning(sentence)


async def _set_up_convai(serving: Serving, base_url: str, replace: bool | None) -> None:
    """The ElevenLabs agent behind an agent in convai mode: formats, events and tools belong to it."""
    if serving.agent.resolved_mode != "convai":
        return
    from patter.local.convai import set_up_agent

    plan = _plan_to_try(serving.agent, serving.keys, serving.listeners.on_message is not None)
    if sentence := await set_up_agent(serving.agent, plan, base_url, _confirm(replace)):
        logger.warning(sentence)


def _confirm(replace: bool | None) -> Callable[[str], Awaitable[bool]]:
    """Asks in the terminal where there is one, unless ``replace`` says it."""

    async def confirm(question: str) -> bool:
        if replace is not None or not at_a_terminal():
            return bool(replace)
        try:
            answer = await typed_line(f"{question} [y/N] ")
        except EOFError:
            return False
        return answer.strip().lower() in ("y", "yes")

    return confirm


def _tell_terminal(line: str) -> None:
    """Whoever started this by hand is told where to look; a service's log is not theirs to write into."""
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(line + "\n")


async def _tell_ready(options: ServeOptions) -> None:
    if options.on_ready is None:
        return
    try:
        result = options.on_ready()
        if inspect.isawaitable(result):
            await result
    except Exception as error:
        logger.error("on_ready failed", exc_info=error)


async def _close_clients() -> None:
    from patter.engines.web import close_clients

    await close_clients()
