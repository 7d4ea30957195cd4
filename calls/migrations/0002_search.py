"""The index of what was said: GIN on PostgreSQL, an FTS5 table kept by triggers on SQLite."""

from django.db import migrations

POSTGRESQL = [
    "CREATE INDEX calls_transcript_words ON calls_transcript USING gin (to_tsvector('simple', words))",
]
POSTGRESQL_BACK = ["DROP INDEX calls_transcript_words"]

SQLITE = [
    "CREATE VIRTUAL TABLE calls_transcript_fts USING fts5("
    "call_id UNINDEXED, words, tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE TRIGGER calls_transcript_fts_insert AFTER INSERT ON calls_transcript BEGIN"
    " INSERT INTO calls_transcript_fts(call_id, words) VALUES (new.call_id, new.words); END",
    "CREATE TRIGGER calls_transcript_fts_update AFTER UPDATE ON calls_transcript BEGIN"
    " DELETE FROM calls_transcript_fts WHERE call_id = old.call_id;"
    " INSERT INTO calls_transcript_fts(call_id, words) VALUES (new.call_id, new.words); END",
    "CREATE TRIGGER calls_transcript_fts_delete AFTER DELETE ON calls_transcript BEGIN"
    " DELETE FROM calls_transcript_fts WHERE call_id = old.call_id; END",
    "INSERT INTO calls_transcript_fts(call_id, words) SELECT call_id, words FROM calls_transcript",
]
SQLITE_BACK = [
    "DROP TRIGGER calls_transcript_fts_insert",
    "DROP TRIGGER calls_transcript_fts_update",
    "DROP TRIGGER calls_transcript_fts_delete",
    "DROP TABLE calls_transcript_fts",
]


def build(apps, schema_editor):
    run(schema_editor, POSTGRESQL, SQLITE)


def take_down(apps, schema_editor):
    run(schema_editor, POSTGRESQL_BACK, SQLITE_BACK)


def run(schema_editor, postgresql, sqlite):
    for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial")]
    operations = [migrations.RunPython(build, take_down)]
