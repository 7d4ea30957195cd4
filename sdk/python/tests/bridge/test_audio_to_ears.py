"""What reaches the recogniser: everything, in order; at once where it matters, in larger pieces where not."""

from patter.bridge.commands import SttAudio
from patter.bridge.events import SttFailed, SttHeard, SttOpened
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.stt_line import SttLine
from patter.testing.scene import VOICE, Scene


def sizes(commands) -> list[int]:
    return [len(command.payload) for command in commands if isinstance(command, SttAudio)]


def scene() -> Scene:
    call = Scene(reply_by="handler", turn_taking=TurnTaking(idle_prompt_s=60))
    call.open()
    call.pass_ms(1000)  # the line's own noise is known
    return call


def test_silence_that_nobody_waits_for_leaves_100_ms_at_a_time() -> None:
    call = scene()
    before = len(call.commands)
    call.pass_ms(1200)
    sent = sizes(call.commands[before:])
    assert set(sent) == {800} and 1200 - 100 <= sum(sent) // 8 <= 1200 + 100


def test_voice_and_the_wait_for_its_words_leave_at_once() -> None:
    call = scene()
    before = len(call.commands)
    call.pass_ms(200, VOICE)
    first, *rest = sizes(call.commands[before:])
    assert first in range(160, 801, 160) and set(rest) == {160}  # what was kept back goes with the first
    before = len(call.commands)
    call.pass_ms(400)
    assert sizes(call.commands[before:]) == [160] * 20
    call.feed(SttHeard("stt1", "tell me", True, True))
    before = len(call.commands)
    call.pass_ms(400)
    assert set(sizes(call.commands[before:])) <= {160, 800}


def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    frames = [bytes([number]) * 160 for number in range(100)]
    line = SttLine()
    line.open(0.0)
    out = [*line.audio(frames[0], quiet=True), *line.opened(SttOpened("stt1"), 0.1)]
    for number, frame in enumerate(frames[1:], 1):
        out += line.audio(frame, quiet=number % 7 != 0)
    out += line.flush()
    assert b"".join(command.payload for command in out) == b"".join(frames)
    assert line.flush() == []


def test_what_was_kept_back_goes_to_the_next_recogniser_once() -> None:
    line = SttLine()
    line.open(0.0)
    line.opened(SttOpened("stt1"), 0.1)
    assert line.audio(b"a" * 160, quiet=True) == []
    line.failed(SttFailed("stt1", "gone"), 0.2)
    line.open(0.5)
    assert line.audio(b"b" * 160, quiet=True) == []
    sent = line.opened(SttOpened("stt2"), 0.6)
    assert b"".join(command.payload for command in sent) == b"a" * 160 + b"b" * 160
    assert line.flush() == []


def test_a_carrier_that_falls_silent_leaves_nothing_behind() -> None:
    call = scene()
    before = len(call.commands)
    call.pass_ms(40)
    call.now += 0.5
    call.tick()
    assert sum(sizes(call.commands[before:])) >= 320
