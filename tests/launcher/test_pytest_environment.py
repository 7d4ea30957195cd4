from pathlib import Path

from devtools.pytest_environment import prepare


def test_a_developers_own_variables_do_not_reach_the_tests() -> None:
    environment = {
        "PATTER_DEBUG": "1",
        "PATTER_API_KEY": "pt_x",
        "HOME": "/home/ada",
        "PATTER_CHROME": "/chrome",
    }
    prepare(environment, Path("/scratch"), "")

    assert "PATTER_DEBUG" not in environment
    assert "PATTER_API_KEY" not in environment
    assert environment["HOME"] == "/home/ada"
    assert environment["PATTER_CHROME"] == "/chrome"


def test_without_a_server_the_database_is_a_file_in_the_scratch_folder() -> None:
    environment: dict[str, str] = {}
    prepare(environment, Path("/scratch"), "")

    assert environment["PATTER_DATABASE_URL"] == "sqlite:////scratch/patter.sqlite3"
    assert "PATTER_REDIS_URL" not in environment


def test_with_servers_each_worker_has_a_redis_database_of_its_own() -> None:
    environment = {
        "PATTER_TEST_DATABASE_URL": "postgresql://postgres@127.0.0.1:5555/patter",
        "PATTER_TEST_REDIS_URL": "redis://127.0.0.1:6666/0",
    }
    prepare(environment, Path("/scratch"), "gw1")

    assert environment["PATTER_DATABASE_URL"] == "postgresql://postgres@127.0.0.1:5555/patter"
    assert environment["PATTER_REDIS_URL"] == "redis://127.0.0.1:6666/1"
