"""What surrounds every request and socket: an id, a log line, a measure. Outermost, in the event loop."""

import logging
import re
import time
import uuid
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from structlog.contextvars import bound_contextvars, get_contextvars

from arena.stage import stage

log = logging.getLogger(__name__)

BATTLE = re.compile(r"^/(?:ws/)?battles/([0-9a-f-]{36})")
ANSWERS = Counter("lms_http_answers_total", "Answers by method and status.", ["method", "status"])
SECONDS = Histogram("lms_http_seconds", "From a request to the end of its answer.", ["method"])
PLAYING = Gauge("lms_turns_playing", "Turns that this process streams now.")
PLAYING.set_function(lambda: len(stage.plays))
DRAINING = Gauge("lms_draining", "1 while this process finishes its streams before it ends.")
DRAINING.set_function(lambda: float(stage.draining))
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})  # others are counted together: a label must have few values


def with_request_id(application: Any) -> Any:
    """Name what follows, so that each log line says which request or socket, and which battle, it belongs to."""

    async def named(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await application(scope, receive, send)
            return
        about = {"request": uuid.uuid4().hex[:16]}
        if battle := BATTLE.match(scope["path"]):
            about["battle"] = battle[1]
        with bound_contextvars(**about):
            await application(scope, receive, send)

    return named


def measured(application: Any) -> Any:
    """Log and count each answer, and tell the client its request's id: whoever complains can name it."""

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        started, status = time.perf_counter(), 500
        name = get_contextvars()["request"].encode()

        async def send_and_see(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name)]
            await send(message)

        try:
            await application(scope, receive, send_and_see)
        finally:
            seconds = time.perf_counter() - started
            method = scope["method"] if scope["method"] in METHODS else "other"
            ANSWERS.labels(method, status).inc()
            SECONDS.labels(method).observe(seconds)
            about = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(1000 * seconds)}
            log.log(logging.DEBUG if scope["path"].startswith("/static/") else logging.INFO, "answered", extra=about)

    return answered


async def answer_health(scope: Any, send: Any) -> bool:
    """Answer /healthz and /readyz; False for any other path.

    The event loop says itself whether it lives, because it carries the streams. Ready means that the proxy may send
    visitors here: not so while draining. What the site depends on is no part of it: without it, all processes would
    be taken out at once, and a clear refusal is a better answer than a proxy's.
    """
    if scope["path"] == "/healthz":
        await answer_json(send, 200, b'{"status": "ok"}')
    elif scope["path"] == "/readyz" and stage.draining:
        await answer_json(send, 503, b'{"status": "draining"}')
    elif scope["path"] == "/readyz":
        await answer_json(send, 200, b'{"status": "ready"}')
    else:
        return False
    return True


async def answer_json(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
