import pytest

from patter.simulators.caller import Caller, Clip
from patter.simulators.line import Bunches, PhoneLine, parse_profile
from patter.simulators.script import Audio, Digits, HangUp, Listen, Over, Say, Wait, parse_steps
from patter.simulators.sound import SILENT_FRAME, frames_of, is_audible, tone
from patter.simulators.voice import prepare

VOICE = frames_of(tone(20))[0]


def run(clips, agent=(), until_ms=12_000):
    """The facts of a call in which the agent is heard in the given (from, to) spans of milliseconds."""
    caller, facts, frames = Caller(clips), [], {}
    for now_ms in range(0, until_ms, 20):
        speaks = any(start <= now_ms < end for start, end in agent)
        tick = caller.tick(VOICE if speaks else SILENT_FRAME, now_ms)
        facts += tick.facts
        frames[now_ms] = tick.frame
        if tick.hang_up:
            break
    return facts, frames


def times(facts, kind):
    return [fact.at_ms for fact in facts if fact.kind == kind]


def say(text="hello", ms=400, **more):
    return Clip(Say(text, **more), tone(ms))


def test_the_caller_waits_until_the_agent_has_finished():
    facts, frames = run([say()], agent=[(500, 900), (1200, 1500)])
    assert times(facts, "said") == [2100]
    assert [ms for ms, frame in frames.items() if is_audible(frame)] == list(range(2100, 2500, 20))


def test_the_caller_speaks_first_when_the_agent_never_does():
    assert times(run([say()])[0], "said") == [3000]
    assert times(run([say(patience_ms=500)])[0], "said") == [500]


def test_the_latency_of_a_turn():
    facts, _ = run([say(ms=400), Clip(HangUp())], agent=[(0, 100), (1500, 2000)])
    assert times(facts, "said") == [700]
    assert [fact.data["ms"] for fact in facts if fact.kind == "turn_latency"] == [400]
    assert times(facts, "caller_hung_up") == [2600]


def test_speaking_over_the_agent():
    facts, _ = run([Clip(Over("stop", 300), tone(200)), Clip(HangUp())], agent=[(1000, 1400), (2000, 2200)])
    assert times(facts, "said") == [1300]
    assert [fact.data["ms"] for fact in facts if fact.kind == "turn_latency"] == [500]


def test_nobody_to_speak_over():
    assert times(run([Clip(Over("stop"), tone(200))])[0], "said") == [10_000]


def test_keys():
    facts, _ = run([Clip(Digits("1w23"))], agent=[(0, 400)])
    assert [(fact.at_ms, fact.data["digit"]) for fact in facts if fact.kind == "digit"] == [
        (1000, "1"),
        (1620, "2"),
        (1740, "3"),
    ]


def test_waiting_listening_and_hanging_up():
    assert times(run([Clip(Wait(500)), say(patience_ms=0)])[0], "said") == [520]
    assert times(run([Clip(Listen())])[0], "caller_hung_up") == []
    assert times(run([])[0], "caller_hung_up") == [3000]
    assert times(run([Clip(HangUp(at_ms=700)), say()], agent=[(0, 9000)])[0], "caller_hung_up") == [700]


def test_stretches_of_the_agents_voice():
    facts, _ = run([Clip(Listen())], agent=[(100, 200), (400, 600), (1000, 1100)])
    assert times(facts, "agent_started") == [100, 1000]
    assert [(fact.at_ms, fact.data["duration_ms"]) for fact in facts if fact.kind == "agent_stopped"] == [
        (600, 500),
        (1100, 100),
    ]


def test_steps_from_json():
    rows = [
        {"say": "Hi"}, {"over": "No", "after_ms": 9}, {"digits": "1w#"}, {"audio": "a.wav"}, {"wait_ms": 5},
        {"hang_up_at_ms": 7}, {"hang_up": True}, {"listen": True},
    ]  # fmt: skip
    assert parse_steps(rows) == [
        Say("Hi"), Over("No", 9), Digits("1w#"), Audio("a.wav"), Wait(5), HangUp(7), HangUp(), Listen(),
    ]  # fmt: skip


def test_seconds_are_fine_too():
    assert parse_steps([{"wait_s": 0.5}, {"wait_s": 2}]) == [Wait(500), Wait(2000)]


@pytest.mark.parametrize(
    "row", [{}, "say", {"wait_s": -1}, {"say": 1}, {"digits": "x"}, {"wait_ms": -1}, {"wait_ms": True}]
)
def test_rows_that_are_no_step(row):
    with pytest.raises(ValueError):
        parse_steps([row])


async def test_a_recording_as_the_callers_voice(tmp_path):
    path = tmp_path / "question.ulaw"
    path.write_bytes(VOICE)
    steps = [Audio(str(path)), Audio(b"\xff"), Wait(1)]

    class NoVoice:
        async def speak(self, text):
            raise AssertionError(text)

    assert [clip.sound for clip in await prepare(steps, NoVoice())] == [VOICE, b"\xff", b""]


def test_noise_and_echo():
    noisy = PhoneLine(parse_profile("noise"))
    assert noisy.carry(SILENT_FRAME, SILENT_FRAME) != SILENT_FRAME
    echoing = PhoneLine(parse_profile(["echo"]))
    heard = [echoing.carry(SILENT_FRAME, VOICE if index == 0 else SILENT_FRAME) for index in range(9)]
    assert [index for index, frame in enumerate(heard) if is_audible(frame)] == [6]
    with pytest.raises(ValueError):
        parse_profile("noise,fog")


def test_bunches_keep_the_order_and_lose_nothing():
    bunches, sent = Bunches(frozenset({"jitter"})), []
    sizes = []
    for index in range(200):
        sent += bunches.take([str(index)])
        sizes.append(len(out := bunches.tick()))
        sent += out
    assert sent + bunches.flush() == [str(index) for index in range(200)]
    assert 0 in sizes
    assert max(sizes) > 2
