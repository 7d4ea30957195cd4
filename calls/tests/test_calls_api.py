from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import UsageRecord
from billing.services import record_usage
from calls.models import Call, CallEvent, Dial, Turn
from calls.services.finish import index_transcript
from calls.tests.cast import CALLER, NUMBER, make_agent, make_call, make_number
from patter_site.testing import api, error_of, make_key

URL = "/api/v1/calls"


def post(cast, body=None, **headers):
    return api(cast.key, **headers).post(URL, {"to": CALLER} if body is None else body)


def test_a_call_is_placed_with_everything_it_was_told(cast, number):
    told = {
        "to": "+1 555 000-1111",
        "from": NUMBER,
        "agent": number.agent.pk,
        "first_message": "Hi {name}",
        "variables": {"name": "Mia"},
        "custom_params": {"crm": 7},
        "metadata": {"deep": {"is": ["fine"]}},
        "machine_detection": True,
        "on_machine": "hang_up",
        "voicemail_message": "Call us",
        "record": False,
        "max_duration_s": 60,
        "ring_s": 20,
    }
    answer = post(cast, told)
    assert answer.status_code == 201
    body = answer.json()
    expected = {**told, "to": CALLER, "custom_params": {"crm": "7"}}
    assert {name: body[name] for name in expected} == expected
    assert body["id"].startswith("call_") and body["status"] == "queued" and body["direction"] == "outbound"
    assert (body["outcome"], body["end_reason"], body["error"]) == (None, None, None)
    assert body["created_at"].endswith("Z")
    assert Dial.objects.of(cast.organisation).get().call_id == body["id"]


def test_number_and_agent_may_be_left_out(cast, number):
    body = post(cast).json()
    assert (body["from"], body["agent"], body["agent_version"]) == (NUMBER, number.agent.pk, 1)


def test_the_agents_own_number_calls(cast, number):
    agent = make_agent(cast.organisation)
    make_number(cast.organisation, number.carrier_account, agent, "+15550004444")
    assert post(cast, {"to": CALLER, "agent": agent.pk}).json()["from"] == "+15550004444"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": "0791234567"}, "to"),
        ({"to": CALLER, "from": "+15559990000"}, "from"),
        ({"to": CALLER, "agent": "agt_x"}, "agent"),
        ({"to": CALLER, "colour": "red"}, "colour"),
        ({"to": CALLER, "custom_params": {"k": "v" * 500}}, "custom_params.k"),
        ({"to": CALLER, "custom_params": {"X-Ticket Id": "7"}}, "custom_params.X-Ticket Id"),
        ({"to": CALLER, "custom_params": {"X-Ticket": "7\r\nVia: me"}}, "custom_params.X-Ticket"),
        ({"to": CALLER, "custom_params": {f"k{at}": "v" for at in range(51)}}, "custom_params"),
        ({"to": CALLER, "ring_s": 1}, "ring_s"),
        ({"to": CALLER, "on_machine": "sing"}, "on_machine"),
        ({"to": CALLER, "scheduled_at": "2001-01-01T00:00:00Z"}, "scheduled_at"),
    ],
)
def test_what_is_wrong_is_named(cast, number, body, field):
    refused = post(cast, body)
    assert refused.status_code == 400 and field in error_of(refused)["fields"]
    assert not Call.objects.of(cast.organisation).exists()


def test_without_a_number_nobody_can_be_called(cast):
    assert "from" in error_of(post(cast))["fields"]


def test_foreign_ids_are_unknown(cast, number):
    agent = make_agent(cast.other)
    refused = error_of(post(cast, {"to": CALLER, "agent": agent.pk}))
    assert refused["fields"] == {"agent": [f"There is nothing of yours with the id '{agent.pk}'."]}
    assert api(cast.other_key).post(URL, {"to": CALLER, "from": NUMBER}).status_code == 400
    for query in (f"agent={agent.pk}", "number=num_x"):
        assert api(cast.key).get(f"{URL}?{query}").status_code == 400


def test_an_agent_that_is_not_ready_places_no_call(cast, number):
    number.agent.versions.update(config={"mode": "pipeline"})
    refused = post(cast)
    assert refused.status_code == 409 and error_of(refused)["code"] == "agent_has_no_ears"
    assert not Call.objects.of(cast.organisation).exists()


