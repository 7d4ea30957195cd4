from xml.etree import ElementTree

from calls.models import Call, CallEvent
from calls.services.tokens import consume_stream_token, read_stream_token
from calls.tests.cast import CALLER, NUMBER, make_agent
from patter_site.events.models import Event


def stream_of(response):
    return ElementTree.fromstring(response.content).find("Connect/Stream")


def token_of(response) -> str:
    parameter = stream_of(response).find("Parameter")
    assert parameter.get("name") == "token"
    return parameter.get("value")


def the_call(cast) -> Call:
    return Call.objects.of(cast.organisation).get()


def test_a_call_is_connected_to_its_media_socket(cast, twilio, number):
    response = twilio.voice()
    call = the_call(cast)
    assert response.status_code == 200 and response["Content-Type"].startswith("text/xml")
    assert stream_of(response).get("url") == f"wss://patter.test/media/twilio/{call.pk}"
    assert (call.status, call.direction, call.number) == ("ringing", "inbound", number)
    assert (call.from_number, call.to_number, call.carrier_call_id) == (CALLER, NUMBER, "CA1")
    assert call.agent_version == 1 and call.started_at and call.ringing_at


def test_what_follows_the_stream_leads_back_to_us(cast, twilio, number):
    document = ElementTree.fromstring(twilio.voice().content)
    base = f"https://patter.test/webhooks/twilio/{number.carrier_account.pk}"
    call = the_call(cast)
    assert document.find("Redirect").text == f"{base}/resume?call={call.pk}&stream=1"
    assert stream_of(twilio.voice()).get("statusCallback") == f"{base}/stream-status?call={call.pk}"


def test_the_token_opens_this_call_once(cast, twilio):
    token = read_stream_token(token_of(twilio.voice()))
    assert token.call_id == the_call(cast).pk
    assert consume_stream_token(token.call_id, token.n)
    assert not consume_stream_token(token.call_id, token.n)


def test_the_same_webhook_again_is_the_same_call_with_a_fresh_token(cast, twilio):
    first, second = token_of(twilio.voice()), token_of(twilio.voice())
    assert first != second
    assert Call.objects.of(cast.organisation).count() == 1
    assert CallEvent.objects.of(cast.organisation).filter(kind="carrier.voice").count() == 1
    old = read_stream_token(first)
    assert not consume_stream_token(old.call_id, old.n)


def test_while_a_stream_is_open_a_repeated_webhook_gets_no_token(cast, twilio):
    token = read_stream_token(token_of(twilio.voice()))
    assert consume_stream_token(token.call_id, token.n, owner="me")
    again = twilio.voice()
    assert stream_of(again) is None and b"<Hangup/>" in again.content


def test_an_ended_call_is_not_answered_again(cast, twilio):
    twilio.voice()
    twilio.status("CA1", "completed", CallDuration="0")
    assert b"<Hangup/>" in twilio.voice().content
    assert Call.objects.of(cast.organisation).count() == 1


def test_an_anonymous_caller_is_answered(cast, twilio):
    assert stream_of(twilio.voice(From="anonymous")) is not None
    assert the_call(cast).from_number == "anonymous"


def test_a_sip_caller_and_fields_nobody_knows_are_taken(cast, twilio):
    response = twilio.voice(From="sip:mia@example.com", FromCity="", Surprise="new", StirVerstat="TN-A")
    assert stream_of(response) is not None


def test_a_caller_whose_name_no_database_takes_is_answered(cast, twilio):
    assert b"<Stream" in twilio.voice(From="sip:a\x00da@example.com").content
    assert the_call(cast).from_number == "sip:ada@example.com"


def test_extra_keys_and_sip_headers_become_custom_params(cast, twilio):
    twilio.voice(query={"campaign": "spring", "tier": "gold"}, **{"SipHeader_X-Order": "77"})
    assert the_call(cast).custom_params == {"campaign": "spring", "tier": "gold", "X-Order": "77"}


def test_the_customer_hears_of_the_call_once(cast, twilio):
    twilio.voice()
    twilio.voice()
    assert sorted(Event.objects.of(cast.organisation).values_list("type", flat=True)) == [
        "call.ringing",
        "call.started",
    ]


def test_a_carrier_that_never_opens_the_socket_is_not_sent_round_for_ever(cast, twilio):
    for _ in range(6):
        response = twilio.voice()
    assert b"<Hangup/>" in response.content
    assert the_call(cast).error_code == "media_unreachable"


def test_a_variable_that_nobody_gave_a_value_is_told(cast, twilio, number):
    number.agent = make_agent(
        cast.organisation, first_message="Hi {name} of {town}.", variables={"town": "Kiel"}
    )
    number.save()
    twilio.voice()
    event = CallEvent.objects.of(cast.organisation).get(kind="carrier.voice")
    assert event.data == {"carrier_call_id": "CA1", "variables": ["name"]}
