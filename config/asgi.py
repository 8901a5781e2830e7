"""The site as one ASGI application: pages, sockets and its own start and end."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

# These need the applications that the line above has loaded.
from config.lifespan import lifespan  # noqa: E402
from config.requests import answer_health, measured, with_request_id  # noqa: E402
from config.sockets import sockets  # noqa: E402

measured_pages = measured(pages)


async def http(scope: Any, receive: Any, send: Any) -> None:
    if not await answer_health(scope, send):
        await measured_pages(scope, receive, send)


application = with_request_id(ProtocolTypeRouter({"http": http, "websocket": sockets, "lifespan": lifespan}))
