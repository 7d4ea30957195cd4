"""The browser's socket: members only, and only what they follow."""

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from calls.consumers import live
from calls.consumers.live import LiveConsumer, call_group, organisation_group
from calls.scenes import make_full_call
from patter_site.accounts.models import Membership
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db


@sync_to_async
def scene():
    cast = make_cast()
    return cast, make_full_call(cast.organisation, live=True, recorded=False)


async def socket_of(user) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(LiveConsumer.as_asgi(), "/ws/live")
    socket.scope["user"] = user
    assert (await socket.connect())[0]
    return socket


async def answer(socket, **asked: str):
    await socket.send_json_to({"type": "subscribe", **asked})
    return await socket.receive_json_from()


async def test_signed_out_is_told_why():
    socket = await socket_of(AnonymousUser())
    assert await socket.receive_output() == {"type": "websocket.close", "code": 4401}


async def test_a_member_follows_a_call_and_hears_of_it():
    cast, call = await scene()
    socket = await socket_of(cast.ben)
    assert await answer(socket, call=call.pk) == {"type": "subscribed", "call": call.pk}
    entry = {"kind": "turn", "index": 3}
    await get_channel_layer().group_send(call_group(call.pk), {"type": "live.entry", "entry": entry})
    assert await socket.receive_json_from() == {"type": "entry", "call": call.pk, "entry": entry}
    await socket.disconnect()


async def test_the_list_hears_of_calls_by_name():
    cast, _call = await scene()
    socket = await socket_of(cast.ada)
    assert (await answer(socket, organisation=cast.organisation.slug))["type"] == "subscribed"
    message = {"type": "live.entry", "call": "call_1", "entry": {"kind": "call"}}
    await get_channel_layer().group_send(organisation_group(cast.organisation.pk), message)
    assert (await socket.receive_json_from())["call"] == "call_1"
    await socket.disconnect()


async def test_cleo_is_refused_as_if_nothing_were_there():
    cast, call = await scene()
    socket = await socket_of(cast.cleo)
    assert await answer(socket, call=call.pk) == {"type": "refused", "code": "not_found", "call": call.pk}
    assert (await answer(socket, organisation=cast.organisation.slug))["code"] == "not_found"
    assert (await answer(socket, call="call_none"))["code"] == "not_found"
    await get_channel_layer().group_send(
        call_group(call.pk), {"type": "live.entry", "entry": {"kind": "turn"}}
    )
    assert await socket.receive_nothing()
    await socket.disconnect()


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"type": "shout"}'])
async def test_nonsense_is_ignored(text):
    cast, call = await scene()
    socket = await socket_of(cast.ada)
    await socket.send_to(text_data=text)
    assert (await answer(socket, call=call.pk))["type"] == "subscribed"
    await socket.disconnect()


def followed(group: str) -> bool:
    """Each layer has names of its own for a group."""
    return any(group in name for name in get_channel_layer().groups)


async def test_leaving_leaves_the_groups():
    cast, call = await scene()
    socket = await socket_of(cast.ada)
    await answer(socket, call=call.pk)
    assert followed(call_group(call.pk))
    await socket.disconnect()
    assert not followed(call_group(call.pk))


async def test_who_is_taken_out_hears_no_more(monkeypatch):
    monkeypatch.setattr(live, "MEMBERSHIP_HOLDS_S", 0)
    cast, call = await scene()
    socket = await socket_of(cast.ben)
    await answer(socket, call=call.pk)
    await sync_to_async(Membership.objects.of(cast.organisation).filter(user=cast.ben).delete)()
    await get_channel_layer().group_send(
        call_group(call.pk), {"type": "live.entry", "entry": {"kind": "turn"}}
    )
    assert await socket.receive_output() == {"type": "websocket.close", "code": 4403}
