"""The same answers on SQLite and on PostgreSQL: the suite runs on both."""

import pytest

from calls.models import Call, Turn
from calls.search import search_calls
from calls.services.finish import index_transcript
from calls.tests.cast import make_call

SAID = {
    "order": "I'd like to RE-ORDER two well-known books, number A-17, for 1.500 euros.",
    "german": "Grüße aus Zürich, die Straße ist gesperrt",
    "mail": "Write to mia@example.com or visit example.com/help_desk",
    "quote": 'She said "never" OR ELSE NEAR nothing*',
}


@pytest.fixture
def calls(cast) -> dict[str, Call]:
    made = {}
    for name, text in SAID.items():
        made[name] = make_call(
            cast.organisation, from_number="+15550001111", to_number="+4144668" + str(len(made)) * 4
        )
        Turn.objects.create(
            organisation=cast.organisation, call=made[name], index=0, turn_id="t", role="user", text=text
        )
        index_transcript(made[name])
    return made


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("books", {"order"}),
        ("BOOKS two", {"order"}),
        ("re-order", {"order"}),
        ("order re", {"order"}),
        ("reorder", set()),
        ("known", {"order"}),
        ("a-17", {"order"}),
        ("1.500", {"order"}),
        ("books grüße", set()),
        ("GRÜSSE", {"german"}),
        ("grusse", set()),
        ("grüße", {"german"}),
        ("strasse", {"german"}),
        ("zurich", set()),
        ("mia@example.com", {"mail"}),
        ("help desk", {"mail"}),
        ("example", {"mail"}),
        ('"never"', {"quote"}),
        ("or else", {"quote"}),
        ("near nothing*", {"quote"}),
        ("noth*", set()),
        ("the", set()),
        ("ist", {"german"}),
        ("+1 555 000-1111", set(SAID)),
        ("0001111", set(SAID)),
        ("+4144668" + "1111", {"german"}),
        ("17", {"order"}),
    ],
)
def test_a_question_finds(cast, calls, question, found):
    rows = set(search_calls(Call.objects.of(cast.organisation), question).values_list("pk", flat=True))
    assert {name for name, call in calls.items() if call.pk in rows} == found


def test_an_id_finds_its_call(cast, calls):
    rows = search_calls(Call.objects.of(cast.organisation), calls["mail"].pk)
    assert [row.pk for row in rows] == [calls["mail"].pk]


@pytest.mark.parametrize("question", ["", "   ", "...", "\"'*:()"])
def test_a_question_without_words_finds_all(cast, calls, question):
    assert search_calls(Call.objects.of(cast.organisation), question).count() == len(SAID)


def test_cleo_finds_nothing(cast, calls):
    assert not search_calls(Call.objects.of(cast.other), "books").exists()


def test_what_was_deleted_is_not_found(cast, calls):
    calls["order"].delete()
    assert not search_calls(Call.objects.of(cast.organisation), "books").exists()


def test_what_was_said_later_is_found_too(cast, calls):
    Turn.objects.create(
        organisation=cast.organisation,
        call=calls["mail"],
        index=1,
        turn_id="t2",
        role="assistant",
        text="Peacock",
    )
    index_transcript(calls["mail"])
    assert [row.pk for row in search_calls(Call.objects.of(cast.organisation), "peacock")] == [
        calls["mail"].pk
    ]
