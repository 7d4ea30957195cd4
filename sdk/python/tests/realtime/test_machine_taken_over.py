"""A session that takes over in the middle of something knows what was said and done, and each of it once."""

from __future__ import annotations

from typing import Any

import pytest

from patter.bridge.commands import Clear, SpeechOpen, ToolRun
from patter.bridge.events import DigitPressed, SpeechClosed, ToolDone
from patter.bridge.plan import ToolTraits
from patter.engines.realtime.wire import (
    AudioDelta,
    Committed,
    ResponseCreated,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    ToolCalled,
    Trouble,
    UserSaid,
)
from patter.testing.realtime_scene import Scene

QUESTION, ANSWER = "a table please", "We have one on Monday, and one on Friday evening at eight."
BOOK = ToolCalled("", "call_1", "book", "{}")


class Told(Scene):
    """``told``: the items that the present session was given, as role or type and text."""

    _from = 0

    def lose(self, how: str = "closed") -> None:
        if how == "closed":
            self.feed(SpeechClosed(self.speech_id, 1006, "gone"))
        else:
            self.provider(Trouble(how, "over"))
        self._from = len(self.sent)

    def takes_over(self) -> None:
        self.pass_ms(600)
        self.provider(SessionUpdated())

    @property
    def told(self) -> list[tuple[str, str]]:
        items = [sent["item"] for sent in self.sent[self._from :] if "item" in sent]
        return [_told(item) for item in items]

    def of_now(self, name: str) -> list[dict[str, Any]]:
        return [message for message in self.sent[self._from :] if message["type"] == name]


def _told(item: dict[str, Any]) -> tuple[str, str]:
    if item["type"] == "message":
        return item["role"], item["content"][0]["text"]
    return item["type"], item.get("output") or item["name"]


def answering(**plan: object) -> Told:
    """The answer is complete, and the caller hears it."""
    call = Told(**plan)  # type: ignore[arg-type]
    call.says(QUESTION)
    call.replies(ANSWER)
    call.pass_ms(600)
    return call


@pytest.mark.parametrize("how", ["closed", "session_expired"])
def test_an_answer_that_is_still_being_heard_is_told_once_it_was(how: str) -> None:
    call = answering()
    call.lose(how)
    call.takes_over()
    assert call.told == [("user", QUESTION)]
    call.pass_ms(4000)
    assert call.told == [("user", QUESTION), ("assistant", ANSWER)]
    assert not call.of_now("response.create"), "nothing of it is said again"


def test_an_answer_that_was_heard_in_between_is_told_at_the_beginning() -> None:
    call = answering()
    call.pass_ms(1800)
    call.lose()
    call.pass_ms(400)  # the socket is there, and the settings are not in force
    call.pass_ms(800)
    call.provider(SessionUpdated())
    assert call.told == [("user", QUESTION), ("assistant", ANSWER)]


def test_a_caller_who_speaks_over_it_has_heard_so_much_and_the_new_session_is_not_asked_to_cut_it() -> None:
    call = answering()
    call.lose()
    call.takes_over()
    call.pass_ms(300)
    call.says("Monday")
    assert call.all(Clear) and not call.of_now("conversation.item.truncate")
    assert call.told == [("user", QUESTION), ("assistant", call.turns[-1][1])]
    assert call.turns[-1][1].startswith("We have one") and not call.turns[-1][1].endswith("eight.")


@pytest.mark.parametrize("when", ["no socket", "no settings"])
def test_a_key_is_told_once_whenever_it_is_pressed(when: str) -> None:
    call = answering()
    call.pass_ms(3000)
    call.lose()
    if when == "no settings":
        call.pass_ms(400)
        assert len(call.all(SpeechOpen)) == 2
    call.feed(DigitPressed("1"))
    call.takes_over()
    assert call.told == [("user", QUESTION), ("assistant", ANSWER), ("user", "[DTMF: 1]")]
    assert len(call.of_now("response.create")) == 1


def test_a_key_before_the_first_session_is_told_to_it() -> None:
    class Slow(Told):
        def _begin(self) -> None: ...

    call = Slow()
    call.feed(DigitPressed("1"))
    call.provider(SessionUpdated())
    assert call.told == [("user", "[DTMF: 1]")]
    assert len(call.of_now("response.create")) == 1


@pytest.mark.parametrize("settled", [False, True])
def test_a_tool_that_answers_in_between_is_known_with_its_result(settled: bool) -> None:
    call = Told()
    call.says(QUESTION)
    call.replies("Let me see.", BOOK)
    call.lose("session_expired")
    if settled:
        call.pass_ms(400)
    call.tool({"table": 7})
    call.takes_over()
    assert call.told == [
        ("user", QUESTION),
        ("function_call", "book"),
        ("function_call_output", '{"table": 7}'),
    ]
    assert len(call.of_now("response.create")) == 1
    call.reads("Table seven.")
    call.pass_ms(3000)
    assert call.turns[-1][1].endswith("Table seven.")


def test_a_late_result_that_comes_in_between_is_news_to_the_next() -> None:
    call = Told(tool_traits={"book": ToolTraits(effects=True)})
    call.says(QUESTION)
    call.replies("", BOOK)
    run = call.last(ToolRun).run_id
    call.pass_ms(500)
    call.says("and hurry")  # it goes on, and its result comes late
    call.replies("I do.")
    call.pass_ms(1000)
    call.lose()
    call.feed(ToolDone(run, {"table": 7}))
    call.takes_over()
    kinds = [kind for kind, _ in call.told]
    assert kinds[-3:] == ["function_call", "function_call_output", "system"]
    assert len(call.of_now("response.create")) == 1
    call.reads("You have table seven.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "You have table seven.")


def test_an_hour_that_ends_within_a_reply_has_the_rest_of_it_said() -> None:
    call = Told()
    call.says(QUESTION)
    call.provider(ResponseCreated("r9", ""), AudioDelta("r9", "a9", b"\x90" * 8000))
    call.lose("session_expired")
    call.takes_over()
    assert [kind for kind, _ in call.told] == ["user", "system"]
    call.reads("on Monday.")
    call.pass_ms(3000)
    assert call.turns[-1][1].endswith("on Monday.")


def test_an_hour_that_ends_while_the_caller_speaks_over_a_reply_leaves_their_words_to_the_next() -> None:
    call = answering()
    call.provider(SpeechStarted("u9", call.media_ms))
    call.lose("session_expired")
    call.takes_over()
    [(_, _), (role, heard)] = call.told
    assert role == "assistant" and ANSWER.startswith(heard)
    call.provider(SpeechStarted("u1", 0), SpeechStopped("u1", 400), Committed("u1", ""))
    call.provider(UserSaid("u1", "no, Friday"))
    call.replies("Friday it is.")
    call.pass_ms(2000)
    assert call.turns[-2:] == [("user", "no, Friday"), ("assistant", "Friday it is.")]
