"""Pages by cursor: newest first, because ids sort by time.

``?limit=`` 1 to 200, 50 unless said otherwise; ``?cursor=`` comes from ``next`` or ``previous``, is signed,
and belongs to one kind of list.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from patter_site.common.errors import ValidationProblem

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 200


class Cursor(NamedTuple):
    """Where a page begins: after ``key`` in reading order, or before it."""

    forward: bool
    key: str


def _signer() -> Signer:
    return Signer(salt="patter.paging")


def encode_cursor(kind: str, cursor: Cursor) -> str:
    signed = _signer().sign(f"{kind}|{'n' if cursor.forward else 'p'}|{cursor.key}")
    return base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def decode_cursor(kind: str, text: str) -> Cursor:
    """Raises ValidationProblem for anything that this kind of list did not give out."""
    try:
        signed = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
        of_kind, direction, key = _signer().unsign(signed).split("|", 2)
    except (binascii.Error, BadSignature, ValueError):
        raise _bad_cursor() from None
    if of_kind != kind:
        raise _bad_cursor()
    return Cursor(direction == "n", key)


def _bad_cursor() -> ValidationProblem:
    sentence = "This cursor is not one of this list's. Start again without it."
    return ValidationProblem(sentence, code="invalid_cursor", fields={"cursor": [sentence]})


class IdCursorPagination(BasePagination):
    """``{"results": [], "next": null, "previous": null}``; next and previous are addresses."""

    newest_first = True
    next_url: str | None = None
    previous_url: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        kind = queryset.model._meta.label_lower
        limit = self._limit(request)
        given = request.query_params.get("cursor", "")
        cursor = decode_cursor(kind, given) if given else None
        rows, more = self._fetch(queryset, cursor, limit)
        self._link(request, kind, rows, cursor, more)
        return rows

    def _limit(self, request: Request) -> int:
        text = request.query_params.get("limit", "") or str(DEFAULT_LIMIT)
        if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAXIMUM_LIMIT:
            return int(text)
        sentence = f"Give a number from 1 to {MAXIMUM_LIMIT}."
        raise ValidationProblem(f"limit: {sentence}", fields={"limit": [sentence]})

    def _fetch(self, queryset: QuerySet[Any], cursor: Cursor | None, limit: int) -> tuple[list[Any], bool]:
        """The rows in reading order, and whether there are more in the direction of travel."""
        forward = cursor is None or cursor.forward
        descending = self.newest_first == forward
        if cursor is not None:
            queryset = queryset.filter(**{"pk__lt" if descending else "pk__gt": cursor.key})
        rows = list(queryset.order_by("-pk" if descending else "pk")[: limit + 1])
        more = len(rows) > limit
        rows = rows[:limit]
        return (rows if forward else rows[::-1]), more

    def _link(self, request: Request, kind: str, rows: list[Any], cursor: Cursor | None, more: bool) -> None:
        forward = cursor is None or cursor.forward
        if not rows:
            return
        url = request.build_absolute_uri()
        if more or not forward:
            self.next_url = self._url(url, kind, Cursor(True, str(rows[-1].pk)))
        if (cursor is not None and forward) or (not forward and more):
            self.previous_url = self._url(url, kind, Cursor(False, str(rows[0].pk)))

    @staticmethod
    def _url(url: str, kind: str, cursor: Cursor) -> str:
        return replace_query_param(remove_query_param(url, "cursor"), "cursor", encode_cursor(kind, cursor))

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next_url, "previous": self.previous_url})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": {**address, "description": "The next page, older rows."},
                "previous": {**address, "description": "The page before, newer rows."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAXIMUM_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
        ]


class OldestFirstPagination(IdCursorPagination):
    """For what is read from its beginning: a call's events, a campaign's contacts."""

    newest_first = False
