"""The site as one ASGI application: pages, sockets and its own start and end."""

import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

# These need the applications that the line above has loaded.
from config.lifespan import lifespan  # noqa: E402
from config.pages import Pages  # noqa: E402
from config.requests import answer_health, measured, with_request_id  # noqa: E402
from config.sockets import sockets  # noqa: E402

pages = measured(Pages())


async def http(scope: Any, receive: Any, send: Any) -> None:
    if not await answer_health(scope, send):
        await pages(scope, receive, send)


application = with_request_id(ProtocolTypeRouter({"http": http, "websocket": sockets, "lifespan": lifespan}))
