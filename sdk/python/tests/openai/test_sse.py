"""Server-sent events, wherever a stream is cut and however its lines end."""

from hypothesis import given
from hypothesis import strategies as st

from patter.engines.llm.openai.sse import SseReader

STREAM = (
    '\ufeff: hello\n\ndata: {"a":1}\n\nevent: x\nid: 3\ndata:one\ndata: two\n\n'
    "data\n\ndata:  \n\ndata: é\u2028 \n\n"
)
EVENTS = ['{"a":1}', "one\ntwo", "é\u2028 "]


def read(raw: bytes, cuts: list[int]) -> list[str]:
    reader = SseReader()
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    pieces = [raw[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    return [event for piece in pieces for event in reader.feed(piece)] + reader.flush()


@given(st.lists(st.integers(0, 200), max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_are_the_same_wherever_the_bytes_are_cut(cuts: list[int], end: str) -> None:
    assert read(STREAM.replace("\n", end).encode(), cuts) == EVENTS


def test_every_byte_for_itself() -> None:
    raw = STREAM.replace("\n", "\r\n").encode()
    assert read(raw, list(range(len(raw)))) == EVENTS


def test_an_event_whose_end_is_missing_counts_once() -> None:
    assert read(b"data: a\n\ndata: b", []) == ["a", "b"]
    assert read(b"data: a\r", [8]) == ["a"]
