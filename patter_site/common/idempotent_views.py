"""``Idempotency-Key`` in a view: one decorator, or one mixin.

class CallViewSet(IdempotentCreateMixin, OrganisationViewSet): ...

@action(detail=False, methods=["post"])
@idempotent(atomic=False)
def buy(self, request): ...
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from rest_framework.mixins import CreateModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from patter_site.common import idempotency
from patter_site.common.idempotency import Claim, StoredAnswer
from patter_site.common.requests import OrganisationRequest

Handler = Callable[..., Response]


def idempotent(*, atomic: bool = True, secrets: Sequence[str] = ()) -> Callable[[Handler], Handler]:
    """Make a POST handler repeatable.

    ``atomic`` wraps the handler and the stored answer in one transaction, key or no key. Give
    ``atomic=False`` to a handler that talks to a carrier or provider: a transaction must not wait for the
    network. If such a request dies half-way its effect is unknown, so its key stays taken for 24 hours.
    ``secrets`` names fields of the answer that are shown once.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def wrapped(view: APIView, request: OrganisationRequest, *args: Any, **kwargs: Any) -> Response:
            run = functools.partial(handler, view, request, *args, **kwargs)
            key = request.headers.get("Idempotency-Key")
            if key is None:
                return _run(run, atomic)
            begun = _begin(request, idempotency.checked_key(key), atomic)
            if isinstance(begun, StoredAnswer):
                return Response(begun.body, status=begun.status, headers={"Idempotency-Replayed": "true"})
            return _carry_out(view, run, begun, atomic, secrets)

        return wrapped

    return decorate


def _begin(request: OrganisationRequest, key: str, atomic: bool) -> Claim | StoredAnswer:
    return idempotency.begin(
        organisation_id=request.organisation.pk,
        route=f"{request.method} {request.path.rstrip('/')}",
        key=key,
        digest=idempotency.body_hash(request.body_for_hash),
        lease_s=idempotency.LEASE_S if atomic else idempotency.KEPT.total_seconds(),
    )


def _run(run: Callable[[], Response], atomic: bool) -> Response:
    if not atomic:
        return run()
    with transaction.atomic():
        return run()


def _carry_out(
    view: APIView, run: Callable[[], Response], claim: Claim, atomic: bool, secrets: Sequence[str]
) -> Response:
    try:
        if not atomic:
            response = run()
            _keep(view, claim, response, secrets)
            return response
        with transaction.atomic():
            response = run()
            _keep(view, claim, response, secrets)
            return response
    except Exception as exc:
        # The effect is rolled back by now; a refusal is an answer too, and is kept on its own.
        response = view.handle_exception(exc)
        _keep(view, claim, response, secrets)
        return response


def _keep(view: APIView, claim: Claim, response: Response, secrets: Sequence[str]) -> None:
    if not idempotency.is_kept(response.status_code):
        idempotency.forget(claim)
        return
    body = json.loads(_rendered(view, response)) if response.data is not None else None
    idempotency.finish(claim, status=response.status_code, body=body, secrets=secrets)


def _rendered(view: APIView, response: Response) -> str | bytes:
    return view.get_renderers()[0].render(response.data) or b"null"


class IdempotentCreateMixin(CreateModelMixin):
    """``create`` with an ``Idempotency-Key``. ``secret_fields`` of the answer are shown once."""

    secret_fields: Sequence[str] = ()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        handler = idempotent(secrets=self.secret_fields)(_create)
        return handler(self, request, *args, **kwargs)


def _create(view: IdempotentCreateMixin, request: OrganisationRequest, *args: Any, **kwargs: Any) -> Response:
    return super(IdempotentCreateMixin, view).create(request, *args, **kwargs)
