"""Local mode with its whole world on loopback: a carrier, ears, a voice and a model, each simulated."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from patter import Agent, Patter
from patter.carriers.twilio.signature import sign
from patter.simulators.deepgram import DeepgramServer
from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.openai import OpenAiServer
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.telnyx.world import Account
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.call import Call as SimulatedCall

from .at_telnyx import furnish

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "0123456789abcdef"
NUMBER = "+15550001111"
CALLER = "+15550002222"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class World:
    """Everything outside of the user's process, and how to serve into it."""

    def __init__(
        self, twilio: TwilioSimulator, ears: DeepgramServer, voice: ElevenLabsServer, model: OpenAiServer
    ) -> None:
        self.twilio = twilio
        self.ears = ears
        self.voice = voice
        self.model = model
        self.telnyx_account: Account | None = None
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._serving: list[asyncio.Task[None]] = []
        self._phones: list[Patter] = []

    def phone(self, **more: Any) -> Patter:
        options = {
            "twilio_sid": ACCOUNT_SID,
            "twilio_token": AUTH_TOKEN,
            "deepgram_key": self.ears.api_key,
            "elevenlabs_key": self.voice.api_key,
            "openai_key": self.model.api_key,
            "phone_number": NUMBER,
            "webhook_url": self.base_url,
        }
        phone = Patter(mode="local", **{**options, **more})
        self._phones.append(phone)
        return phone

    async def serve(self, phone: Patter, agent: Agent, **options: Any) -> asyncio.Task[None]:
        """Returns when it is ready."""
        ready = asyncio.Event()
        serving = asyncio.create_task(
            phone.serve(agent, port=self.port, on_ready=ready.set, **options), name="serve"
        )
        self._serving.append(serving)
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([serving, waiting], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if serving.done():
            await serving
        return serving

    async def ring(self, *steps: Any, **more: Any) -> SimulatedCall:
        """Somebody calls, and the call is over."""
        call = await self.dial(*steps, **more)
        return await call.ended(40)

    async def dial(self, *steps: Any, **more: Any) -> SimulatedCall:
        return await self.twilio.dial_in(NUMBER, more.pop("caller", CALLER), steps, **more)

    async def webhook(self, door: str, form: dict[str, str], *, token: str = AUTH_TOKEN) -> httpx.Response:
        """What the carrier posts at one of the doors, signed with ``token``."""
        url = f"{self.base_url}/webhooks/twilio/{door}"
        signature = sign(token, url, list(form.items()))
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        async with httpx.AsyncClient() as client:
            return await client.post(url, content=urlencode(form), headers=headers)

    async def close(self) -> None:
        for phone in self._phones:
            await phone.disconnect()
        if self._serving:
            await asyncio.wait(self._serving, timeout=20)
        for serving in self._serving:
            serving.cancel()


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No keys of the machine that the tests run on."""
    from patter.local.environment import BASE_URLS, NAMES

    for name in [*NAMES.values(), *BASE_URLS.values(), "PATTER_API_KEY"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def world(unset: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with (
        TwilioSimulator(webhook_budget_s=5) as twilio,
        DeepgramServer(utterances=["what are your hours"]) as ears,
        ElevenLabsServer() as voice,
        OpenAiServer() as model,
    ):
        twilio.add_account(ACCOUNT_SID, AUTH_TOKEN)
        twilio.add_number(NUMBER, ACCOUNT_SID)
        monkeypatch.setenv("PATTER_TWILIO_BASE_URL", twilio.base_url)
        monkeypatch.setenv("PATTER_DEEPGRAM_BASE_URL", ears.base_url)
        monkeypatch.setenv("PATTER_ELEVENLABS_BASE_URL", voice.base_url)
        monkeypatch.setenv("PATTER_OPENAI_BASE_URL", model.base_url)
        made = World(twilio, ears, voice, model)
        yield made
        await made.close()


@pytest.fixture
async def telnyx(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelnyxSimulator]:
    """Another carrier for this world; ``at_telnyx.phone_of`` gives a phone there."""
    async with TelnyxSimulator() as simulator:
        world.telnyx_account = furnish(simulator)
        monkeypatch.setenv("PATTER_TELNYX_BASE_URL", simulator.base_url)
        yield simulator
        await world.close()


@pytest.fixture
def pipeline(world: World) -> Callable[..., Agent]:
    """An agent of the pipeline, with ears and a voice."""

    def make(phone: Patter, **more: Any) -> Agent:
        return phone.agent(
            **{
                "stt": Patter.deepgram(api_key=world.ears.api_key),
                "tts": Patter.elevenlabs(api_key=world.voice.api_key),
                **more,
            }
        )

    return make


PROMISE = (Path(__file__).parents[1] / "readme" / "promise.md").read_text(encoding="utf-8")


@pytest.fixture
def sample() -> Callable[[str], str]:
    """A code sample of the public README, as printed."""
    found = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", PROMISE, re.DOTALL | re.MULTILINE))
    return lambda name: str(found[name])
