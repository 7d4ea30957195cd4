from patter_site.common.logging import drop_sensitive


def dropped(**event):
    return drop_sensitive(None, "info", {"event": "Something happened", **event})


def test_values_of_sensitive_names_are_dropped():
    event = dropped(api_key="k", digits="1234", text="my secret", from_number="+4930123456", call="call_1")
    assert event["call"] == "call_1"
    assert {event[name] for name in ("api_key", "digits", "text", "from_number")} == {"[dropped]"}


def test_keys_and_numbers_inside_other_texts_are_blotted_out():
    event = dropped(reason="refused pt_" + "a" * 64 + " for +15551234567 with Bearer abc", url="/x?to=%2B1")
    assert event["reason"] == "refused [dropped] for [dropped] with [dropped]"


def test_a_text_cannot_begin_a_new_line_of_the_log():
    assert "\n" not in dropped(reason="a\r\nb\x1b[31m")["reason"]
