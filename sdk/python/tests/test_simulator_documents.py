import pytest

from patter.carriers.twilio.markup import connect_stream, dial, play_digits, say_and_hang_up
from patter.simulators.twilio.trouble import TroubleError
from patter.simulators.twilio.twiml import plan_stream, read_answer, read_document

URL = "https://b.example.com/tw/voice?x=1"


def stream(attributes, inside="", base=URL):
    document = read_document(
        f"<Response><Connect><Stream {attributes}>{inside}</Stream></Connect></Response>".encode(), base
    )
    return plan_stream(document.verbs[0].children[0], document)


def code_of(call, *arguments, **more):
    with pytest.raises(TroubleError) as refused:
        call(*arguments, **more)
    return refused.value.trouble.code


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "text/xml", 11770),
        (b"  \n", "text/xml", 11770),
        (b"<Response/>", "text/html; charset=utf-8", 12300),
        (b"<Response/>", "", 12300),
        (b"<Response>", "text/xml", 12100),
        (b"hello", "application/xml", 12100),
        (b"<Answer/>", "text/xml", 12100),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><Response>&x;</Response>", "text/xml", 12100),
        (b"<Response>" + b" " * 65_536 + b"</Response>", "text/xml", 11750),
    ],
)
def test_answers_that_are_no_document(body, content_type, code):
    assert code_of(read_answer, body, content_type, URL) == code


def test_what_is_not_known_is_a_warning_and_left_out():
    document = read_document(
        b"<Response><Sing/><Say mood='good'>Hi</Say><Stream url='wss://x/'/></Response>", URL
    )
    assert [verb.tag for verb in document.verbs] == ["Say"]
    assert [trouble.code for trouble in document.troubles] == [12200, 12200, 12200]
    assert all(trouble.is_warning for trouble in document.troubles)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ("url='ws://b.example.com/m'", 31922),
        ("url='https://b.example.com/m'", 31922),
        ("url='wss://b.example.com/m?token=1'", 31920),
        ("url='wss:///m'", 31923),
        ("url='wss://[/m'", 31923),
        ("url='wss://b.example.com/m' track='both_tracks'", 31941),
        ("url='wss://b.example.com/m' statusCallback='/relative'", 11100),
    ],
)
def test_streams_that_cannot_be_opened(attributes, code):
    assert code_of(stream, attributes) == code


def test_a_parameter_is_shorter_than_500_characters():
    plan = stream("url='wss://b.example.com/m'", f"<Parameter name='a' value='{'x' * 498}'/>")
    assert len(plan.parameters["a"]) == 498
    assert code_of(stream, "url='wss://b/m'", f"<Parameter name='a' value='{'x' * 499}'/>") == 12200


def test_relative_addresses_resolve_against_the_document():
    assert stream("url='/media/1'").url == "wss://b.example.com/media/1"
    assert stream("url='ws://127.0.0.1:8000/m'").url == "ws://127.0.0.1:8000/m"
    assert read_document(b"<Response/>", URL).resolve("next?a=1") == "https://b.example.com/tw/next?a=1"
    assert code_of(read_document(b"<Response/>").resolve, "/next") == 15004


@pytest.mark.parametrize(
    "document",
    [
        connect_stream(
            "wss://b.example.com/m", {"a": "b"}, status_callback="https://b/s", after="https://b/a"
        ),
        connect_stream("wss://b.example.com/m", action="https://b.example.com/a"),
        say_and_hang_up("Goodbye & thanks", "en-GB"),
        play_digits("1w2", "https://b.example.com/resume"),
        dial("+15550003333", "+15550001111", "https://b.example.com/t", whisper="https://b.example.com/w"),
    ],
)
def test_our_own_documents_leave_no_warning(document):
    assert read_document(document.encode(), URL).troubles == []
