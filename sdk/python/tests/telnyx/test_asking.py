"""A human at Telnyx takes a caller by key or by word, and nothing else is taken for either."""

from __future__ import annotations

import json

import pytest

from patter.carriers.briefing import answer_in, briefing_of, is_accepted
from patter.carriers.telnyx import asking
from patter.carriers.telnyx.commands import encode_state
from patter.carriers.telnyx.webhooks import CallEvent, read_webhook


def told(kind: str, **payload: object) -> CallEvent:
    given = {"call_control_id": "v3:human", "client_state": encode_state("call_1:x1"), **payload}
    data = {"id": "e1", "event_type": kind, "payload": given}
    return read_webhook(json.dumps({"data": data}).encode())


def heard(text: object, **more: object) -> CallEvent:
    return told("call.transcription", transcription_data={"transcript": text, **more})


@pytest.mark.parametrize(
    ("speech", "takes"),
    [
        ("Yes.", True),
        ("Yeah, sure!", True),
        ("ja, gern", True),
        ("¿Sí?", True),
        ("d'accord", None),
        ("No, thanks.", False),
        ("nein", False),
        ("who is this", None),
        ("yes to take the call press one or say", None),  # the question itself, heard from a loudspeaker
        ("", None),
        ("123 !?", None),
    ],
)
def test_the_first_word_counts(speech, takes):
    assert answer_in(speech) is takes


def test_a_key_or_a_word_takes_the_call():
    assert is_accepted("1", "") and is_accepted("", "okay")
    assert not is_accepted("2", "") and not is_accepted("", "no") and not is_accepted("", "")


@pytest.mark.parametrize(
    ("event", "takes"),
    [
        (told("call.gather.ended", digits="1", status="valid"), True),
        (told("call.gather.ended", digits="2", status="valid"), False),
        (told("call.gather.ended", digits="", status="timeout"), False),
        (told("call.gather.ended", digits="", status="cancelled"), None),
        (told("call.gather.ended", digits="", status="call_hangup"), None),
        (heard("yes", is_final=True), True),
        (heard("yes"), True),
        (heard("yes", is_final=False), None),
        (heard("no", is_final=True), False),
        (heard(None), None),
        (told("call.transcription"), None),
        (told("call.transcription", transcription_data="yes"), None),
    ],
)
def test_what_telnyx_tells_and_whether_it_is_a_decision(event, takes):
    assert asking.takes_call(event) is takes


def test_the_music_ends_and_the_question_too_where_it_was_answered_by_word():
    by_word = [command.about for command in asking.quiet("v3:caller", heard("yes"))]
    assert by_word == ["playback_stop", "transcription_stop", "gather_stop"]
    by_key = asking.quiet("v3:caller", told("call.gather.ended", digits="1", status="valid"))
    assert [command.about for command in by_key] == by_word[:2]
    assert "v3:caller" in by_key[0].path and "v3:human" in by_key[1].path


def test_a_key_and_a_word_join_both_once():
    """Telnyx ignores a second command with the same id."""
    joins = [
        asking.join("v3:caller", event)
        for event in (heard("yes"), told("call.gather.ended", digits="1", status="valid"))
    ]
    assert joins[0] == joins[1]


def test_where_words_are_not_understood_only_the_key_is_offered():
    event = told("call.answered")
    assert "say yes" in asking.ask(event, "Ada.", "en-GB", by_key=False).body["payload"]
    assert "say yes" not in asking.ask(event, "Ada.", "en-GB", by_key=True).body["payload"]
    assert asking.listen(event, "de-DE").body["transcription_engine_config"]["language"] == "de"
    assert briefing_of("", "de").startswith("Ein Anrufer")
