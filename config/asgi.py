"""The site as one ASGI application: pages, sockets and its own start and end."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

# These need the applications that the line above has loaded.
from config.lifespan import lifespan  # noqa: E402
from config.sockets import sockets  # noqa: E402


async def http(scope: Any, receive: Any, send: Any) -> None:
    """The pages; but whether this process is alive, the event loop that carries all streams says itself."""
    if scope["path"] != "/healthz":
        await pages(scope, receive, send)
        return
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"status": "ok"}'})


application = ProtocolTypeRouter({"http": http, "websocket": sockets, "lifespan": lifespan})
