"""The door of ``/ws/sdk``: who may come in, what they may ask for, and when they are sent away."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.core.cache import cache
from django.utils import timezone

from calls.consumers import sdk as sdk_consumer
from calls.consumers.sdk import NEARER_FIRST_S, SdkConsumer, speaks_protocol
from calls.models import Call
from calls.sdk.addresses import calls_group, connection_group, doors_group
from calls.sdk.client_frames import MOST_FRAME_CHARS
from calls.sdk.door import MOST_WAITING, Door
from calls.services.admit_sdk import admit
from calls.services.tell_sdk import tell_end
from calls.tests.cast import make_call, make_number
from patter_site.common.bus import bind_loop, unbind_loop
from patter_site.common.ids import make_id
from patter_site.testing import make_cast, make_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
PROTOCOL = (b"x-patter-protocol", b"2")
application = SdkConsumer.as_asgi()


class Client:
    """An SDK's socket."""

    def __init__(self, key: str, query: str = "", *, legacy: bool = False) -> None:
        headers = [(b"x-api-key", key.encode())] + ([] if legacy else [PROTOCOL])
        self._socket = WebsocketCommunicator(application, f"/ws/sdk{query}", headers=headers)

    async def open(self) -> Client:
        assert (await self._socket.connect(timeout=30))[0]
        return self

    async def frame(self) -> dict[str, Any]:
        return dict(json.loads(await self._socket.receive_from(timeout=30)))

    async def send(self, **frame: Any) -> None:
        await self._socket.send_to(text_data=json.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self._socket.send_to(text_data=text)

    async def closed(self) -> tuple[int, str]:
        while (message := await self._socket.receive_output(timeout=30))["type"] != "websocket.close":
            continue
        return message["code"], message.get("reason", "")

    async def close(self) -> None:
        await self._socket.disconnect()


@pytest.fixture
async def cast():
    cache.clear()
    return await sync_to_async(make_cast)()


async def hello_of(client: Client) -> str:
    hello = await client.frame()
    assert (hello["type"], hello["protocol"], hello["seq"], hello["resumed"]) == ("hello", 2, 1, False)
    return str(hello["connection_id"])


async def test_a_bad_key_is_told_why(cast):
    assert await (await Client("pt_wrong").open()).closed() == (4001, "This API key is not valid.")
    no_key = await (await Client("").open()).closed()
    assert no_key == (4001, "Send your API key in the header X-API-Key.")
    reader = await sync_to_async(make_key)(cast.organisation, scopes=["calls:read"])
    assert await (await Client(reader).open()).closed() == (4003, "This key lacks the scope calls:write.")


async def test_names_that_cannot_be_meant_are_said_and_cost_nothing(cast):
    client = await Client(cast.key, "?number=%2B15550002222&number=12&agent=agt_nobody").open()
    await hello_of(client)
    assert [(await client.frame())["code"] for _ in range(3)] == [
        "number_unknown",
        "number_invalid",
        "agent_unknown",
    ]
    await client.close()


@pytest.mark.parametrize(
    "query", [{"number": ["12"]}, {"agent": ["agt_\x00"]}, {"number": ["+1555000"] * 101}]
)
async def test_whoever_misspells_a_name_does_not_get_every_call(cast, query):
    admitted = await sync_to_async(admit)({"X-API-Key": cast.key}, query)
    assert admitted.complaints
    offer = {"number": "+15550002222", "agent_id": "agt_1"}
    assert Door("org_1", "con_1", "web!1", admitted.names).rank(offer) is None


async def test_frames_that_are_none_are_said_and_unknown_ones_ignored(cast):
    client = await Client(cast.key).open()
    await hello_of(client)
    await client.send_text("{")
    await client.send_text("[]")
    await client.send(type="from the future", anything=1)
    assert [(await client.frame())["code"] for _ in range(2)] == ["bad_frame", "bad_frame"]
    await client.close()


async def test_frames_with_what_no_bus_takes_cost_nothing(cast):
    client = await Client(cast.key, "?agent=%00").open()
    await hello_of(client)
    assert (await client.frame())["code"] == "agent_unknown"
    await client.send_text("[" * 100_000)
    assert (await client.frame())["code"] == "bad_frame"
    await client.send(type="response", call_id="call_1", text="\ud800", index=2**80, turn_id="t1")
    await client.send(type="resume", connection_id=["con"], last_seq=2**80)
    assert (await client.frame())["resumed"] is False
    await client.send(type="hang_up", ref="r", call_id="call_\x00")
    assert (await client.frame())["code"] == "call_unknown"
    await client.close()


async def test_a_reply_that_cannot_be_meant_is_said_and_its_turn_has_failed(cast):
    layer, call = get_channel_layer(), await get_channel_layer().new_channel()
    await layer.group_add(calls_group(cast.organisation.pk), call)
    client = await Client(cast.key).open()
    await hello_of(client)
    assert (await layer.receive(call))["type"] == "sdk.joined"
    for sent, sentence in (
        ({"type": "response", "text": "Hello"}, "response names its call: call_id."),
        ({"type": "response", "call_id": "call_1", "text": 5}, "text is a text."),
        ({"type": "response_delta", "call_id": "call_1", "turn_id": 2, "text": "Hi"}, "turn_id is a text."),
    ):
        await client.send(**sent)
        refused = await client.frame()
        assert (refused["code"], refused["message"]) == ("bad_frame", sentence)
    await client.send(type="response", call_id="call_1", text=None)  # silence, as old clients say it
    said = [(await layer.receive(call))["frame"] for _ in range(3)]
    assert [frame["type"] for frame in said] == ["response_error", "response_error", "response"]
    await client.close()


async def test_what_is_not_json_is_never_taken_or_repeated(cast):
    client = await Client(cast.key).open()
    await hello_of(client)
    for text in (
        '{"type": "hang_up", "ref": NaN}',
        '{"type": "hang_up", "ref": 1e400}',
        '{"type": "call", "ref": "1", "to": "+15550009999", "variables": {"a": -Infinity}}',
        '{"type": "hang_up", "text": "' + "x" * MOST_FRAME_CHARS + '"}',
    ):
        await client.send_text(text)
        assert (await client.frame())["code"] == "bad_frame"
    await client.send(type="hang_up", ref="r" * 500, call_id=["call"])
    refused = await client.frame()
    assert (refused["code"], refused["ref"]) == ("call_unknown", "r" * 200)
    assert "call_id" not in refused
    await client.close()


async def test_a_refusal_names_the_innermost_field(cast):
    client = await Client(cast.key).open()
    await hello_of(client)
    await client.send(type="call", ref="1", to="+15550009999", custom_params={"shop": {"id": 1}})
    sentence = "custom_params.shop: 'shop' must be a text, a number or a truth value."
    assert (await client.frame())["message"] == sentence
    await client.close()


async def test_another_organisations_call_is_not_there(cast):
    call = await sync_to_async(make_call)(cast.other, status=Call.Status.IN_PROGRESS)
    client = await Client(cast.key).open()
    await hello_of(client)
    for kind in ("hang_up", "say", "transfer", "send_digits"):
        await client.send(type=kind, ref="r", call_id=call.pk, text="hello", to="+15550001111", digits="1")
        refused = await client.frame()
        assert (refused["type"], refused["code"], refused["ref"]) == ("error", "call_unknown", "r")
    await client.close()


async def test_a_call_is_placed_and_belongs_to_who_placed_it(cast, settings):
    settings.PATTER_PUBLIC_URL = "https://patter.example.com"
    await sync_to_async(make_number)(cast.organisation)
    client = await Client(cast.key).open()
    connection_id = await hello_of(client)
    await client.send(type="call", ref="1", to="+15550009999", first_message="Hi", **{"from": ""})
    frames = [await client.frame()]
    while frames[-1]["type"] != "ack":
        frames.append(await client.frame())
    placed = await Call.objects.of(cast.organisation).aget(pk=frames[-1]["call_id"])
    assert (placed.to_number, placed.first_message) == ("+15550009999", "Hi")
    assert placed.reply_to == connection_group(cast.organisation.pk, connection_id)
    await client.send(type="call", ref="2", to="not a number")
    refused = await client.frame()
    assert (refused["code"], refused["ref"]) == ("validation_failed", "2")
    await client.close()


@pytest.fixture
async def server_loop():
    """What threads publish goes to this test's loop, as it goes to the server's."""
    bind_loop()
    yield
    unbind_loop()


async def test_the_end_of_a_call_that_nobody_had_is_told_to_one_client_the_nearest(cast, server_loop):
    number = await sync_to_async(make_number)(cast.organisation)
    named = f"?number=%2B{number.number[1:]}"
    nearest = [await Client(cast.key, named).open(), await Client(cast.key, named).open()]
    others = [await Client(cast.key).open(), await Client(cast.other_key).open()]
    for client in [*nearest, *others]:
        await hello_of(client)
    made = await sync_to_async(make_call)(
        cast.organisation, status=Call.Status.FAILED, to_number=number.number, end_reason="failed"
    )
    await sync_to_async(tell_end)(made)
    readers = {asyncio.create_task(client.frame()): client for client in nearest}
    first, _ = await asyncio.wait(readers, return_when=asyncio.FIRST_COMPLETED)
    (told,) = first
    end = told.result()
    assert (end["type"], end["call_id"], end["reason"]) == ("call_end", made.pk, "failed")
    assert (await Call.objects.of(cast.organisation).aget(pk=made.pk)).reply_to
    await asyncio.sleep(3 * NEARER_FIRST_S)  # by now all others have asked
    for client in [*nearest, *others]:
        await client.send_text("{")
    silent = next(reading for reading in readers if reading is not told)
    assert (await silent)["code"] == "bad_frame", "two programs were told of one end"
    for client in [readers[told], *others]:
        assert (await client.frame())["code"] == "bad_frame"
    for client in [*nearest, *others]:
        await client.close()


async def test_an_end_that_found_nobody_is_told_to_whoever_comes_back(cast, server_loop, monkeypatch):
    """All processes were killed: who had the call is connected anew, and perhaps not remembered."""
    monkeypatch.setattr(sdk_consumer, "OWNER_FIRST_S", 0.0)
    owner = connection_group(cast.organisation.pk, make_id("con"))
    over = {"status": Call.Status.FAILED, "end_reason": "worker_lost", "ended_at": timezone.now()}
    made = await sync_to_async(make_call)(cast.organisation, reply_to=owner, **over)
    await sync_to_async(tell_end)(made)  # nobody is connected
    stranger = await Client(cast.other_key).open()
    await hello_of(stranger)
    client = await Client(cast.key).open()
    await hello_of(client)
    end = await client.frame()
    assert (end["type"], end["call_id"], end["reason"]) == ("call_end", made.pk, "worker_lost")
    late = await Client(cast.key).open()
    await hello_of(late)
    for other in (late, stranger, client):
        await other.send_text("{")
        assert (await other.frame())["code"] == "bad_frame", "an end is told once"
        await other.close()


async def test_whoever_had_a_call_is_told_of_its_end_before_others(cast, server_loop):
    mine, other = await Client(cast.key).open(), await Client(cast.key).open()
    owner = connection_group(cast.organisation.pk, await hello_of(mine))
    await hello_of(other)
    made = await sync_to_async(make_call)(cast.organisation, status=Call.Status.FAILED, reply_to=owner)
    await sync_to_async(tell_end)(made)
    assert (await mine.frame())["call_id"] == made.pk
    await other.send_text("{")
    assert (await other.frame())["code"] == "bad_frame"
    await mine.close()
    await other.close()


async def test_a_client_comes_back_under_its_own_name_and_counts_on(cast):
    client = await Client(cast.key).open()
    connection_id = await hello_of(client)
    again = await Client(cast.key).open()
    temporary = await hello_of(again)
    await again.send(type="resume", connection_id=connection_id, last_seq=41)
    hello = await again.frame()
    assert (hello["connection_id"], hello["resumed"], hello["seq"]) == (connection_id, True, 42)
    assert temporary != connection_id
    assert (await client.closed())[0] == 4009
    await again.close()


async def test_a_client_that_resumes_itself_stays_where_it_is(cast):
    client = await Client(cast.key).open()
    connection_id = await hello_of(client)
    await client.send(type="resume", connection_id=connection_id, last_seq=0)
    await client.send(type="nonsense without an answer")
    await client.send_text("{")
    assert (await client.frame())["seq"] == 2
    frame = {"type": "sdk.tell", "frame": {"type": "call_status", "call_id": "call_1", "status": "ringing"}}
    await get_channel_layer().group_send(connection_group(cast.organisation.pk, connection_id), frame)
    assert (await client.frame())["status"] == "ringing"
    await client.close()


@pytest.mark.parametrize(
    ("header", "speaks"), [("2", True), ("3", True), ("1", False), ("", False), ("2.0", False), ("²", False)]
)
async def test_who_speaks_the_protocol(header, speaks):
    assert speaks_protocol(header) is speaks


async def test_nobody_comes_back_as_somebody_elses_connection(cast):
    mine = await Client(cast.key).open()
    connection_id = await hello_of(mine)
    cleo = await Client(cast.other_key).open()
    own = await hello_of(cleo)
    await cleo.send(type="resume", connection_id=connection_id, last_seq=0)
    hello = await cleo.frame()
    assert (hello["resumed"], hello["connection_id"]) == (False, own)
    await mine.close()
    await cleo.close()


async def test_a_client_that_does_not_read_is_closed(cast):
    sent: list[dict[str, Any]] = []
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "websocket.send":
            await asyncio.Event().wait()  # its buffers are full

    headers = [(b"x-api-key", cast.key.encode()), PROTOCOL]
    scope = {"type": "websocket", "path": "/ws/sdk", "headers": headers, "query_string": b""}
    incoming.put_nowait({"type": "websocket.connect"})
    serving = asyncio.create_task(application(scope, incoming.get, send))
    for number in range(MOST_WAITING + 2):
        incoming.put_nowait({"type": "websocket.receive", "text": f"nonsense {number}"})
    await asyncio.wait_for(serving, 30)
    assert sent[-1]["code"] == 4008
    assert sent[-1]["reason"] == "Frames were not read: more than 1,000 wait."


async def test_an_old_client_gets_only_the_frames_that_it_knows(cast):
    client = await Client(cast.key, legacy=True).open()
    layer, channel = get_channel_layer(), await get_channel_layer().new_channel()
    offer = {"type": "sdk.offer", "search": 1, "call_id": "call_1", "number": "", "agent_id": ""}
    bidding = asyncio.create_task(layer.receive(channel))
    while not bidding.done():  # it has no greeting that would tell when it listens
        await layer.group_send(doors_group(cast.organisation.pk), {**offer, "reply": channel})
        await asyncio.wait([bidding], timeout=0.1)
    bid = bidding.result()
    to = bid["connection"]["channel"]
    assert bid["connection"]["legacy"] is True
    for number, kind in enumerate(("transcript", "message")):
        frame = {"type": kind, "call_id": "call_1", "text": kind, "turn_id": "t1"}
        message = {"type": "sdk.frame", "call_id": "call_1", "number": number, "frame": frame}
        await layer.send(to, {**message, "reply": channel})
    assert (await client.frame())["text"] == "message"
    await client.close()
