"""What a voice should say of a model's text."""

from __future__ import annotations

import time

import pytest

from patter.engines.pipeline.clean import Cleaner, speakable


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Plain words.", "Plain words."),
        ("**Bold** and *soft* and `code` and ~~gone~~.", "Bold and soft and code and gone."),
        ("# Head\n- one\n* two\n• three\n> four", "Head one two three four"),
        ("See [our page](https://a.b/c) now", "See our page now"),
        ("![a picture](https://a.b/c.png) of it", "a picture of it"),
        ("Go to https://a.b/c?d=e or www.x.org today", "Go to or today"),
        ("Great 👍🏽 work 🇩🇪 1️⃣ ❤️ ✅", "Great work 1"),
        ("Here: ```python\nprint(1)\n``` done", "Here: done"),
        ("Here: ```python\nprint(1)", "Here:"),
        ("<b>Hello</b> & <br/>bye <a href='x'>there</a>", "Hello & bye there"),
        ("1 < 2 and 3 > 2 stay", "1 < 2 and 3 > 2 stay"),
        ("| Day | Time |\n|:---|---|\n| Monday | nine |", "Day, Time. Monday, nine."),
        ("One\n---\nTwo\n* * *", "One Two"),
        ("this | that", "this | that"),
        ("2*3 = 6 and file_name stay", "2*3 = 6 and file_name stay"),
        ("1. First", "1. First"),
        ("...", ""),
        ("👍", ""),
        ("   ", ""),
        ("Grüezi, 你好", "Grüezi, 你好"),
    ],
)
def test_it_is_speakable(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


def test_a_code_fence_may_begin_in_one_chunk_and_end_in_another() -> None:
    cleaner = Cleaner()
    chunks = ["Look: ```python\n", "print('no')\n", "x = 1\n", "``` That is it. ", "Bye."]
    assert [cleaner.clean(chunk) for chunk in chunks] == ["Look:", "", "", "That is it.", "Bye."]


@pytest.mark.parametrize("line", ["\n", " \n", "\t\n- ", "|\n", "-- |\n"])
def test_a_model_that_writes_nothing_but_new_lines_stops_nobody_else(line: str) -> None:
    began_s = time.process_time()
    speakable(line * 2000)
    assert time.process_time() - began_s < 1
