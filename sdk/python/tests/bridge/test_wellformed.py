"""Whatever a model or a handler gives, a voice, a socket and a database take it."""

from hypothesis import given
from hypothesis import strategies as st

from patter.bridge.commands import TtsSay
from patter.bridge.memory import Memory
from patter.bridge.wellformed import Pieces, wellformed
from patter.testing.scene import Scene

anything = st.text(st.characters(categories=("L", "Cc", "Cs", "Zs", "So")))


@given(st.lists(anything))
def test_pieces_can_be_encoded_and_stored_and_nothing_else_is_lost(texts: list[str]) -> None:
    pieces = Pieces()
    whole = "".join(pieces.push(text) for text in texts)
    whole.encode()
    assert "\x00" not in whole
    kept = "".join(c for c in "".join(texts) if c in "\t\n\r" or (c >= " " and c != "\x7f"))
    assert whole == kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def test_an_emoji_in_two_pieces_is_one() -> None:
    pieces = Pieces()
    assert [pieces.push(piece) for piece in ("Hi \ud83d", "\ude00 you", "")] == ["Hi ", "\U0001f600 you", ""]
    assert wellformed("a\ud83db") == "ab"


def test_what_a_handler_gives_is_spoken_and_written_down_without_it() -> None:
    call = Scene().open()
    call.says("hello there")
    call.handler_says("He\x00llo\x07 the\ud83dre.\nBye.")
    call.pass_ms(3000)
    assert [say.text for say in call.all(TtsSay)] == ["Hello there.", "Bye."]
    assert call.turns[-1] == ("assistant", "Hello there.\nBye.")


def test_what_a_recogniser_gives_too() -> None:
    memory = Memory()
    memory.add("t1", "user", "a\x00b", 0, 1)
    assert memory.turns[0].text == "ab"
