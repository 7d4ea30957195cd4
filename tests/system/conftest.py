"""Whole calls between real processes. Nothing here reads the platform's code, only its interfaces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

pytest.register_assert_rewrite(
    "tests.system.checks",
    "tests.system.doors",
    "tests.system.matrix",
    "tests.system.platform",
    "tests.system.tenant",
)

from tests.servers import postgres, redis  # noqa: E402
from tests.system.world import Servers  # noqa: E402


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The servers that ``./dev test`` started, else our own."""
    with ExitStack() as own:
        database = os.environ.get("PATTER_TEST_DATABASE_URL") or own.enter_context(postgres())
        redis_url = os.environ.get("PATTER_TEST_REDIS_URL") or own.enter_context(redis())
        yield Servers(database, redis_url)
