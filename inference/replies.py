"""One reply of one entry, streamed from a worker that speaks the OpenAI chat protocol.

Cancelling `stream_reply` closes the connection, and that frees the worker: vLLM aborts within 0.3 s, llama.cpp at
its next token.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypedDict

import httpx
from channels.db import database_sync_to_async
from django.conf import settings
from prometheus_client import Counter, Histogram

from inference.events import chunks
from inference.faults import (
    Broken,
    Endless,
    Rejected,
    Rubbish,
    Silent,
    Speechless,
    Stalled,
    Unreachable,
    WorkerFault,
)
from inference.models import Worker
from inference.routing import healthy_workers, slot

log = logging.getLogger(__name__)

TEXT_LIMIT = 100_000  # characters of one reply; sampling bounds honest ones far below
TRIES = 2
RETRIED = (Unreachable, Rejected, Broken)  # a worker going away; the others would be as slow the second time


class Message(TypedDict):
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Equal for both sides of a battle: it comes from the terms."""

    temperature: float
    top_p: float
    max_tokens: int


Hear = Callable[[str], None]

REPLIES = Counter(
    "lms_replies_total", "Replies by entry and how they ended: whole, or the kind of fault.", ["entry", "end"]
)
FIRST_WORDS = Histogram(
    "lms_first_words_seconds",
    "From asking a worker to its first words.",
    ["entry"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 45),
)

_clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}


def client() -> httpx.AsyncClient:
    """The connection pool of the running event loop. No redirects, no proxies from the environment."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=settings.WORKER_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            follow_redirects=False,
            trust_env=False,
        )
    return _clients[loop]


async def close_client() -> None:
    """Close the running loop's pool."""
    pool = _clients.pop(asyncio.get_running_loop(), None)
    if pool:
        await pool.aclose()


async def stream_reply(entry_id: int, messages: Sequence[Message], sampling: Sampling, hear: Hear) -> None:
    """Stream one whole reply into `hear`, piece by piece. Raises a WorkerFault if it does not come whole.

    Before the first words, a second worker of the same entry is tried; after them never, and never another entry.
    """
    tried: list[int] = []
    while True:
        said = 0

        def count_and_hear(text: str) -> None:
            nonlocal said
            said += len(text)
            if said > TEXT_LIMIT:
                raise Endless("too much text")
            hear(text)

        try:
            async with slot(entry_id, without=tried) as worker:
                tried.append(worker.pk)
                await _listen_and_count(worker, messages, sampling, count_and_hear)
        except WorkerFault as fault:
            log.warning("entry %s: %s: %s", entry_id, fault.kind, fault)
            if isinstance(fault, Unreachable):
                # Out of the draw until a probe finds it well again.
                await database_sync_to_async(Worker.objects.filter(pk=worker.pk).update)(healthy=False)
            if said or len(tried) >= TRIES or not isinstance(fault, RETRIED) or not await _another(entry_id, tried):
                raise
        else:
            if not said:
                raise Speechless("finished without a word")
            return


async def _another(entry_id: int, tried: list[int]) -> bool:
    return bool(await healthy_workers(entry_id, without=tried))


async def _listen_and_count(worker: Worker, messages: Sequence[Message], sampling: Sampling, hear: Hear) -> None:
    """One worker's stream, measured."""
    started, said, slug = time.monotonic(), False, worker.entry.slug

    def hear_first(text: str) -> None:
        nonlocal said
        if not said:
            FIRST_WORDS.labels(slug).observe(time.monotonic() - started)
        said = True
        hear(text)

    try:
        await _listen(worker, messages, sampling, hear_first)
    except WorkerFault as fault:
        REPLIES.labels(slug, fault.kind).inc()
        raise
    REPLIES.labels(slug, "whole" if said else Speechless.kind).inc()


async def _listen(worker: Worker, messages: Sequence[Message], sampling: Sampling, hear: Hear) -> None:
    """One worker's stream, under the clock: until the first words, between words, in total."""
    loop = asyncio.get_running_loop()
    answered, began = False, None
    late: type[WorkerFault] = Silent
    try:
        async with (
            asyncio.timeout(settings.WORKER_FIRST_TOKEN_SECONDS) as clock,
            client().stream(
                "POST",
                f"{worker.url}/v1/chat/completions",
                json=_body(worker, messages, sampling),
                headers=_headers(worker),
            ) as response,
        ):
            answered = True
            _check(response)
            async with aclosing(chunks(response.aiter_bytes())) as said:
                async for chunk in said:
                    if chunk.text:
                        hear(chunk.text)
                        now = loop.time()
                        began = now if began is None else began
                        end = began + settings.WORKER_TOTAL_SECONDS
                        late = Stalled if now + settings.WORKER_IDLE_SECONDS < end else Endless
                        clock.reschedule(min(now + settings.WORKER_IDLE_SECONDS, end))
                    if chunk.finish_reason:
                        return  # what follows is usage and [DONE]
    except TimeoutError:
        raise late("out of time") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as wrong:
        raise Unreachable(type(wrong).__name__) from wrong
    except httpx.DecodingError as wrong:
        raise Rubbish(type(wrong).__name__) from wrong
    except httpx.TransportError as wrong:
        raise (Broken if answered else Unreachable)(type(wrong).__name__) from wrong


def _check(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise Rejected(f"status {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "text/event-stream":
        raise Rubbish(f"content type {kind[:60]!r}")


def _headers(worker: Worker) -> dict[str, str]:
    return {"Authorization": f"Bearer {worker.key}"} if worker.key else {}


def _body(worker: Worker, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
    """Built by us from nothing a visitor or worker sent: servers accept unknown fields, roles and `n`."""
    return {
        "model": worker.served_name,
        "messages": list(messages),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stream": True,
    }
