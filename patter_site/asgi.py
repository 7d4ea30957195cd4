"""Every connection comes in here: HTTP to Django, sockets to their consumers, lifespan to the workers."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patter_site.settings")
try:
    settings.SHAPE  # noqa: B018 (reads the settings)
except ImproperlyConfigured as refused:
    raise SystemExit(str(refused)) from None
django_app = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import re_path  # noqa: E402

from calls import routing  # noqa: E402
from patter_site.operations.lifespan import NO_LIFESPAN, Lifespan, Receive, Send  # noqa: E402

if settings.SHAPE.embedded and "daphne.server" in sys.modules:
    raise SystemExit(NO_LIFESPAN)


async def unknown_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """There is no socket at this address."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


def _for_browsers(pattern: Any) -> Any:
    # Browsers send their cookies to any address that a page names, so the page's origin is checked.
    # Carriers and SDKs send no Origin and would be refused.
    pattern.callback = AllowedHostsOriginValidator(AuthMiddlewareStack(pattern.callback))
    return pattern


browser_sockets = [_for_browsers(pattern) for pattern in getattr(routing, "browser_sockets", [])]
nowhere = re_path(r"", unknown_socket)  # type: ignore[arg-type]
sockets = URLRouter([*routing.carrier_sockets, *routing.program_sockets, *browser_sockets, nowhere])
lifespan = Lifespan()


async def _refuse(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await unknown_socket(scope, receive, send)
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": NO_LIFESPAN.encode()})


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    elif lifespan.is_missing:
        await _refuse(scope, receive, send)
    elif scope["type"] == "http":
        await django_app(scope, receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
