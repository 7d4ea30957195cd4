"""Finding calls by what was said, by number or by id: one way in, the same results on both databases.

Parsers of full-text engines differ in what a word is (hyphens, addresses, decimals), so the words are
made here, from the transcript and from the question alike, and the engines only look them up:
PostgreSQL in a GIN index of ``tsvector('simple')``, SQLite in an FTS5 table that triggers keep.
"""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from calls.models import Call

_WORD = re.compile(r"[^\W_]+")
MIN_DIGITS = 3


def words_of(text: str) -> list[str]:
    """The words of a text as they are indexed: case folded, punctuation gone."""
    return _WORD.findall(text.casefold())


def indexed(text: str) -> str:
    """What ``Transcript.words`` holds for a text."""
    return " ".join(words_of(text))


def search_calls(calls: QuerySet[Call], question: str) -> QuerySet[Call]:
    """The calls whose transcript has all the words, whose number has the digits, or whose id it is."""
    question = question.strip()[:200]
    words = words_of(question)
    if not words:
        return calls
    matches = Q(pk=question) | Q(carrier_call_id=question) | Q(pk__in=_spoken(words))
    digits = re.sub(r"[\s().+/-]", "", question)
    if digits.isascii() and digits.isdigit() and len(digits) >= MIN_DIGITS:
        matches |= Q(from_number__contains=digits) | Q(to_number__contains=digits)
    return calls.filter(matches)


def _spoken(words: list[str]) -> RawSQL:
    if connection.vendor == "postgresql":
        return RawSQL(
            "SELECT call_id FROM calls_transcript"
            " WHERE to_tsvector('simple', words) @@ plainto_tsquery('simple', %s)",
            [" ".join(words)],
        )
    return RawSQL(
        "SELECT call_id FROM calls_transcript_fts WHERE calls_transcript_fts MATCH %s",
        [" AND ".join(f'"{word}"' for word in words)],
    )
