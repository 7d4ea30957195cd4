"""``phone.test(agent)``: talk to an agent without a phone, by text in the terminal or aloud.

By text the agent's own model, handler and tools work for real; ears and voice are left out. Aloud everything
works for real but the carrier, which is simulated on this machine.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patter.blocking import in_thread
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm
from patter.errors import ConfigError
from patter.local.plan import CallFacts, toolbox_of, variables_of
from patter.local.signals import stopped_by_signals
from patter.local.specs import Keys, model_spec
from patter.local.terminal import typed_line
from patter.options import Listeners, LocalOptions, ServeOptions
from patter.testing.phone import FakePhone
from patter.tools.spec import ToolContext
from patter.types import Agent, MessageHandler

if TYPE_CHECKING:
    from patter.local.phone import LocalPhone

PROMPT = "You:   "
HELP = "Type what you say. /press 1 presses keys, an empty line waits, /quit or Ctrl-C hangs up."
NAMES = {"user": "You:  ", "assistant": "Agent:", "tool": "Tool: "}
ACCOUNT_SID, AUTH_TOKEN = "AC" + "0" * 32, "simulated"
CALLER, CALLEE = "+15550100002", "+15550100001"
WAITS_S = 15.0
"""How long an empty line lets time pass: long enough to be asked whether one is still there."""
LONGEST_CALL_S = 600.0

Write = Callable[[str], Any]
Read = Callable[[str], Awaitable[str]]


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def talk(
    agent: Agent,
    on_message: MessageHandler | None,
    keys: Keys,
    *,
    read: Read = typed_line,
    write: Write = _print,
) -> None:
    """One conversation by text, until either side hangs up. Ctrl-C hangs up, too. Raises ConfigError."""
    facts = CallFacts("call_test", caller=CALLER, callee=CALLEE)
    context = ToolContext(facts.call_id, facts.caller, facts.callee, facts.direction)
    tools = toolbox_of(agent, variables_of(agent, facts, None)).runner(context)
    model = None if on_message is not None else ChainLlm(Chain("llm", [model_spec(agent, keys)]))
    write(HELP)
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        async with FakePhone(
            agent, on_message=on_message, model=model, tools=tools, caller=CALLER, callee=CALLEE
        ) as call:
            talking = asyncio.create_task(_talk(call, read, write), name="phone.test")
            try:
                await _first_of(talking, stop)
            finally:
                talking.cancel()
    if stop.is_set():
        write("")  # the line that was begun
    write(f"The call is over: {call.reason}.")


async def _talk(call: FakePhone, read: Read, write: Write) -> None:
    _heard(write, await call.listen())
    while not call.is_over and await _turn(call, read, write):
        pass


async def _turn(call: FakePhone, read: Read, write: Write) -> bool:
    """One line of the user. False: they hang up."""
    try:
        line = (await read(PROMPT)).strip()
    except EOFError:
        write("")
        return False
    word, _, keys = line.partition(" ")
    if word == "/quit":
        return False
    if word == "/press" and keys:
        await _press(call, keys.strip(), write)
    elif word.startswith("/"):
        write(HELP)
    else:
        _heard(write, await (call.say(line) if line else call.listen(WAITS_S)))
    return True


async def _press(call: FakePhone, keys: str, write: Write) -> None:
    try:
        _heard(write, await call.press(keys))
    except ConfigError as error:
        write(str(error))


def _heard(write: Write, reply: str) -> None:
    if reply:
        write(f"{NAMES['assistant']} {reply}")


# -- aloud ----------------------------------------------------------------------------------------


async def talk_aloud(
    make: Callable[[LocalOptions, Mapping[str, str]], LocalPhone],
    options: LocalOptions,
    agent: Agent,
    on_message: MessageHandler | None,
    say: Sequence[str],
    *,
    directory: Path,
    write: Write = _print,
) -> Path:
    """One call over a simulated carrier, in which the caller says these lines. Gives the recording's path.

    Raises ConfigError.
    """
    if not say:
        raise ConfigError("audio=True needs say=[…]: the lines that the caller speaks.")
    if find_spec("espeakng_loader") is None:
        raise ConfigError("The caller has no voice: pip install './sdk/python[simulators,offline-voice]'.")
    from patter.simulators.script import HangUp, Say, Step, Wait
    from patter.simulators.twilio import TwilioSimulator
    from patter.simulators.voice import OfflineVoice

    ends: list[dict[str, Any]] = []
    async with TwilioSimulator(voice=OfflineVoice(), max_call_s=LONGEST_CALL_S) as carrier:
        carrier.add_account(ACCOUNT_SID, AUTH_TOKEN)
        carrier.add_number(CALLEE, ACCOUNT_SID)
        port = _free_port()
        given = replace(
            options,
            twilio_sid=ACCOUNT_SID,
            twilio_token=AUTH_TOKEN,
            telnyx_key="",
            phone_number=CALLEE,
            webhook_url=f"http://127.0.0.1:{port}",
        )
        phone = make(given, {"PATTER_TWILIO_BASE_URL": carrier.base_url})
        ready = asyncio.Event()
        listeners = Listeners(
            on_message,
            on_call_end=ends.append,
            on_transcript=lambda turn: write(f"{NAMES.get(turn['role'], 'System:')} {turn['text']}"),
        )
        serving = asyncio.create_task(
            phone.serve(ServeOptions(agent, listeners, port=port, on_ready=ready.set)), name="phone.test"
        )
        try:
            await _first_of(serving, ready)
            steps: list[Step] = [*(Say(line) for line in say), Wait(500), HangUp()]
            call = await carrier.dial_in(CALLEE, CALLER, steps, time_limit_s=LONGEST_CALL_S)
            await call.ended(LONGEST_CALL_S)
        finally:
            await phone.disconnect()
            await asyncio.wait([serving])
        path = directory / "patter-test.wav"
        await in_thread(path.write_bytes, call.media.wav())
    write(f"The call is over: {ends[0]['reason'] if ends else call.cause}. It sounds like {path}.")
    return path


async def _first_of(working: asyncio.Task[None], event: asyncio.Event) -> None:
    """Until the event is set or the task is done; what it failed with is raised here."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if working.done():
        working.result()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
