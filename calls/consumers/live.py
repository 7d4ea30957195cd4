"""What changes while somebody looks: the browser's socket, ``/ws/live``.

From the page: ``{"type": "subscribe", "organisation": slug}`` or ``{"type": "subscribe", "call": id}``.
To the page: ``subscribed``, ``refused`` with a code, and ``{"type": "entry", "call": id, "entry": {…}}``.
Entries come from the channel layer as ``{"type": "live.entry", "entry": {…}}``, with ``call`` where the
group is an organisation's. Entries say that something happened; pages fetch the rest.
"""

from __future__ import annotations

import time
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.urls import path

from calls.models import Call
from patter_site.accounts.models import Membership, Organisation
from patter_site.accounts.pages import membership_of

SIGNED_OUT, NO_MEMBER = 4401, 4403
MEMBERSHIP_HOLDS_S = 60
MOST_GROUPS = 20


def call_group(call_id: str) -> str:
    """Where the entries of one call are sent."""
    return f"call.{call_id}.live"


def organisation_group(organisation_id: str) -> str:
    """Where it is said that calls of an organisation began or moved: ``{"kind": "call"}`` with ``call``."""
    return f"organisation.{organisation_id}.live"


class LiveConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.followed: dict[str, str] = {}  # group → organisation
        self.checked_at = time.monotonic()
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(SIGNED_OUT)

    async def disconnect(self, code: int) -> None:
        for group in self.followed:
            await self.channel_layer.group_discard(group, self.channel_name)

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if not isinstance(content, dict) or content.get("type") != "subscribe":
            return
        asked = {name: str(content[name]) for name in ("organisation", "call") if name in content}
        found = await self._find(**asked) if len(asked) == 1 else None
        if found is None:
            await self.send_json({"type": "refused", "code": "not_found", **asked})
        elif len(self.followed) >= MOST_GROUPS:
            await self.send_json({"type": "refused", "code": "too_many", **asked})
        else:
            group, organisation_id = found
            self.followed[group] = organisation_id
            await self.channel_layer.group_add(group, self.channel_name)
            await self.send_json({"type": "subscribed", **asked})

    async def live_entry(self, message: dict[str, Any]) -> None:
        if not await self._still_member():
            await self.close(NO_MEMBER)
            return
        calls = [group.split(".")[1] for group in self.followed if group.startswith("call.")]
        call_id = message.get("call") or (calls[0] if len(calls) == 1 else "")
        await self.send_json({"type": "entry", "call": call_id, "entry": message["entry"]})

    @database_sync_to_async
    def _find(self, organisation: str = "", call: str = "") -> tuple[str, str] | None:
        user = self.scope["user"]
        if organisation:
            membership = membership_of(user, organisation)
            return (
                (organisation_group(membership.organisation_id), membership.organisation_id)
                if membership
                else None
            )
        mine = self._memberships().values_list("organisation_id", flat=True)
        row = Call.objects.unscoped("only among the user's own organisations").filter(
            pk=call, organisation__in=list(mine), organisation__is_active=True
        )
        owner = row.values_list("organisation_id", flat=True).first()
        return (call_group(call), owner) if owner else None

    def _memberships(self) -> Any:
        return Membership.objects.unscoped("a person's own memberships").filter(user=self.scope["user"])

    async def _still_member(self) -> bool:
        """Whoever is taken out of an organisation hears nothing more after a minute."""
        if time.monotonic() - self.checked_at < MEMBERSHIP_HOLDS_S:
            return True
        self.checked_at = time.monotonic()
        return await self._memberships_hold()

    @database_sync_to_async
    def _memberships_hold(self) -> bool:
        needed = set(self.followed.values())
        open_ones = Organisation.objects.filter(pk__in=needed, is_active=True).values("pk")
        held = self._memberships().filter(user__is_active=True, organisation__in=open_ones)
        return needed == set(held.values_list("organisation_id", flat=True))


live_sockets = [path("ws/live", LiveConsumer.as_asgi())]
