from xml.etree import ElementTree

import pytest

from patter.carriers.twilio import markup
from patter.errors import ConfigError

SOCKET = "wss://b.example.com/media/twilio/call_1"


def parsed(document):
    root = ElementTree.fromstring(document.encode())
    assert root.tag == "Response"
    return root


def test_a_stream_with_its_parameters():
    root = parsed(
        markup.connect_stream(
            SOCKET,
            {"token": "a\"b<c>&'ü\n"},
            status_callback="https://b.example.com/s?x=1&y=2",
            after="https://b.example.com/resume?x=1&y=2",
        )
    )
    stream = root.find("Connect/Stream")
    assert stream.attrib == {"url": SOCKET, "statusCallback": "https://b.example.com/s?x=1&y=2"}
    assert stream.find("Parameter").attrib == {"name": "token", "value": "a\"b<c>&'ü\n"}
    assert root.find("Redirect").text == "https://b.example.com/resume?x=1&y=2"
    assert [verb.tag for verb in root] == ["Connect", "Redirect"]


def test_a_stream_alone_has_nothing_after_it():
    root = parsed(markup.connect_stream(SOCKET, {}, action="https://b.example.com/next"))
    assert [verb.tag for verb in root] == ["Connect"]
    assert root.find("Connect").attrib == {"action": "https://b.example.com/next"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "ws://b.example.com/media"},
        {"url": "https://b.example.com/media"},
        {"url": "/media"},
        {"url": "wss:///media"},
        {"url": "wss://[/media"},
        {"url": SOCKET + "?token=1"},
        {"url": SOCKET + "#a"},
        {"url": SOCKET, "parameters": {"": "x"}},
        {"url": SOCKET, "parameters": {"name": "x" * 496}},
        {"url": SOCKET, "parameters": {"name": "\x00"}},
        {"url": SOCKET, "status_callback": "/relative"},
        {"url": SOCKET, "after": "relative"},
        {"url": SOCKET, "action": "https://b.example.com/1", "after": "https://b.example.com/2"},
    ],
)
def test_what_twilio_would_refuse_is_refused_here(arguments):
    with pytest.raises(ConfigError):
        markup.connect_stream(**arguments)


def test_the_longest_parameter_and_the_loopback_are_allowed():
    markup.connect_stream(SOCKET, {"name": "x" * 495})
    markup.connect_stream("ws://127.0.0.1:8000/media/twilio/call_1")


def test_ways_to_end_a_call():
    assert parsed(markup.hang_up())[0].tag == "Hangup"
    assert parsed(markup.reject("busy"))[0].attrib == {"reason": "busy"}
    say, end = parsed(markup.say_and_hang_up("Tom & <Jerry>", "de-DE"))
    assert (say.text, say.attrib, end.tag) == ("Tom & <Jerry>", {"language": "de-DE"}, "Hangup")


def test_digits_and_then_back():
    play, redirect = parsed(markup.play_digits("ww12#", "https://b.example.com/resume"))
    assert play.attrib == {"digits": "ww12#"}
    assert redirect.text == "https://b.example.com/resume"


def test_a_transfer():
    root = parsed(markup.dial("+15550003333", "+15550001111", "https://b.example.com/t?a=1"))
    assert root.find("Dial").attrib == {
        "callerId": "+15550001111",
        "action": "https://b.example.com/t?a=1",
        "answerOnBridge": "true",
        "timeout": "20",
    }
    assert root.find("Dial/Number").text == "+15550003333"


def test_a_transfer_with_a_word_before():
    root = parsed(markup.dial("+1", "+2", "https://b.example.com/t", whisper="https://b.example.com/w"))
    assert root.find("Dial/Number").attrib == {"url": "https://b.example.com/w"}


@pytest.mark.parametrize(
    "build",
    [
        lambda: markup.reject("tired"),
        lambda: markup.play_digits("", "https://b.example.com"),
        lambda: markup.play_digits("12x", "https://b.example.com"),
        lambda: markup.play_digits("1" * 33, "https://b.example.com"),
        lambda: markup.say_and_hang_up("a" * 3001),
        lambda: markup.say_and_hang_up("bell \x07"),
    ],
)
def test_impossible_documents(build):
    with pytest.raises(ConfigError):
        build()
