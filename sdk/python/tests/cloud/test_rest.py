"""REST: typed helpers, what is tried again and what is not, and errors that say what to do."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from patter import ApiError, AuthError, ConfigError, ConnectError, Patter
from patter.cloud import phone as cloud_phone
from patter.cloud import rest as client

from .api import KEY, Api, refused

CALL = {"id": "call_1", "from": "+15550002222", "to": "+14155551234", "status": "queued"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RETRY_S", 0.0)
    monkeypatch.setattr(cloud_phone, "LOOK_EVERY_ALONE_S", 0.01)


async def test_resources_are_listed_page_by_page_and_changed():
    # Its host is the platform's own name: whoever sits behind a proxy or a tunnel cannot reach it.
    next_page = "https://patter.internal/api/v1/agents?cursor=x%3D&limit=1"
    first = {"results": [{"id": "agt_2"}], "next": next_page, "previous": None}
    async with Api() as api:
        phone = Patter(KEY, backend_url=api.base_url)
        last = {"results": [{"id": "agt_1"}], "next": None, "previous": None}
        api._answers = [JSONResponse(body) for body in (first, last, {"id": "agt_1"}, {"id": "agt_1"})]
        api._answers.append(Response(status_code=204))
        assert [row["id"] async for row in phone.rest.agents.all(limit=1)] == ["agt_2", "agt_1"]
        assert (await phone.rest.agents.get("agt_1"))["id"] == "agt_1"
        await phone.rest.agents.change("agt_1", name="Mia")
        await phone.rest.agents.delete("agt_1")
        await phone.disconnect()
    assert [dict(request.query_params) for request in api.asked[:2]] == [
        {"limit": "1"},
        {"limit": "1", "cursor": "x="},
    ]
    assert [request.url.path for request in api.asked][2:] == ["/api/v1/agents/agt_1"] * 3
    assert api.asked[0].headers["X-API-Key"] == KEY and api.bodies[3] == {"name": "Mia"}


async def test_a_post_is_made_again_under_one_key_until_it_is_answered():
    in_flight = refused(409, "idempotency_in_flight", **{"Retry-After": "0"})
    answers = (refused(503, "unavailable"), in_flight, JSONResponse(CALL, 201))
    async with Api(*answers) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        call = await phone.call("+1 415 555 1234", first_message="Hi", machine_detection=True)
        assert (call.id, call.callee, call.status) == ("call_1", "+14155551234", "queued")
        await phone.disconnect()
        with pytest.raises(ConnectError, match="before this call ended"):
            await call.ended
    assert len({request.headers["Idempotency-Key"] for request in api.asked[:3]}) == 1
    assert api.bodies[0] == {"to": "+14155551234", "first_message": "Hi", "machine_detection": True}


async def test_a_call_without_a_connection_is_looked_up_until_it_is_over():
    over = {**CALL, "status": "completed", "end_reason": "idle", "duration_s": 4}
    turns = [{"role": "assistant", "text": "Hi"}, {"role": "system", "text": "One moment."}]
    looks = (JSONResponse(CALL, 201), JSONResponse(CALL), JSONResponse(over), JSONResponse({"turns": turns}))
    async with Api(*looks) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        call = await phone.call("+14155551234", wait=True, idempotency_key="mine")
        assert (call.reason, call.duration_s, call.cost) == ("idle", 4.0, None)
        assert call.history == [{"role": "assistant", "text": "Hi"}] and call.transcript == turns
        await phone.disconnect()
    assert api.asked[0].headers["Idempotency-Key"] == "mine"


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (refused(401, "api_key_invalid", "This API key is not valid."), AuthError, "not valid"),
        (refused(400, "validation_failed", "to: no"), ApiError, "to: no"),
        (PlainTextResponse("<html>", 404), ApiError, "not as Patter does. Check rest_url"),
    ],
)
async def test_what_is_refused_is_not_tried_again(answer, error, sentence):
    async with Api(answer) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        with pytest.raises(error, match=sentence):
            await phone.call("+14155551234")
        await phone.disconnect()
    assert len(api.asked) == 1


async def test_a_refusal_says_which_values_are_wrong_and_when_to_try_again():
    wrong = {"code": "validation_failed", "message": "stt.model: No.", "fields": {"stt.model": ["No."]}}
    late = refused(429, "rate_limited", **{"Retry-After": "0"})
    async with Api(JSONResponse({"error": wrong}, 400), late, late, late) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        with pytest.raises(ApiError) as refusal:
            await phone.rest.agents.create(name="Mia", stt={"provider": "deepgram", "model": "none"})
        assert (refusal.value.fields, refusal.value.request_id) == ({"stt.model": ["No."]}, None)
        with pytest.raises(ApiError) as refusal:
            await phone.rest.agents.list()
        assert (refusal.value.code, refusal.value.retry_after_s) == ("rate_limited", 0)
        await phone.disconnect()


async def test_what_this_sdk_does_not_know_is_passed_on_as_it_is():
    turn = {"turn_id": "t1", "role": "narrator", "text": "Later.", "mood": "calm"}
    wav = Response(b"RIFF", media_type="audio/wav")
    answers = (JSONResponse({"turns": [turn]}), wav, JSONResponse({"tune": 1}))
    async with Api(*answers) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        assert await phone.rest.calls.transcript("call_1") == [turn]
        assert await phone.rest.calls.recording("call_1") == b"RIFF"
        assert await phone.rest.request("GET", "tunes/1", params={"loud": None}) == {"tune": 1}
        await phone.disconnect()
    assert api.asked[2].url.path == "/api/v1/tunes/1" and not api.asked[2].url.query


async def test_an_address_where_nobody_is():
    async with Api() as api:
        gone = api.base_url
    phone = Patter(KEY, backend_url=gone)
    with pytest.raises(ConnectError, match="cannot be reached"):
        await phone.rest.calls.get("call_1")
    await phone.disconnect()


async def test_an_agent_of_local_mode_means_nothing_to_a_platform():
    phone = Patter(KEY)
    with pytest.raises(ConfigError, match="named by its id"):
        await phone.call("+14155551234", agent=phone.agent("You are brief."))


async def test_what_connect_brings_is_one_request():
    async with Api(JSONResponse({"id": "num_1"})) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        with pytest.raises(ConnectError, match="Check backend_url"):  # there is no socket here
            await phone.connect(
                lambda message: None,
                provider="telnyx",
                provider_key="KEY",
                provider_secret="public",
                connection_id="12",
                number="+14155550000",
                stt=Patter.whisper(api_key="sk-1", language="de"),
                replace=True,
            )
        await phone.disconnect()
    assert api.asked[0].url.path == "/api/v1/numbers/register"
    assert api.bodies[0] == {
        "number": "+14155550000",
        "carrier": "telnyx",
        "api_key": "KEY",
        "public_key": "public",
        "connection_id": "12",
        "stt": {"provider": "openai", "api_key": "sk-1", "language": "de"},
        "replace": True,
    }
