"""The vendor's own SDK works against the simulated server as it does against Deepgram."""

import asyncio
import contextlib
from typing import Any

import pytest

from patter.audio.frames import FRAME_BYTES, ms_of, silence
from patter.simulators.sound import tone

# The SDK still imports the legacy client where there is one.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SAID = silence(200) + tone(1100) + silence(1300)


@pytest.fixture
async def vendor(server):
    from deepgram import AsyncDeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    socket_url = server.base_url.replace("http", "ws")
    environment = DeepgramClientEnvironment(
        base=server.base_url, production=socket_url, agent=socket_url, agent_rest=server.base_url
    )
    return AsyncDeepgramClient(api_key=server.api_key, environment=environment)


@contextlib.asynccontextmanager
async def listening(connection):
    """Collect the messages in a task, as the SDK wants it."""
    from deepgram.core.events import EventType

    messages: list[Any] = []
    over = asyncio.Event()
    connection.on(EventType.MESSAGE, messages.append)
    connection.on(EventType.CLOSE, lambda _: over.set())
    task = asyncio.create_task(connection.start_listening())
    yield messages, over
    await asyncio.wait_for(task, 5)


async def send(connection, audio):
    for at in range(0, len(audio), FRAME_BYTES):
        await connection.send_media(audio[at : at + FRAME_BYTES])


def of_type(messages, name):
    assert None not in messages, "a message that the SDK does not know"
    return [message for message in messages if type(message).__name__ == name]


async def test_listen_v1(server, vendor):
    options = {"interim_results": True, "endpointing": 300, "utterance_end_ms": 1000, "vad_events": True}
    async with vendor.listen.v1.connect(
        model="nova-3", encoding="mulaw", sample_rate=8000, keyterm=["a b", "c"], **options
    ) as connection:
        async with listening(connection) as (messages, over):
            await send(connection, SAID)
            await connection.send_keep_alive()
            await connection.send_finalize()
            await connection.send_close_stream()
            await asyncio.wait_for(over.wait(), 5)
    results = of_type(messages, "ListenV1Results")
    finals = [result for result in results if result.is_final]
    assert [final.channel.alternatives[0].transcript for final in finals] == ["what can you do"]
    assert finals[0].speech_final and not finals[0].from_finalize
    assert [word.punctuated_word for word in finals[0].channel.alternatives[0].words] == [
        *("what", "can", "you", "do")
    ]
    assert finals[0].metadata.model_info.arch == "nova-3"
    interims = [result.channel.alternatives[0].transcript for result in results if not result.is_final]
    assert "what can you" in interims
    [started] = of_type(messages, "ListenV1SpeechStarted")
    assert 0.15 < started.timestamp < 0.3
    [ended] = of_type(messages, "ListenV1UtteranceEnd")
    assert 1.2 < ended.last_word_end < 1.4
    [summary] = of_type(messages, "ListenV1Metadata")
    assert (summary.duration, summary.channels) == (ms_of(len(SAID)) / 1000, 1)
    [session] = server.sessions
    assert session.query["keyterm"] == ["a b", "c"]
    assert session.controls == ["KeepAlive", "Finalize", "CloseStream"]
    assert session.audio_ms == ms_of(len(SAID))


async def test_listen_v1_finalizes(server, vendor):
    async with vendor.listen.v1.connect(model="nova-3", encoding="mulaw", sample_rate=8000) as connection:
        async with listening(connection) as (messages, over):
            await send(connection, tone(1100))
            await connection.send_finalize()
            await connection.send_close_stream()
            await asyncio.wait_for(over.wait(), 5)
    [final] = of_type(messages, "ListenV1Results")
    assert final.from_finalize and final.is_final


async def test_listen_v2(server, vendor):
    async with vendor.listen.v2.connect(
        model="flux-general-en",
        encoding="mulaw",
        sample_rate=8000,
        eager_eot_threshold=0.4,
        eot_timeout_ms=3000,
    ) as connection:
        async with listening(connection) as (messages, over):
            await send(connection, SAID + tone(600))
            await connection.send_force_end_turn()
            await connection.send_close_stream()
            await asyncio.wait_for(over.wait(), 5)
    assert type(messages[0]).__name__ == "ListenV2Connected"
    turns = of_type(messages, "ListenV2TurnInfo")
    first = [turn for turn in turns if turn.turn_index == 0]
    assert first[0].event == "StartOfTurn"
    assert [turn.event for turn in first[-2:]] == ["EagerEndOfTurn", "EndOfTurn"]
    assert (first[-1].transcript, first[-1].trigger) == ("what can you do", "model")
    assert first[-2].transcript == first[-1].transcript
    assert (turns[-1].event, turns[-1].trigger, turns[-1].turn_index) == ("EndOfTurn", "manual", 1)
    numbers = [message.sequence_id for message in messages]
    assert numbers == list(range(len(numbers)))


async def test_speak_v1(server, vendor):
    from deepgram.speak.v1.types import SpeakV1Text

    async with vendor.speak.v1.connect(
        model="aura-2-thalia-en", encoding="mulaw", sample_rate=8000
    ) as connection:
        await connection.send_text(SpeakV1Text(type="Speak", text="Good morning."))
        await connection.send_flush()
        audio, kinds = await heard(connection, until="Flushed")
        assert kinds == ["Metadata", "Flushed"]
        assert ms_of(len(audio)) == 65 * len("Good morning.")
        await connection.send_text(SpeakV1Text(type="Speak", text="This is never said. " * 50))
        await connection.send_flush()
        await asyncio.wait_for(connection.recv(), 5)
        await connection.send_clear()
        more, kinds = await heard(connection, until="Cleared")
        assert kinds == ["Cleared"]
        assert ms_of(len(more)) < 65 * 20 * 50
        await connection.send_close()
        await asyncio.wait_for(server.sessions[0].closed.wait(), 5)
    assert server.sessions[0].close_code == 1000


async def heard(connection, *, until):
    audio = b""
    kinds: list[str] = []
    while not kinds or kinds[-1] != until:
        message = await asyncio.wait_for(connection.recv(), 5)
        if isinstance(message, bytes):
            audio += message
        else:
            kinds.append(message.type)  # its class may be that of another type with the same fields
    return audio, kinds


async def test_a_wrong_key_is_refused_with_a_reason(server):
    from deepgram import AsyncDeepgramClient
    from deepgram.core.api_error import ApiError
    from deepgram.environment import DeepgramClientEnvironment

    socket_url = server.base_url.replace("http", "ws")
    environment = DeepgramClientEnvironment(
        base=server.base_url, production=socket_url, agent=socket_url, agent_rest=server.base_url
    )
    client = AsyncDeepgramClient(api_key="wrong", environment=environment)
    with pytest.raises(ApiError) as refused:
        async with client.listen.v1.connect(model="nova-3", encoding="mulaw", sample_rate=8000):
            pass
    assert refused.value.status_code == 401


async def test_a_key_is_checked_by_listing_projects(vendor):
    answer = await vendor.manage.v1.projects.list()
    assert len(answer.projects) == 1
