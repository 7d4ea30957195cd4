from patter_site.common.logging import drop_sensitive


def dropped(**event):
    return drop_sensitive(None, "info", {"event": "Something happened"} | event)


def test_values_of_sensitive_names_are_dropped():
    event = dropped(api_key="k", digits="1234", text="my secret", from_number="+4930123456", call="call_1")
    assert event["call"] == "call_1"
    assert {event[name] for name in ("api_key", "digits", "text", "from_number")} == {"[dropped]"}


def test_keys_and_numbers_inside_other_texts_are_blotted_out():
    event = dropped(reason="refused pt_" + "a" * 64 + " for +15551234567 with Bearer abc", url="/x?to=%2B1")
    assert event["reason"] == "refused [dropped] for [dropped] with [dropped]"


def test_a_text_cannot_begin_a_new_line_of_the_log():
    assert "\n" not in dropped(reason="a\r\nb\x1b[31m")["reason"]


def test_numbers_in_addresses_and_keys_of_providers_are_blotted_out_too():
    line = '127.0.0.1:4 - "WebSocket /ws/sdk?number=%2B15551234567&agent=a" [accepted]'
    assert "5551234567" not in dropped(event=line)["event"]
    keys = ["sk-proj-" + "aB3_" * 8, "sk_" + "0a" * 20, "KEY" + "0A" * 16 + "_xYz", "whsec_" + "aB3/" * 8]
    for key in keys:
        assert dropped(reason=f"no such key: {key}.")["reason"].rstrip(".") == "no such key: [dropped]"
    plain = "sketch a skeleton, KEYBOARD, task sk-1"
    assert dropped(reason=plain)["reason"] == plain


def test_values_within_values_are_looked_at_too():
    event = dropped(told={"api_key": "k", "error": "for +15551234567"}, rows=["a\nb", ("Bearer abc", 3)])
    assert event["told"] == {"api_key": "[dropped]", "error": "for [dropped]"}
    assert event["rows"] == ["a b", ["[dropped]", 3]]


def test_the_row_that_a_database_refused_is_not_shown():
    error = "Traceback:\n  x\nIntegrityError: null value\nDETAIL:  Failing row contains (7, my secret, +1).\n"
    assert dropped(exception=error)["exception"] == (
        "Traceback:\n  x\nIntegrityError: null value\nDETAIL: [dropped]\n"
    )
