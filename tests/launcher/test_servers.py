import os
import subprocess
import sys

SAY = "import os; print(os.environ['PATTER_TEST_DATABASE_URL'], os.environ['PATTER_TEST_REDIS_URL'])"
ASK = """
import os, psycopg, redis
with psycopg.connect(os.environ["PATTER_TEST_DATABASE_URL"]) as connection:
    print(connection.execute("select upper('é') || current_setting('server_version_num')").fetchone()[0])
print(redis.Redis.from_url(os.environ["PATTER_TEST_REDIS_URL"]).ping())
"""


def servers(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "tests.servers", *command]
    return subprocess.run(run, capture_output=True, text=True, env={**os.environ, **environment})


def test_both_servers_answer_a_command() -> None:
    answered = servers(sys.executable, "-c", ASK)

    assert answered.returncode == 0, answered.stderr
    database, redis = answered.stdout.split()
    assert database.startswith("É18")
    assert redis == "True"


def test_servers_that_are_named_are_used() -> None:
    named = {"PATTER_TEST_DATABASE_URL": "postgresql://theirs/a", "PATTER_TEST_REDIS_URL": "redis://theirs/0"}

    assert servers(sys.executable, "-c", SAY, **named).stdout.split() == list(named.values())


def test_the_commands_exit_status_is_kept() -> None:
    named = {"PATTER_TEST_DATABASE_URL": "postgresql://theirs/a", "PATTER_TEST_REDIS_URL": "redis://theirs/0"}

    assert servers(sys.executable, "-c", "raise SystemExit(3)", **named).returncode == 3
