"""The forms of tools and MCP servers. What they mean is decided by the serializers of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from patter_site.common.error_fields import field_sentences
from tools.models import McpSource, Tool

EXAMPLE_PARAMETERS = """{
  "type": "object",
  "properties": {
    "product": {"type": "string", "description": "As the caller says it"},
    "size": {"enum": ["s", "m", "l"]}
  },
  "required": ["product"]
}"""
NO_PARAMETERS = """{
  "type": "object",
  "properties": {}
}"""


class JsonField(forms.CharField):
    """A JSON object in a text area."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        widget = forms.Textarea({"rows": rows, "spellcheck": "false", "class": "mono", "autocomplete": "off"})
        super().__init__(widget=widget, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return {}
        try:
            given = json.loads(text)
        except ValueError as error:
            raise ValidationError(_("This is no JSON: %s.") % error) from None
        if not isinstance(given, dict):
            raise ValidationError(_("Give a JSON object, in braces."))
        return given


class HeaderLinesField(forms.CharField):
    """Headers, one ``Name: value`` a line."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea({"rows": 2, "spellcheck": "false", "class": "mono", "autocomplete": "off"})
        super().__init__(required=False, widget=widget, **options)

    def clean(self, value: Any) -> dict[str, str]:
        headers: dict[str, str] = {}
        for line in super().clean(value).splitlines():
            if not line.strip():
                continue
            name, colon, header = line.partition(":")
            if not colon:
                raise ValidationError(_("Write one “Name: value” on each line."))
            headers[name.strip()] = header.strip()
        return headers


class _Addressed(forms.Form):
    """What tools and MCP servers have in common."""

    def take_errors(self, detail: Any) -> None:
        """Put what was refused under the fields that people see."""
        for name, problems in field_sentences(detail).items():
            known = name.partition(".")[0]
            self.add_error(known if known in self.fields else None, ValidationError(problems))

    def secret_changes(self, before: Mapping[str, str]) -> dict[str, str | None]:
        """The secret headers to set, and those to remove."""
        given: dict[str, str] = self.cleaned_data["secret_headers"]
        removed = {name: None for name in self.cleaned_data["forget"] if name in before}
        return {**removed, **given}


def _secret_fields(form: _Addressed, names: list[str]) -> None:
    form.fields["secret_headers"] = HeaderLinesField(
        label=_("Secret headers"),
        help_text=_("One “Name: value” a line. Kept encrypted, and never shown again."),
    )
    form.fields["forget"] = forms.MultipleChoiceField(
        label=_("Remove"),
        required=False,
        choices=[(name, name) for name in names],
        widget=forms.CheckboxSelectMultiple,
    )


class SourceForm(_Addressed):
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For you and your colleagues."))
    url = forms.CharField(
        label=_("Address"), max_length=1000, help_text=_("Where the server speaks streamable HTTP.")
    )
    headers = HeaderLinesField(label=_("Headers"), help_text=_("One “Name: value” a line."))

    def __init__(self, *args: Any, source: McpSource | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _secret_fields(self, list(source.secret_headers) if source else [])


class ToolForm(_Addressed):
    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("What the model and your agents call it, such as check_inventory. It cannot be changed."),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Tells the model what the tool is for, and when to use it."),
    )
    parameters = JsonField(
        label=_("Arguments"), rows=10, required=False, help_text=_("JSON Schema of an object.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=1000,
        help_text=_("Called with POST. {variables} of the call may stand in its path and query."),
    )
    headers = HeaderLinesField(
        label=_("Headers"), help_text=_("One “Name: value” a line. {variables} are put in.")
    )
    body = JsonField(
        label=_("Fields of your own"),
        rows=3,
        required=False,
        help_text=_("A JSON object that is sent beside the arguments. {variables} are put in."),
    )
    timeout_s = forms.FloatField(
        label=_("Longest try, s"), min_value=1, max_value=120, help_text=_("Then it is tried again.")
    )
    wait_s = forms.FloatField(
        label=_("Wait for the result, s"),
        min_value=0,
        max_value=60,
        help_text=_("Then the conversation goes on, and the result is told when it comes."),
    )
    effects = forms.BooleanField(
        label=_("It changes something"),
        required=False,
        help_text=_("A booking, an order, a message. It is written down before it is sent, and never lost."),
    )
    idempotent = forms.BooleanField(
        label=_("Your server recognises a repeated webhook-id"),
        required=False,
        help_text=_("Then it may be sent again after a crash that left its result unknown."),
    )
    background = forms.BooleanField(
        label=_("Go on when the call is over"),
        required=False,
        help_text=_("Otherwise its tries stop with the call."),
    )

    def __init__(self, *args: Any, tool: Tool | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _secret_fields(self, list(tool.secret_headers) if tool else [])
        if tool is not None:
            self.fields["name"].disabled = True
        if tool is not None and tool.kind == Tool.Kind.MCP:
            for name in ("description", "parameters", "url", "headers", "body", "secret_headers", "forget"):
                del self.fields[name]

    @property
    def example(self) -> str:
        return EXAMPLE_PARAMETERS


class TryForm(forms.Form):
    """Arguments and variables to try a tool with."""

    arguments = JsonField(label=_("Arguments"), rows=5, required=False)
    variables = JsonField(label=_("Variables"), rows=2, required=False)


def initial_of_tool(tool: Tool | None) -> dict[str, Any]:
    """A tool as its form shows it; a new one with its defaults."""
    if tool is None:
        shown = {"timeout_s": 30, "wait_s": 10, "effects": True}
        return {**shown, "parameters": NO_PARAMETERS}
    plain = ("name", "description", "url", "timeout_s", "wait_s", "effects", "idempotent", "background")
    return {
        **{name: getattr(tool, name) for name in plain},
        "headers": _lines(tool.headers),
        "parameters": json.dumps(tool.parameters, indent=2, ensure_ascii=False),
        "body": json.dumps(tool.body, indent=2, ensure_ascii=False) if tool.body else "",
    }


def initial_of_source(source: McpSource | None) -> dict[str, Any]:
    """An MCP server as its form shows it."""
    if source is None:
        return {}
    return {"name": source.name, "url": source.url, "headers": _lines(source.headers)}


def example_arguments(parameters: Mapping[str, Any]) -> str:
    """Arguments that fit a simple schema, as a beginning for somebody who tries the tool."""
    wanted = parameters.get("properties")
    fields = wanted if isinstance(wanted, Mapping) else {}
    return json.dumps({name: _example(schema) for name, schema in fields.items()}, indent=2)


def _example(schema: Any) -> Any:
    given = schema if isinstance(schema, Mapping) else {}
    if given.get("enum"):
        return given["enum"][0]
    if "default" in given:
        return given["default"]
    kinds = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}, "null": None}
    kind = given.get("type")
    return kinds.get(kind, "…") if isinstance(kind, str) else "…"


def _lines(headers: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())