def test_the_same_key_places_one_call(cast, number):
    first, again = post(cast, Idempotency_Key="k"), post(cast, Idempotency_Key="k")
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert Call.objects.of(cast.organisation).count() == 1
    assert post(cast, {"to": "+15550001112"}, Idempotency_Key="k").status_code == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "abc"),
        ("status=ringing", "a"),
        ("status=ringing,completed", "ab"),
        ("direction=outbound", "c"),
        ("from=%2B15550001111", "ab"),
        ("from=+15550001111", "ab"),
        ("to=%2B15550002222&status=completed", "b"),
        ("number=%2B15550001111", "abc"),
        ("q=0001111", "abc"),
        ("q=hello", "b"),
        ("from=anonymous", ""),
    ],
)
def test_filters(cast, number, query, found):
    inbound = {"from_number": CALLER, "to_number": NUMBER, "number": number, "agent": number.agent}
    calls = {
        "a": make_call(cast.organisation, **inbound),
        "b": make_call(cast.organisation, status="completed", **inbound),
        "c": make_call(
            cast.organisation,
            direction="outbound",
            status="queued",
            from_number="+15550003333",
            to_number=CALLER,
        ),
    }
    Turn.objects.create(
        organisation=cast.organisation, call=calls["b"], index=0, turn_id="t", role="user", text="Hello"
    )
    index_transcript(calls["b"])
    make_call(cast.other, **{"from_number": CALLER, "to_number": NUMBER})
    rows = api(cast.key).get(f"{URL}?{query}").json()["results"]
    names = {call.pk: name for name, call in calls.items()}
    assert "".join(sorted(names[row["id"]] for row in rows)) == found


@pytest.mark.parametrize("query", ["status=nice", "direction=up", "from=%2B1", "number=123"])
def test_a_filter_that_cannot_be_is_an_error(cast, query):
    assert api(cast.key).get(f"{URL}?{query}").status_code == 400


def test_transcript_and_timeline(cast):
    call = make_call(cast.organisation)
    Turn.objects.create(
        organisation=cast.organisation, call=call, index=0, turn_id="t", role="user", text="Hi"
    )
    CallEvent.objects.create(organisation=cast.organisation, call=call, kind="carrier.voice")
    turns = api(cast.key).get(f"{URL}/{call.pk}/transcript").json()["turns"]
    assert turns == [
        {"turn_id": "t", "role": "user", "text": "Hi", "started_ms": 0, "ended_ms": 0, "interrupted": False}
    ]
    events = api(cast.key).get(f"{URL}/{call.pk}/events").json()["results"]
    assert [event["kind"] for event in events] == ["carrier.voice"]


def test_deleting_forgets_all_but_the_cost(cast):
    call = make_call(cast.organisation)
    record_usage(
        organisation=cast.organisation,
        subject_type="call",
        subject_id=call.pk,
        meter="media_ms",
        quantity=1,
        unit="ms",
        idempotency_key="k",
    )
    refused = api(cast.key).delete(f"{URL}/{call.pk}")
    assert refused.status_code == 409 and error_of(refused)["code"] == "call_live"
    Call.objects.of(cast.organisation).update(status="completed")
    soon = timezone.now() + timedelta(seconds=20)
    Call.objects.of(cast.organisation).update(stream_used=1, lease_until=soon)
    refused = api(cast.key).delete(f"{URL}/{call.pk}")
    assert (refused.status_code, "written down" in error_of(refused)["message"]) == (409, True)
    Call.objects.of(cast.organisation).update(lease_until=None)
    assert api(cast.key).delete(f"{URL}/{call.pk}").status_code == 204
    assert api(cast.key).get(f"{URL}/{call.pk}").status_code == 404
    assert UsageRecord.objects.of(cast.organisation).count() == 1


PATHS = [("get", ""), ("delete", ""), ("get", "/transcript"), ("get", "/events"), ("get", "/recording")]


@pytest.mark.parametrize(("method", "path"), [*PATHS, ("post", "/hang-up"), ("post", "/say")])
def test_cleo_finds_nothing(cast, method, path):
    call = make_call(cast.organisation)
    assert getattr(api(cast.other_key), method)(f"{URL}/{call.pk}{path}").status_code == 404
    assert api(cast.other_key).get(URL).json()["results"] == []


def test_scopes(cast):
    call = make_call(cast.organisation)
    reader = api(make_key(cast.organisation, cast.ada, ["calls:read"]))
    assert reader.get(URL).status_code == 200
    assert reader.post(URL, {"to": CALLER}).status_code == 403
    assert reader.get(f"{URL}/{call.pk}/recording").status_code == 403


def test_a_page_of_calls_costs_a_fixed_number_of_queries(cast, number, django_assert_max_num_queries):
    for _ in range(20):
        make_call(
            cast.organisation, number=number, agent=number.agent, carrier_account=number.carrier_account
        )
    with django_assert_max_num_queries(6):
        assert len(api(cast.key).get(URL).json()["results"]) == 20
