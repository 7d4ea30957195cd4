"""``simulate_call`` against ``serve()`` of the SDK in another program, at both carriers."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from patter import Patter
from patter.simulators.deepgram import DeepgramServer
from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.telnyx.world import SigningKey
from patter.simulators.twilio import TwilioSimulator

NUMBER = "+15550001111"
SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
KEY, CONNECTION = "KEY0001", "1234567890"
ACCOUNTS = {
    "twilio": {"twilio_sid": SID, "twilio_token": TOKEN},
    "telnyx": {
        "telnyx_key": KEY,
        "telnyx_public_key": SigningKey.of(KEY).public_key,
        "telnyx_connection_id": CONNECTION,
    },
}
READY_WITHIN_S = 60

pytestmark = pytest.mark.django_db


@dataclass
class Program:
    """A program of somebody's own, which serves an agent at one carrier, and the simulator beside it."""

    carrier: str
    port: int = 0
    simulator_url: str = ""

    def __post_init__(self) -> None:
        self.ready, self.over = threading.Event(), threading.Event()
        self.ends: list[dict] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    @property
    def webhook_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/{self.carrier}" + (
            "/voice" if self.carrier == "twilio" else ""
        )

    async def run(self, environment: pytest.MonkeyPatch) -> None:
        telnyx = TelnyxSimulator()
        async with (
            TwilioSimulator(beside={"telnyx": telnyx.routes}) as twilio,
            DeepgramServer(utterances=["what are your hours"]) as ears,
            ElevenLabsServer() as voice,
        ):
            telnyx.world.base_url = self.simulator_url = twilio.base_url
            twilio.add_account(SID, TOKEN)
            twilio.add_number(NUMBER, SID)
            telnyx.add_account(KEY)
            telnyx.add_application(CONNECTION, KEY)
            telnyx.add_number(NUMBER, KEY, CONNECTION)
            environment.setenv("PATTER_TWILIO_BASE_URL", twilio.base_url)
            environment.setenv("PATTER_TELNYX_BASE_URL", twilio.base_url)
            environment.setenv("PATTER_DEEPGRAM_BASE_URL", ears.base_url)
            environment.setenv("PATTER_ELEVENLABS_BASE_URL", voice.base_url)
            phone = Patter(
                mode="local",
                phone_number=NUMBER,
                webhook_url=f"http://127.0.0.1:{self.port}",
                **ACCOUNTS[self.carrier],
            )
            agent = phone.agent(
                stt=Patter.deepgram(api_key=ears.api_key),
                tts=Patter.elevenlabs(api_key=voice.api_key),
                first_message="Hello, this is Luna.",
            )
            serving = asyncio.create_task(
                phone.serve(
                    agent,
                    port=self.port,
                    on_message=lambda msg: "From nine to five.",
                    on_call_end=self.ends.append,
                    on_ready=self.ready.set,
                )
            )
            await asyncio.to_thread(self.over.wait)
            await phone.disconnect()
            await serving
            await telnyx.hang_up_everything()


@pytest.fixture
def served(settings, monkeypatch, tmp_path, request) -> Iterator[Program]:
    settings.STATE_DIR = tmp_path
    program = Program(request.param)
    thread = threading.Thread(target=lambda: asyncio.run(program.run(monkeypatch)))
    thread.start()
    assert program.ready.wait(READY_WITHIN_S)
    settings.PATTER_SIMULATOR_URL = program.simulator_url
    yield program
    program.over.set()
    thread.join(READY_WITHIN_S)
    assert not thread.is_alive()


def simulate(program: Program, tmp_path, *more: str) -> dict:
    account = (TOKEN, SID) if program.carrier == "twilio" else (KEY, CONNECTION)
    known = ("--to", NUMBER, "--carrier", program.carrier, "--url", program.webhook_url)
    given = ("--auth-token", account[0], "--account-sid", account[1])
    out = StringIO()
    save = ("--json", "--save", str(tmp_path / "call.wav"))
    call_command("simulate_call", *known, *given, *save, *more, stdout=out)
    return dict(json.loads(out.getvalue()))


@pytest.mark.parametrize("served", ["twilio", "telnyx"], indirect=True)
def test_a_call_to_a_program_of_somebodys_own(served, tmp_path):
    result = simulate(served, tmp_path, "--say", "what are your hours")
    assert (result["status"], result["cause"], result["troubles"]) == ("completed", "caller_hung_up", [])
    assert any(fact["kind"] == "agent_started" for fact in result["facts"])
    assert result["transcript"] is None, "it is there, not here"
    assert (tmp_path / "call.wav").read_bytes()[:4] == b"RIFF"
    [end] = served.ends
    assert [turn["text"] for turn in end["history"]][:2] == ["Hello, this is Luna.", "what are your hours"]


@pytest.mark.parametrize("served", ["twilio", "telnyx"], indirect=True)
def test_a_call_with_a_fault(served, tmp_path):
    result = simulate(served, tmp_path, "--fault", "garbage_text", "--fault", "frame_ms=100", "--wait", "0.2")
    assert result["status"] == "completed"
    assert len(served.ends) == 1


@pytest.mark.parametrize(
    ("carrier", "fault", "says"),
    [
        ("twilio", "rain", "no such fault: rain"),
        ("telnyx", "frame_ms", "needs a number"),
        ("telnyx", "dropped_webhooks=ring", "no such webhook: ring"),
    ],
)
def test_a_fault_that_does_not_exist(settings, tmp_path, carrier, fault, says):
    settings.STATE_DIR = tmp_path
    given = (
        "--to",
        NUMBER,
        "--carrier",
        carrier,
        "--auth-token",
        "t",
        "--account-sid",
        "1",
        "--fault",
        fault,
    )
    with pytest.raises(CommandError, match=says):
        call_command("simulate_call", *given)
