"""Audio of phrases: read once, shared by all calls, and bounded."""

import pytest

from agents.phrase_audio import PhraseAudio


class Storage:
    def __init__(self) -> None:
        self.files = {name: name.encode() * 10 for name in ("a", "b", "c")}
        self.read: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.read.append(path)
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]


def test_calls_share_what_was_read_once():
    storage = Storage()
    audio = PhraseAudio(storage)
    assert audio.get("a") is audio.get("a") == b"a" * 10
    assert storage.read == ["a"]


def test_what_was_not_asked_for_longest_is_dropped_first():
    storage = Storage()
    audio = PhraseAudio(storage, most_bytes=20)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert audio.get(name) == storage.files[name]
    assert storage.read == ["a", "b", "c", "b"]


def test_a_file_that_is_gone_is_an_error_and_not_remembered():
    storage = Storage()
    audio = PhraseAudio(storage)
    with pytest.raises(OSError):
        audio.get("gone")
    storage.files["gone"] = b"back"
    assert audio.get("gone") == b"back"


def test_one_that_is_larger_than_the_shelf_is_given_all_the_same():
    audio = PhraseAudio(Storage(), most_bytes=5)
    assert audio.get("a") == b"a" * 10
