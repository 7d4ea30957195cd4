"""What tools did in calls, over REST."""

from __future__ import annotations

from typing import Any

import pytest

from calls.models import Call, ToolInvocation
from calls.services.invocations import begin_invocation, record_try
from calls.tests.cast import make_call
from patter.bridge.commands import ToolRun
from patter.tools.retry import Failure
from patter.tools.spec import ToolContext, ToolSpec
from patter.tools.webhook import Try
from patter_site.testing import Cast, api
from tools.models import Tool


@pytest.fixture
def call(cast: Cast) -> Call:
    return make_call(cast.organisation)


@pytest.fixture
def tool(cast: Cast) -> Tool:
    return Tool.objects.create(organisation=cast.organisation, name="book", url="https://a.example/")


def run(call: Call, tool: Tool, run_id: str, *tries: Try) -> ToolInvocation:
    spec = ToolSpec("book", url="https://a.example/", headers={"X-Key": "secret"}, tool_id=tool.pk)
    command = ToolRun(run_id, "book", {"a": 1})
    taken = begin_invocation(call.organisation_id, ToolContext(call.pk), spec, command)
    for one in tries:
        record_try(taken, one)
    return taken.invocation


def test_runs_of_a_tool_and_of_a_call_with_their_tries(cast, call, tool):
    first = run(call, tool, "r1", Try(None, {"table": 7}, 200, 31, '{"table": 7}'))
    gone = Failure("status", "The server answered 404.", 404)
    second = run(call, tool, "r2", Try(gone, None, 404, 9, "no"))
    for path in (f"/api/v1/tools/{tool.pk}/invocations", f"/api/v1/calls/{call.pk}/tool-invocations"):
        rows: list[dict[str, Any]] = api(cast.key).get(path).json()["results"]
        assert [row["id"] for row in rows] == [second.pk, first.pk]
        assert [row["outcome"] for row in rows] == ["failed", "ok"]
        assert rows[1]["tries"][0]["took_ms"] == 31
        assert rows[1]["arguments"] == {"a": 1}
        assert rows[0]["error"] == "The server answered 404."
        assert rows[0]["tries"][0]["response"] == "no"
        assert rows[0]["request"]["headers"] == {"X-Key": "••••"}
        assert api(cast.other_key).get(path).status_code == 404


def test_they_go_with_their_call_and_stay_without_their_tool(cast, call, tool):
    run(call, tool, "r1", Try(None, 1, 200))
    tool.delete()
    row = ToolInvocation.objects.of(cast.organisation).get()
    assert (row.tool_id, row.name) == (None, "book")
    call.delete()
    assert not ToolInvocation.objects.of(cast.organisation).exists()
