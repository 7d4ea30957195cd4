"""``/api/v1/calls``."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from calls.addresses import public_base
from calls.filters import filtered_calls
from calls.line_serializers import DigitsSerializer, TransferRequestSerializer, TransferSerializer
from calls.models import Call
from calls.sdk.addresses import connection_group, is_connection_id
from calls.selectors import events_of, ready_recording, transcript_of, transfers_of
from calls.serializers import (
    AcceptedSerializer,
    CallCreateSerializer,
    CallEventSerializer,
    CallSerializer,
    SaySerializer,
    TranscriptSerializer,
)
from calls.services.control import hang_up_call, say_on_call, send_digits_on_call
from calls.services.delete import delete_call
from calls.services.place import PlaceOptions, place_call
from calls.services.transfer import ask_transfer
from calls.stored_recording import recording_response
from patter_site.common.idempotent_views import idempotent
from patter_site.common.paging import OldestFirstPagination
from patter_site.common.views import OrganisationViewSet

FILTERS = [
    OpenApiParameter("status", description="One or several, by comma."),
    OpenApiParameter("direction", description="inbound, outbound or web."),
    OpenApiParameter("agent", description="Id of an agent."),
    OpenApiParameter("number", description="Id of one of your numbers, or a number in E.164 on either side."),
    OpenApiParameter("from", description="Who called, E.164."),
    OpenApiParameter("to", description="Who was called, E.164."),
    OpenApiParameter("q", description="Words of the transcript (all of them), digits of a number, or an id."),
]


class CallViewSet(OrganisationViewSet):
    """Phone calls, from ring to end."""

    model = Call
    serializer_class = CallSerializer
    scopes = {"GET": "calls:read", "*": "calls:write", "recording": "recordings:read"}

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request) -> Response:
        """Calls, newest first."""
        calls = filtered_calls(self.get_queryset(), request.query_params, self.organisation)
        page = self.paginate_queryset(calls)
        return self.get_paginated_response(CallSerializer(page, many=True).data)

    @extend_schema(request=CallCreateSerializer, responses={201: CallSerializer})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Call somebody. The answer comes at once; the call goes its way, see `status`."""
        serializer = CallCreateSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        call = place_call(
            organisation=self.organisation,
            to=given.pop("to"),
            from_=given.pop("from", ""),
            agent=given.pop("agent", None),
            options=PlaceOptions(**given, reply_to=_placer(request, self.organisation.pk)),
            callback_base=public_base(request),
        )
        return Response(CallSerializer(call).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One call."""
        return Response(CallSerializer(self.get_object()).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a call that is over: transcript, recordings and events go, cost rows stay."""
        delete_call(call=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=TranscriptSerializer)
    @action(detail=True, methods=["get"])
    def transcript(self, request: Request, pk: str) -> Response:
        """What was said; while the call runs, the turns that are settled."""
        return Response({"turns": transcript_of(self.get_object())})

    @extend_schema(responses=CallEventSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=OldestFirstPagination)
    def events(self, request: Request, pk: str) -> Response:
        """The call's timeline, oldest first."""
        page = self.paginate_queryset(events_of(self.get_object()))
        return self.get_paginated_response(CallEventSerializer(page, many=True).data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "source", description="`bridge` (ours) or `carrier`. Left out: ours where there is one."
            )
        ],
        responses={
            (200, "audio/wav"): OpenApiTypes.BINARY,
            (206, "audio/wav"): OpenApiTypes.BINARY,
            416: OpenApiResponse(description="The range lies outside the file."),
        },
    )
    @action(detail=True, methods=["get"])
    def recording(self, request: Request, pk: str) -> HttpResponseBase:
        """The recording as WAV: the caller on the left, what they heard of the agent on the right."""
        recording = ready_recording(self.get_object(), request.query_params.get("source", ""))
        # Django's own request: it tells under which kind of server the file is sent.
        response = recording_response(request._request, recording)
        response["Cache-Control"] = "private, no-store"
        return response

    @extend_schema(request=None, responses=CallSerializer)
    @action(detail=True, methods=["post"], url_path="hang-up")
    @idempotent(atomic=False)
    def hang_up(self, request: Request, pk: str) -> Response:
        """End a call. 409 when it is over already."""
        return Response(CallSerializer(hang_up_call(call=self.get_object())).data)

    @extend_schema(request=SaySerializer, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"])
    @idempotent()
    def say(self, request: Request, pk: str) -> Response:
        """Let the agent say a text now. 409 while nobody is on the line."""
        call, serializer = self.get_object(), SaySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        say_on_call(call=call, **serializer.validated_data)
        return _accepted()

    @extend_schema(request=DigitsSerializer, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"])
    @idempotent()
    def digits(self, request: Request, pk: str) -> Response:
        """Press keys towards the far end. 409 while nobody is on the line."""
        call, serializer = self.get_object(), DigitsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        send_digits_on_call(call=call, **serializer.validated_data)
        return _accepted()

    @extend_schema(request=TransferRequestSerializer, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"])
    @idempotent()
    def transfer(self, request: Request, pk: str) -> Response:
        """Connect the caller to a human. See `transfers` for how it goes. 409 while nobody is on the line."""
        call, serializer = self.get_object(), TransferRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ask_transfer(call=call, **serializer.validated_data)
        return _accepted()

    @extend_schema(responses=TransferSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def transfers(self, request: Request, pk: str) -> Response:
        """The call's transfers to humans, oldest first."""
        rows = transfers_of(self.get_object())
        return Response({"results": TransferSerializer(rows, many=True).data, "next": None, "previous": None})


def _placer(request: Request, organisation_id: str) -> str:
    """The bus address of the SDK connection that asks (X-Patter-Connection): the call will be its own."""
    connection_id = request.headers.get("X-Patter-Connection", "")
    return connection_group(organisation_id, connection_id) if is_connection_id(connection_id) else ""


def _accepted() -> Response:
    body: dict[str, Any] = {"accepted": True}
    return Response(body, status=status.HTTP_202_ACCEPTED)
