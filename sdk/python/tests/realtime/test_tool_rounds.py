"""Tools of a realtime model: one response after all results, and what is refused, stopped or told late."""

from patter.bridge.commands import EndSession, HangUp, ToolRun, ToolStop, TransferStart
from patter.bridge.events import CarrierEnded, ToolDone
from patter.bridge.plan import Phrases, ToolTraits
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.realtime.wire import ResponseCreated, ResponseDone, SpeechStarted, ToolCalled
from patter.testing.realtime_scene import Scene

DESK = TransferPolicy((TransferTarget("desk", "+15550009999"),))


def calls(name, arguments="{}", call_id="call_1"):
    return ToolCalled("", call_id, name, arguments)


def spoken_call(**plan) -> Scene:
    call = Scene(**plan)
    call.pass_ms(3200)
    call.says("help me")
    return call


def outputs(call: Scene) -> list[str]:
    return [item["output"] for item in call.items if item["type"] == "function_call_output"]


def test_one_response_is_asked_for_when_the_last_result_is_there():
    call = spoken_call()
    call.replies("", calls("one"), calls("two", call_id="call_2"))
    first, second = call.all(ToolRun)
    call.feed(ToolDone(second.run_id, {"two": 2}))
    assert not call.of_type("response.create")
    call.feed(ToolDone(first.run_id, {"one": 1}))
    assert [item["call_id"] for item in call.items] == ["call_2", "call_1"]
    assert len(call.of_type("response.create")) == 1


def test_a_result_that_nobody_waits_for_is_nothing():
    call = spoken_call()
    known = len(call.commands)
    call.feed(ToolDone("t9r1.0", {"one": 1}))
    assert call.commands[known:] == []


def test_arguments_that_are_no_object_are_refused_and_told():
    call = spoken_call()
    call.replies("", calls("one", "[1]"), calls("two", "{", "call_2"))
    assert not call.all(ToolRun)
    assert all("not a JSON object" in output for output in outputs(call))
    assert len(call.of_type("response.create")) == 1


def test_too_many_tools_at_once_are_told_to_come_again():
    call = spoken_call()
    call.replies("", *(calls("one", call_id=f"call_{at}") for at in range(9)))
    assert len(call.all(ToolRun)) == 8
    assert "Too many tools" in outputs(call)[0]


def test_too_many_rounds_are_given_up_with_an_apology():
    call = spoken_call()
    tag = ""
    for _ in range(4):
        call.replies("", calls("one"), tag=tag)
        if len(call.all(ToolRun)) > 3:
            break
        if "reply.failed" not in call.kinds:
            call.tool({"more": True})
            tag = call.of_type("response.create")[-1]["event_id"]
    assert len(call.all(ToolRun)) == 3 and "reply.failed" in call.kinds
    read = call.of_type("response.create")[-1]["response"]["instructions"]
    assert Phrases().retry.startswith(read.rpartition("\n\n")[2])


def test_a_response_that_is_cancelled_runs_none_of_its_tools():
    call = spoken_call()
    call.provider(ResponseCreated("r9", ""), ToolCalled("r9", "call_1", "one", "{}"))
    call.provider(SpeechStarted("u9", 0), ResponseDone("r9", "", "cancelled"))
    assert not call.all(ToolRun)


def test_a_tool_that_changes_nothing_is_stopped_when_the_caller_goes_on():
    call = spoken_call()
    call.replies("Let me look that up for you, one moment please.", calls("look"))
    call.pass_ms(600)
    call.provider(SpeechStarted("u9", 0))
    assert call.last(ToolStop).run_id == call.last(ToolRun).run_id
    assert '"stopped"' in outputs(call)[-1]


def test_a_tool_that_nobody_waits_for_is_pending_at_once():
    call = spoken_call(tool_traits={"mail": ToolTraits(background=True, wait_s=0)})
    call.replies("", calls("mail"))
    assert outputs(call) == ['{"status": "pending"}']
    assert len(call.of_type("response.create")) == 1
    call.reads("It is on its way.")
    call.pass_ms(2000)
    call.tool({"sent": True})
    assert call.items[-1]["role"] == "system"
    call.reads("The mail was sent.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "The mail was sent.")


def test_a_transfer_comes_before_an_end_and_only_once():
    call = spoken_call(transfers=DESK)
    target = '{"target": "desk"}'
    names = ("end_call", "transfer_call", "transfer_call", "end_call")
    call.replies("", *(calls(name, target, f"call_{at}") for at, name in enumerate(names)))
    told = outputs(call)
    assert ['"ok"' in told[0], '"pending"' in told[1]] == [True, True]
    assert told[2] == told[3] == '{"error": "The caller is being transferred."}'
    read = call.of_type("response.create")[-1]["response"]["instructions"]
    assert read.endswith("One moment, I will put you through.")
    call.reads("One moment, I will put you through.")
    call.pass_ms(3000)
    assert call.last(TransferStart).number == "+15550009999"


def test_a_caller_who_said_nothing_is_not_transferred():
    call = Scene(transfers=DESK)
    call.pass_ms(3200)
    call.replies("", calls("transfer_call", '{"target": "desk"}'))
    assert "has not said anything yet" in outputs(call)[-1]
    assert "tool.refused" in call.kinds


def test_a_goodbye_without_words_is_the_phrase_and_a_long_tool_is_told_about_again():
    call = spoken_call(tool_traits={"slow": ToolTraits(wait_s=30)})
    call.replies("", calls("slow"))
    call.pass_ms(1600)
    call.reads("One moment, please.")
    call.pass_ms(6000)
    read = [message["response"].get("instructions", "") for message in call.of_type("response.create")]
    assert sum("One moment, please." in text for text in read) == 2
    call.reads("One moment, please.")
    call.tool({"found": True})
    call.pass_ms(2000)
    call.replies("", calls("end_call"), tag=call.of_type("response.create")[-1]["event_id"])
    read = call.of_type("response.create")[-1]["response"]["instructions"]
    assert read.endswith("Goodbye.")


def test_a_call_that_ends_stops_what_runs():
    call = spoken_call()
    call.replies("", calls("look"))
    call.feed(CarrierEnded())
    assert call.all(ToolStop) and call.all(EndSession)


def test_nothing_is_filled_while_words_are_heard_or_the_call_ends():
    call = spoken_call(tool_traits={"slow": ToolTraits(wait_s=30)})
    call.replies("I am looking that up in all of our books, which are many.", calls("slow"))
    call.pass_ms(2000)
    assert not call.of_type("response.create")
    call.tool({"found": True})
    call.pass_ms(2000)
    tag = call.of_type("response.create")[-1]["event_id"]
    call.replies("", calls("end_call"), calls("slow", call_id="call_2"), tag=tag)
    call.pass_ms(2000)
    assert "One moment" not in str(call.of_type("response.create"))
    call.tool({"found": True})
    call.pass_ms(500)
    assert call.last(HangUp)
