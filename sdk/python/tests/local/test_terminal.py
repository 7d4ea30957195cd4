"""Lines that are typed at a real terminal, and the Ctrl-C that ends the waiting for one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from patter.local.terminal import typed_line

from .keyboard import END, Keyboard, keyboard


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("hello\n", "hello"),
        ("\n", ""),
        ("caf\u00e9 \N{GRINNING FACE}\n", "caf\u00e9 \N{GRINNING FACE}"),
        (b"\xff\n", "\ufffd"),
        (b"half" + END + END, "half"),
    ],
)
async def test_a_line_is_what_was_typed(monkeypatch, typed, line):
    with keyboard(monkeypatch) as hands:
        hands.type(typed)
        assert await typed_line("> ") == line


async def test_lines_come_one_by_one_and_then_the_end(monkeypatch, capsys):
    with keyboard(monkeypatch) as hands:
        hands.type("one\ntwo\n")
        assert [await typed_line("> "), await typed_line("> ")] == ["one", "two"]
        hands.type(END)
        with pytest.raises(EOFError):
            await typed_line("> ")
    assert capsys.readouterr().out == "> > > "


async def test_whoever_gave_up_waiting_takes_no_line_from_the_next(monkeypatch):
    with keyboard(monkeypatch) as hands:
        waiting = asyncio.create_task(typed_line("> "))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        hands.type("mine\n")
        assert await typed_line("> ") == "mine"


SCRIPT = """
import asyncio
from patter import Patter

async def main():
    phone = Patter(mode="local")
    await phone.test(phone.agent(first_message="Hello!"), on_message=lambda message: None)

asyncio.run(main())
"""


async def test_ctrl_c_hangs_up_and_the_program_ends(unset):
    hands = Keyboard()
    try:
        script = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SCRIPT,
            stdin=hands.terminal,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        await asyncio.wait_for(script.stdout.readuntil(b"You:   "), 30)
        script.send_signal(signal.SIGINT)
        rest, errors = await asyncio.wait_for(script.communicate(), 30)
    finally:
        hands.close()
    assert (rest, errors, script.returncode) == (b"\nThe call is over: caller_hung_up.\n", b"", 0)
