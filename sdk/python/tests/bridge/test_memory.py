"""What both sides said, as it was heard."""

from __future__ import annotations

from patter.bridge.memory import MOST_CHARACTERS, Memory


def test_turns_are_told_once_and_in_order() -> None:
    memory = Memory()
    memory.add("t1", "user", "hello", 0, 500)
    memory.add("t1", "assistant", "Hi.", 700, 900)
    assert [(turn.index, turn.role) for turn in memory.take_settled()] == [(0, "user"), (1, "assistant")]
    assert memory.take_settled() == []
    memory.add("t2", "user", "bye", 1000, 1100)
    assert [turn.index for turn in memory.take_settled()] == [2]


def test_a_turn_that_goes_on_is_one_turn_under_a_new_id() -> None:
    memory = Memory()
    turn = memory.add("t1", "user", "a table", 0, 500)
    assert memory.open_caller_turn() is turn
    memory.merge(turn, "t2", "for two", 900)
    assert memory.history() == [{"role": "user", "text": "a table for two"}]
    (settled,) = memory.take_settled()
    assert (settled.turn_id, settled.started_ms, settled.ended_ms) == ("t2", 0, 900)
    assert memory.open_caller_turn() is None


def test_only_the_callers_last_turn_is_open() -> None:
    memory = Memory()
    assert memory.open_caller_turn() is None
    memory.add("t1", "user", "hello", 0, 1)
    memory.add("t1", "assistant", "Hi.", 2, 3)
    assert memory.open_caller_turn() is None


def test_history_has_heard_text_of_the_two_sides_only() -> None:
    memory = Memory()
    memory.add("t1", "user", "hello", 0, 1)
    memory.add("t1", "tool", "{}", 1, 1)
    memory.add("t1", "assistant", "", 1, 1, full_text="Hi there.")
    memory.add(
        "t1", "assistant", "Hi", 2, 3, full_text="Hi there.", interrupted=True, latency={"total_ms": 9}
    )
    assert memory.history() == [{"role": "user", "text": "hello"}, {"role": "assistant", "text": "Hi"}]
    assert memory.transcript()[3] == {
        "turn_id": "t1",
        "role": "assistant",
        "text": "Hi",
        "full_text": "Hi there.",
        "started_ms": 2,
        "ended_ms": 3,
        "interrupted": True,
        "latency": {"total_ms": 9},
    }
    assert "full_text" not in memory.transcript()[0]


def test_a_turn_without_an_end_is_kept_up_to_a_length_that_everybody_can_carry() -> None:
    memory = Memory()
    turn = memory.add("t1", "user", "a" * 10**6, 0, 1)
    memory.merge(turn, "t2", "b" * 10**6 + "\x00", 2)
    memory.add("t2", "assistant", "c" * 10**6, 3, 4, full_text="d" * 10**6)
    assert [len(row["text"]) for row in memory.history()] == [MOST_CHARACTERS] * 2
    assert len(memory.turns[1].full_text or "") == MOST_CHARACTERS


def test_what_goes_on_with_a_turn_is_fit_for_a_database_too() -> None:
    memory = Memory()
    turn = memory.add("t1", "user", "a\x00", 0, 1)
    assert memory.merge(turn, "t2", "\x07b\ud83d", 2).text == "a b"
