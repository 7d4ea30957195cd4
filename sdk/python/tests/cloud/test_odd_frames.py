"""Frames of a server that is not ours, or not of today: what cannot be meant is left out, nothing breaks."""

from __future__ import annotations

from patter.cloud.messages import history_of, incoming, names_of, read


def test_what_is_no_frame_is_none():
    for text in ("", "{", "[]", "null", '{"type": 1}', b"\xff\xfe", "[" * 100_000):
        assert read(text) is None


def test_fields_of_another_kind_are_left_out():
    frame = {
        "type": "message",
        "text": None,
        "call_id": 5,
        "history": [1, {"role": "user", "text": "Hi"}, None],
    }
    message = incoming(frame)
    assert message.text == ""
    assert (message.call_id, message.history) == ("5", [{"role": "user", "text": "Hi"}])
    assert history_of({"history": "none"}) is None
    assert names_of({"variables": ["a"]}, "variables") == {}
    assert names_of({"variables": {"a": 1}}, "variables") == {"a": 1}
