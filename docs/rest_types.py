"""The REST interface's objects as types for users of the Python SDK: `patter/rows.py`, from OpenAPI.

What `PATHS` reach is written, each schema under its own name. Answers may hold fields that an older SDK does
not know: a ``TypedDict`` lets them pass.
"""

from __future__ import annotations

import inspect
import keyword
import subprocess
import sys
import textwrap
from collections.abc import Container, Iterator, Mapping
from typing import Any

from patter_site.common.serializers import StrictSerializer

PATHS = ("agents", "numbers", "calls", "tools", "mcp-sources", "carrier-accounts", "provider-credentials")
"""The resources that ``phone.rest`` has."""
FILTERED = {"/api/v1/calls": "CallFilters"}
"""Lists with filters of their own, and the name of their type."""
REF = "#/components/schemas/"
HEAD = '''"""What the REST interface takes and gives, as types. Written by `docs/build.py`, from OpenAPI.

Answers are plain dictionaries: a newer platform may put more into them than stands here.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

'''
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def module(schema: Mapping[str, Any]) -> str:
    """The text of ``patter/rows.py``."""
    types = _Types(schema)
    parts = [types.row(name) for name in sorted(types.reached())]
    parts += [types.filters(name, path) for path, name in FILTERED.items()]
    parts.sort(key=lambda part: not part.startswith("class "))  # the others name classes when they are read
    return _formatted(HEAD + "\n\n".join(parts))


class _Types:
    """One OpenAPI schema, read for its types."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._paths: Mapping[str, Any] = schema["paths"]
        self._schemas: Mapping[str, Any] = schema["components"]["schemas"]
        self._inherited = inspect.getdoc(StrictSerializer)  # of those that say nothing of themselves

    def reached(self) -> set[str]:
        """The names of all objects that the resources take or give, without the pages round lists."""
        used: set[str] = set()
        waiting = [
            name
            for path, operations in self._paths.items()
            if path.removeprefix("/api/v1/").split("/")[0] in PATHS
            for name in _references(operations)
        ]
        while waiting:
            name = waiting.pop()
            if name not in used:
                used.add(name)
                waiting += _references(self._schemas[name])
        return {name for name in used if not name.startswith("Paginated") and self._is_object(name)}

    def row(self, name: str) -> str:
        """An object of the schema as a type."""
        schema = self._schemas[name]
        needed = schema.get("required", ())
        fields = {field: (self.hint(about), about) for field, about in schema["properties"].items()}
        about = schema.get("description", "")
        return _typed_dict(self._name(name), fields, needed, "" if about == self._inherited else about)

    def filters(self, name: str, path: str) -> str:
        """What may stand in the query of a list."""
        parameters = self._paths[path]["get"]["parameters"]
        query = [one for one in parameters if one["in"] == "query" and one["name"] != "cursor"]
        fields = {one["name"]: (self.hint(one["schema"]), one) for one in query}
        return _typed_dict(name, fields, (), "Which rows a list shows.")

    def hint(self, schema: Mapping[str, Any]) -> str:
        """A type; what has no name of its own is written out."""
        return " | ".join(dict.fromkeys(self._alternatives(schema)))

    def _alternatives(self, schema: Mapping[str, Any]) -> Iterator[str]:
        kind = schema.get("type")
        choices = schema.get("allOf") or schema.get("oneOf")
        if ref := schema.get("$ref"):
            name = ref.removeprefix(REF)
            yield from (
                [self._name(name)] if self._is_object(name) else self._alternatives(self._schemas[name])
            )
        elif choices:
            for one in choices:
                yield from self._alternatives(one)
        elif "enum" in schema:
            yield f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
        elif isinstance(kind, list):
            for one in kind:
                yield from self._alternatives({**schema, "type": one})
        elif kind == "array":
            yield f"list[{self.hint(schema['items'])}]"
        elif kind == "object":
            yield f"dict[str, {self.hint(schema.get('additionalProperties') or {})}]"
        else:
            yield PLAIN.get(str(kind), "Any")

    def _name(self, schema: str) -> str:
        """A change is named as it is; ``Patched`` only tells it from another one."""
        bare = schema.removeprefix("Patched")
        return schema if bare in self._schemas else bare

    def _is_object(self, name: str) -> bool:
        return "properties" in self._schemas[name]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(ref := node.get("$ref"), str):
            yield ref.removeprefix(REF)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _typed_dict(
    name: str, fields: Mapping[str, tuple[str, Mapping[str, Any]]], needed: Container[str], about: str
) -> str:
    hints = {
        field: hint if field in needed else f"NotRequired[{hint}]" for field, (hint, _) in fields.items()
    }
    if any(keyword.iskeyword(field) for field in fields):  # no class can have it
        rows = "".join(f'"{field}": {hint}, ' for field, hint in hints.items())
        return f'{name} = TypedDict("{name}", {{{rows}}})\n{_docstring(about)}'
    lines = [f"class {name}(TypedDict):", _docstring(about, "    ")]
    for field, (_, described) in fields.items():
        lines += [f"    {field}: {hints[field]}", _docstring(described.get("description", ""), "    ")]
    return "\n".join(line for line in lines if line)


def _docstring(text: str, indent: str = "") -> str:
    """The first paragraph: what follows lists choices, which the type has already."""
    text = " ".join(text.partition("\n\n")[0].split()).replace("``", "`").replace("`", "``")
    if not text or text.startswith("* "):
        return ""
    wrapped = "\n".join(textwrap.wrap(text, 100 - len(indent)))
    return textwrap.indent(f'"""{wrapped}"""' if "\n" not in wrapped else f'"""{wrapped}\n"""', indent)


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "rows.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
