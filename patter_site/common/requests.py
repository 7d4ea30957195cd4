"""A request of the API, with what its key says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.request import Request

if TYPE_CHECKING:

    class OrganisationRequest(Request):
        """``organisation``: the key's. ``auth``: the KeyGrant. ``user``: the Actor."""

        organisation: Any
        body_for_hash: bytes
        auth: Any
        user: Any
else:
    OrganisationRequest = Request
