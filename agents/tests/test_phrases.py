"""What the system says, spoken beforehand: at publish, by a task, or asked for by the first call."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from agents import phrases, tasks
from agents.models import VersionPhrases
from agents.phrases import stored_phrases, want_phrases
from agents.services import change_draft, create_agent, publish_agent
from patter.bridge.events import TtsAudio, TtsDone, TtsFailed
from patter.bridge.plan import Phrases
from patter.engines.phrasebook import PhrasebookTts, chunks_of_phrases, spoken_chunks

OFFLINE = {"stt": {"provider": "offline"}, "tts": {"provider": "offline"}}
SHORT = {"apology": "Sorry, that is all for now. Bye.", "retry": "What?", "idle": "Hello?", "goodbye": "Bye."}
DUE = VersionPhrases.State.DUE


class Voice:
    """Says everything but what it was told not to."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.broken: set[str] = set()
        self.error: Exception | None = None

    async def say(self, say_id: str, text: str, emit) -> None:
        self.said.append(text)
        if self.error:
            raise self.error
        if text in self.broken:
            emit(TtsFailed(say_id, "busy"))
            return
        emit(TtsAudio(say_id, b"\x11" * 80))
        emit(TtsAudio(say_id, text.encode()))
        emit(TtsDone(say_id))

    async def close(self) -> None:
        pass


@pytest.fixture
def voice(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    voice = Voice()
    monkeypatch.setattr(phrases, "open_tts", lambda spec: voice)
    return voice


@pytest.fixture
def agent(cast, voice):
    return create_agent(organisation=cast.organisation, config={"name": "A", **OFFLINE, "phrases": SHORT})


def the_row(agent, number=1) -> VersionPhrases:
    return VersionPhrases.objects.of(agent.organisation_id).get(version__number=number, version__agent=agent)


def test_the_chunks_are_those_that_a_reply_is_spoken_in():
    assert spoken_chunks(SHORT["apology"]) == ["Sorry, that is all for now.", "Bye."]
    assert spoken_chunks("**Now** 🙂") == ["Now"] and spoken_chunks("") == []
    assert chunks_of_phrases(Phrases(**SHORT)) == ["Sorry, that is all for now.", "Bye.", "What?", "Hello?"]


def test_publishing_leaves_a_row_and_the_task_speaks_it_once(agent, voice):
    row = the_row(agent)
    assert row.state == DUE and stored_phrases(agent, 1) == {}
    tasks.store_version_phrases(row.pk)
    tasks.store_version_phrases(row.pk)
    assert voice.said == ["Sorry, that is all for now.", "Bye.", "What?", "Hello?"]
    row.refresh_from_db()
    assert row.state == VersionPhrases.State.DONE
    found = stored_phrases(agent, 1)
    assert found["What?"] == b"\x11" * 80 + b"What?" and len(found) == 4
    path = f"phrases/{agent.organisation_id}/{agent.pk}/1/"
    assert all(name.startswith(path) and name.endswith(".ulaw") for name in row.files.values())


def test_a_voice_that_fails_costs_publishing_nothing_and_is_tried_again(agent, voice):
    voice.broken = {"What?"}
    row = the_row(agent)
    tasks.store_version_phrases(row.pk)
    row.refresh_from_db()
    assert (row.state, row.tries, set(row.files)) == (DUE, 1, {"Sorry, that is all for now.", "Bye."})
    voice.broken, voice.said = set(), []
    VersionPhrases.objects.of(agent.organisation_id).update(due_at="2020-01-01T00:00:00Z")
    tasks.store_version_phrases(row.pk)
    assert voice.said == ["What?", "Hello?"]
    assert len(stored_phrases(agent, 1)) == 4


def test_after_some_tries_it_is_left_and_the_next_call_asks_again(agent, voice):
    voice.error = RuntimeError("broken")
    row = the_row(agent)
    for _ in range(phrases.MOST_TRIES):
        VersionPhrases.objects.of(agent.organisation_id).update(due_at="2020-01-01T00:00:00Z", state=DUE)
        tasks.store_version_phrases(row.pk)
    row.refresh_from_db()
    assert row.state == VersionPhrases.State.FAILED
    assert stored_phrases(agent, 1) == {}
    row.refresh_from_db()
    assert row.state == DUE


def test_an_agent_without_a_voice_can_be_published(cast, voice):
    agent = create_agent(organisation=cast.organisation, config={"name": "A"})
    tasks.store_version_phrases(the_row(agent).pk)
    row = the_row(agent)
    assert row.state == DUE and "voice" in row.last_error or "speech" in row.last_error


def test_a_version_from_before_is_asked_for_by_its_first_call(agent):
    the_row(agent).delete()
    assert stored_phrases(agent, 1) == {}
    assert the_row(agent).state == DUE
    want_phrases(the_row(agent).version)
    assert stored_phrases(agent, 7) == {}


def test_each_version_has_its_own(agent, voice):
    tasks.store_version_phrases(the_row(agent).pk)
    change_draft(agent=agent, changes={"phrases": {**SHORT, "idle": "Still there?"}})
    agent = publish_agent(agent=agent)
    tasks.store_version_phrases(the_row(agent, 2).pk)
    assert "Still there?" in stored_phrases(agent, 2) and "Hello?" in stored_phrases(agent, 1)


def test_files_that_are_gone_are_spoken_live(agent):
    tasks.store_version_phrases(the_row(agent).pk)
    default_storage.delete(the_row(agent).files["What?"])
    assert set(stored_phrases(agent, 1)) == {"Sorry, that is all for now.", "Bye.", "Hello?"}


def test_a_storage_that_fails_is_no_reason_to_refuse_a_call(agent, monkeypatch):
    def refuse(*_args):
        raise RuntimeError("storage is away")

    monkeypatch.setattr(phrases, "version_of", refuse)
    assert stored_phrases(agent, 1) == {}


def test_the_sweep_finds_what_nobody_was_told_of(agent):
    assert tasks.store_due_phrases() == 1
    tasks.store_version_phrases(the_row(agent).pk)
    assert tasks.store_due_phrases() == 0


async def test_stored_phrases_are_answered_from_memory_and_the_rest_by_the_voice():
    voice, events = Voice(), []
    book = PhrasebookTts(voice, {"Bye.": b"\x22" * 20_000})
    await book.say("s1", "Bye.", events.append)
    assert b"".join(event.payload for event in events[:-1]) == b"\x22" * 20_000
    assert events[-1] == TtsDone("s1") and voice.said == []
    await book.say("s2", "Hello.", events.append)
    assert voice.said == ["Hello."] and events[-1] == TtsDone("s2")
    await book.close()
