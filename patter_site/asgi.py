"""Every connection comes in here: HTTP to Django, sockets to their consumers, lifespan to the workers."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patter_site.settings")
django_app = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from calls.routing import carrier_sockets  # noqa: E402

application = ProtocolTypeRouter({"http": django_app, "websocket": URLRouter(carrier_sockets)})
