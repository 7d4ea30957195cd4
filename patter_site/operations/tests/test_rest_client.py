"""The SDK's REST client against our OpenAPI schema: each address has a method, each method its types."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from patter.cloud.resources import Resource

REF = "#/components/schemas/"
TYPE = re.compile(r"rows\.(\w+)")
ARGUMENTS: dict[str, Any] = {"id": "ID", "version": 1, "fields": {}, "tools": [], "text": "", "digits": ""}
RESOURCES: list[type[Resource[Any]]] = Resource.__subclasses__()


class Recorder:
    """Stands in for the platform, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def request(self, method: str, path: str, **_: Any) -> Any:
        self.asked.append((method.lower(), f"/api/v1/{path}"))
        return {"results": [], "next": None, "turns": []}


def methods(kind: type[Resource[Any]]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            yield name, method


def asked_by(kind: type[Resource[Any]], name: str) -> tuple[str, str]:
    recorder = Recorder()
    method = getattr(kind(recorder), name)
    needed = [one.name for one in inspect.signature(method).parameters.values() if one.default is one.empty]
    answer = method(**{name: ARGUMENTS[name] for name in needed if name in ARGUMENTS and name != "filters"})

    async def run() -> None:
        if inspect.isasyncgen(answer):
            async for _ in answer:
                pass
        else:
            await answer

    asyncio.run(run())
    return recorder.asked[0]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(SchemaGenerator(api_version=None).get_schema(request=None, public=True))


def operation_of(schema: dict[str, Any], method: str, address: str) -> tuple[str, dict[str, Any]]:
    for path, operations in schema["paths"].items():
        # A name that is a word of the address, such as `register`, is no id.
        if method in operations and re.fullmatch(re.sub(r"\{\w+\}", "(ID|1)", path), address):
            return path, operations[method]
    raise AssertionError(f"the platform has no {method} {address}")


def names_in(schema: dict[str, Any], node: Any, depth: int = 2) -> set[str]:
    """The schemas that stand in this one, and one level further down: a page's rows, a transcript's turns."""
    found = set(re.findall(rf"{REF}(\w+)", str(node)))
    deeper = found if depth else ()
    return found.union(
        *(names_in(schema, schema["components"]["schemas"][name], depth - 1) for name in deeper)
    )


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.__name__)
def test_every_method_is_an_operation_with_these_types(kind, schema):
    row = TYPE.findall(str(kind.__orig_bases__[0].__args__[0]))
    for name, method in methods(kind):
        _, operation = operation_of(schema, *asked_by(kind, name))
        hints = method.__annotations__
        returned = TYPE.findall(str(hints["return"])) or (row if "Row" in str(hints["return"]) else [])
        for one in returned:
            assert one in names_in(schema, operation["responses"]), f"{name} gives {one}"
        if taken := TYPE.findall(str(hints.get("fields", ""))):
            body = names_in(schema, operation["requestBody"], 0)
            assert {one.removeprefix("Patched") for one in taken} == {
                one.removeprefix("Patched") for one in body
            }


def test_every_operation_of_these_resources_has_a_method(schema):
    reached = {
        (method, operation_of(schema, method, address)[0])
        for kind in RESOURCES
        for method, address in (asked_by(kind, name) for name, _ in methods(kind))
    }
    ours = {kind.path for kind in RESOURCES}
    there = {
        (method, path)
        for path, operations in schema["paths"].items()
        for method in operations.keys() & {"get", "post", "patch", "delete"}
        if path.removeprefix("/api/v1/").split("/")[0] in ours
    }
    assert there - reached == set()
