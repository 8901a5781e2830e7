"""Every socket of the site, behind one check of where it comes from."""

import logging
from typing import Any
from urllib.parse import urlsplit

from channels.routing import URLRouter
from django.conf import settings
from django.http.request import validate_host
from django.urls import path

from accounts.tokens import holds_secret
from arena.consumers import BattleConsumer
from arena.stage import stage
from arena.visitors import header
from leaderboard.consumers import BoardConsumer

log = logging.getLogger(__name__)

PATHS = [
    path("ws/battles/<uuid:battle_id>", BattleConsumer.as_asgi()),  # type: ignore[arg-type]  # known for HTTP only
    path("ws/board", BoardConsumer.as_asgi()),  # type: ignore[arg-type]
]
routes: Any = URLRouter(PATHS)  # type: ignore[arg-type]


def same_origin(scope: dict[str, Any]) -> bool:
    """Whether the handshake comes from a page of this site: browsers send cookies with any page's sockets.

    As Django does for posts: the Origin is the site itself (host and port) or one of the trusted ones.
    """
    origin = header(scope, b"origin")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    ours = parts.netloc == header(scope, b"host") and validate_host(parts.hostname or "", settings.ALLOWED_HOSTS)
    return ours and parts.scheme in {"http", "https"}


async def sockets(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Route a socket of ours; refuse any other handshake with 403, and every one while this process drains."""
    known = any(route.pattern.match(scope["path"].lstrip("/")) for route in PATHS)
    # A page that is refused tries again by itself, and then finds another process.
    shown = holds_secret(scope["query_string"].decode("latin-1"))
    if shown:
        log.warning("a token was sent in an address, and refused", extra={"path": scope["path"]})
    if known and same_origin(scope) and not shown and not stage.draining:
        await routes(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 4403})
