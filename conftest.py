"""What every suite shares. The environment itself is set earlier, in devtools/pytest_environment.py."""

import inspect
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples on every run: a red build must be red again when somebody looks.
settings.register_profile("patter", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("patter")

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_async(item) and _uses_database(item):
            _give_real_transactions(item)


def _is_async(item: pytest.Item) -> bool:
    function = getattr(item, "function", None)
    # Hypothesis wraps the coroutine function in a plain one.
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    return inspect.iscoroutinefunction(inner)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


def _give_real_transactions(item: pytest.Item) -> None:
    # The ORM of an async test runs in another thread, on another connection, outside the transaction of
    # the test: SQLite answers "database table is locked", PostgreSQL leaks rows into the next tests.
    marker = item.get_closest_marker("django_db")
    options = {**(marker.kwargs if marker else {}), "transaction": True}
    # In front, where pytest-django looks first.
    item.add_marker(pytest.mark.django_db(*(marker.args if marker else ()), **options), append=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix(request: pytest.FixtureRequest) -> None:
    """Name the tests' databases; on SQLite it is a file: shared memory locks whole tables between threads."""
    from django.db import connections

    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    for alias, database in connections.settings.items():
        _name_test_database(alias, database, worker)


def _name_test_database(alias: str, database: dict[str, Any], worker: str) -> None:
    test = database.setdefault("TEST", {})
    if database["ENGINE"].endswith("sqlite3"):
        test["NAME"] = str(Path(os.environ["PATTER_TEST_SCRATCH"]) / f"test-{alias}.sqlite3")
    else:
        name = test.get("NAME") or f"test_{database['NAME']}"
        test["NAME"] = f"{name}_{worker}" if worker else name
