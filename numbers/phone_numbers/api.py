"""``/api/v1/carrier-accounts`` and ``/api/v1/numbers``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patter_site.common.idempotent_views import idempotent
from patter_site.common.views import OrganisationViewSet
from phone_numbers.configure import configure_number
from phone_numbers.models import CarrierAccount, PhoneNumber
from phone_numbers.register import register_number
from phone_numbers.register_body import RegisterSerializer, registration_of
from phone_numbers.selectors import carrier_accounts_of
from phone_numbers.serializers import (
    CarrierAccountChangeSerializer,
    CarrierAccountCreateSerializer,
    CarrierAccountSerializer,
    ConfiguredSerializer,
    ConfigureSerializer,
    NumberChangeSerializer,
    NumberCreateSerializer,
    NumberSerializer,
)
from phone_numbers.services import (
    change_carrier_account,
    change_number,
    check_carrier_account,
    create_carrier_account,
    create_number,
    delete_carrier_account,
)


class CarrierAccountViewSet(OrganisationViewSet):
    """Accounts at Twilio and Telnyx. Secrets never come back."""

    model = CarrierAccount
    serializer_class = CarrierAccountSerializer
    scopes = {"GET": "numbers:read", "*": "admin"}

    def get_queryset(self) -> QuerySet[CarrierAccount]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return carrier_accounts_of(self.organisation)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(CarrierAccountSerializer(page, many=True).data)

    @extend_schema(request=CarrierAccountCreateSerializer, responses={201: CarrierAccountSerializer})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Add an account. `POST /{id}/check` asks the carrier whether it works."""
        given = _valid(CarrierAccountCreateSerializer(data=request.data))
        account = create_carrier_account(organisation=self.organisation, **given)
        return Response(CarrierAccountSerializer(account).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(CarrierAccountSerializer(self.get_object()).data)

    @extend_schema(request=CarrierAccountChangeSerializer, responses=CarrierAccountSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the name or the secrets."""
        account = self.get_object()
        changes = _valid(CarrierAccountChangeSerializer(account, data=request.data))
        return Response(
            CarrierAccountSerializer(change_carrier_account(account=account, changes=changes)).data
        )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove an account that no number hangs on."""
        delete_carrier_account(account=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=CarrierAccountSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Ask the carrier whether the account works; `check_error` is its answer in its own words."""
        return Response(CarrierAccountSerializer(check_carrier_account(account=self.get_object())).data)


class NumberViewSet(OrganisationViewSet):
    """The numbers that callers dial, and who answers them."""

    model = PhoneNumber
    serializer_class = NumberSerializer
    scopes = {"GET": "numbers:read", "register": "admin", "*": "numbers:write"}

    def get_queryset(self) -> QuerySet[PhoneNumber]:
        return super().get_queryset().select_related("carrier_account", "agent")

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(NumberSerializer(page, many=True).data)

    @extend_schema(request=NumberCreateSerializer, responses={201: NumberSerializer})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Enter a number of a carrier account. `POST /{id}/configure` then sends its calls here."""
        given = _valid(NumberCreateSerializer(data=request.data, context=self.get_serializer_context()))
        number = create_number(organisation=self.organisation, **given)
        return Response(NumberSerializer(number).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(NumberSerializer(self.get_object()).data)

    @extend_schema(request=NumberChangeSerializer, responses=NumberSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the label, or who answers. Calls that run keep their agent."""
        number, context = self.get_object(), self.get_serializer_context()
        changes = _valid(NumberChangeSerializer(number, data=request.data, context=context))
        return Response(NumberSerializer(change_number(number=number, changes=changes)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a number. The carrier keeps it; its calls stay."""
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=RegisterSerializer, responses=NumberSerializer)
    @action(detail=False, methods=["post"])
    @idempotent(atomic=False)
    def register(self, request: Request) -> Response:
        """Bring a number with its carrier account and its voices, and send its calls here.

        For programs that answer with a handler of their own. Doing so twice changes nothing; a changed secret
        is replaced. 409 where an agent of yours answers the number, unless `replace` is true.
        """
        given = _valid(RegisterSerializer(data=request.data))
        number = register_number(organisation=self.organisation, **registration_of(given))
        return Response(NumberSerializer(number).data)

    @extend_schema(request=ConfigureSerializer, responses=ConfiguredSerializer)
    @action(detail=True, methods=["post"])
    def configure(self, request: Request, pk: str) -> Response:
        """Send the number's calls here, at the carrier. 409 when they go to somebody else's address now."""
        given = _valid(ConfigureSerializer(data=request.data))
        found = configure_number(
            number=self.get_object(), base_url=settings.PATTER_PUBLIC_URL, replace=given["replace"]
        )
        return Response(ConfiguredSerializer(found).data)


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
