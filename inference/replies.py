"""One reply of one entry, streamed from a worker that speaks the OpenAI chat protocol.

Cancelling `stream_reply` closes the connection, and that frees the worker: vLLM aborts within 0.3 s, llama.cpp at
its next token.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

import httpx
from django.conf import settings
from prometheus_client import Counter, Histogram

from inference.addresses import Guarded
from inference.breaker import seen
from inference.database import in_database
from inference.events import Chunk, chunks
from inference.faults import (
    Broken,
    Declined,
    Endless,
    Rejected,
    Rubbish,
    Silent,
    Speechless,
    Spent,
    Stalled,
    Unreachable,
    WorkerFault,
)
from inference.line import Seat, slot
from inference.models import Reasoning, Worker
from inference.routing import healthy_workers

log = logging.getLogger(__name__)

TEXT_LIMIT = 100_000  # characters of one reply; sampling bounds honest ones far below
TRIES = 2
USAGE_SECONDS = 1.0  # a whole reply waits so long for its count of tokens
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


@dataclass(slots=True)
class Reply:
    """How a reply came, apart from its words. It is filled in as they come: what was cut short is told, too."""

    worker_id: int | None = None
    first: float | None = None  # seconds from asking that worker to its first words
    seconds: float = 0.0  # from asking it to the end
    tokens: int = 0  # as the worker counts them; until it has said, events with words or thoughts
    length: int = 0  # characters
    thought: int = 0  # characters of thinking, which nobody is shown
    counted: bool = False  # the worker has said how many tokens
    finish: str = ""  # the reason it gave, e.g. stop or length; blank: it did not come whole
    tried: list[tuple[int, str]] = field(default_factory=list)  # workers that failed before the first words, and how

    def add(self, chunk: Chunk) -> None:
        if chunk.text or chunk.thought:
            self.tokens += 1
        self.length += len(chunk.text)
        self.thought += chunk.thought
        self.count(chunk)

    def count(self, chunk: Chunk) -> None:
        if chunk.tokens is not None:
            self.tokens, self.counted = chunk.tokens, True

    def record(self) -> dict[str, Any]:
        """As it is kept in the database."""
        rounded = {"seconds": round(self.seconds, 3), "first": None if self.first is None else round(self.first, 3)}
        return asdict(self) | rounded


REPLIES = Counter(
    "lms_replies_total", "Replies by entry and how they ended: whole, or the kind of fault.", ["entry", "end"]
)
FIRST_WORDS = Histogram(
    "lms_first_words_seconds",
    "From asking a worker to its first words.",
    ["entry"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 45),
)

# vLLM's server closes a connection that is idle for 5 s. One that is taken up just then looks like a dead worker.
IDLE_CONNECTION_SECONDS = 2.0

_clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}


def client() -> httpx.AsyncClient:
    """The connection pool of the running event loop. No redirects, no proxies from the environment."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=64, keepalive_expiry=IDLE_CONNECTION_SECONDS
        )
        _clients[loop] = httpx.AsyncClient(
            transport=Guarded(limits=limits, trust_env=False),
            timeout=httpx.Timeout(None, connect=settings.WORKER_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )
    return _clients[loop]


async def close_client() -> None:
    """Close the running loop's pool."""
    pool = _clients.pop(asyncio.get_running_loop(), None)
    if pool:
        await pool.aclose()


async def stream_reply(
    entry_id: int,
    messages: Sequence[Message],
    sampling: Sampling,
    hear: Hear,
    reply: Reply | None = None,
    seat: Seat | None = None,
) -> Reply:
    """Stream one whole reply into `hear`, piece by piece. Raises a WorkerFault if it does not come whole.

    Before the first words, a second worker of the same entry is tried; after them never, and never another entry.
    reply: is filled in and returned, for whoever wants to know of it though it is cancelled. seat: a place that has
    been taken already.
    """
    reply = reply or Reply()
    while True:
        try:
            async with slot(entry_id, without=[worker for worker, _ in reply.tried], seat=seat) as worker:
                reply.worker_id = worker.pk
                await _listen_and_count(worker, messages, sampling, hear, reply)
        except WorkerFault as fault:
            fault.worker_id, fault.tokens = reply.worker_id, reply.tokens
            log.warning("entry %s: %s: %s", entry_id, fault.kind, fault)
            if isinstance(fault, Unreachable):
                # Out of the draw until a probe finds it well again.
                await in_database(Worker.objects.filter(pk=worker.pk).update, healthy=False)
            if reply.length or not isinstance(fault, RETRIED) or len(reply.tried) >= TRIES - 1:
                raise
            tried = [*reply.tried, (worker.pk, fault.kind)]
            if not await _another(entry_id, [worker for worker, _ in tried]):
                raise
            reply.tried = tried
        else:
            return reply


async def _another(entry_id: int, tried: list[int]) -> bool:
    return bool(await healthy_workers(entry_id, without=tried))


async def _listen_and_count(
    worker: Worker, messages: Sequence[Message], sampling: Sampling, hear: Hear, reply: Reply
) -> None:
    """One worker's stream, measured."""
    started, slug = time.monotonic(), worker.entry.slug
    reply.first, reply.tokens, reply.thought = None, 0, 0  # another worker may have thought before it failed

    def hear_first(text: str) -> None:
        if reply.first is None:
            reply.first = time.monotonic() - started
            FIRST_WORDS.labels(slug).observe(reply.first)
        hear(text)

    try:
        await listen(worker, messages, sampling, hear_first, reply)
        if not reply.length:
            raise Spent("thoughts only") if reply.finish == "length" else Speechless("finished without a word")
    except WorkerFault as fault:
        REPLIES.labels(slug, fault.kind).inc()
        await seen(worker.pk, fault)
        raise
    finally:
        reply.seconds = time.monotonic() - started
    REPLIES.labels(slug, "whole").inc()
    await seen(worker.pk, None)


async def listen(worker: Worker, messages: Sequence[Message], sampling: Sampling, hear: Hear, reply: Reply) -> None:
    """One worker's stream to its end. Once a finish_reason has come the reply is whole, whatever follows it."""
    try:
        await _stream(worker, messages, sampling, hear, reply)
    except WorkerFault:
        if not reply.finish:
            raise


class Patience:
    """How long a worker is still waited for, and what it has done wrong when that is over."""

    def __init__(self, clock: asyncio.Timeout) -> None:
        self.clock = clock
        self.end: float | None = None
        self.renewed = 0.0
        self.late: type[WorkerFault] = Silent

    def renew(self) -> None:
        """It has said or thought something."""
        now = asyncio.get_running_loop().time()
        if now - self.renewed < settings.WORKER_IDLE_SECONDS / 50:
            return  # this is asked at every word
        self.renewed = now
        self.end = now + settings.WORKER_TOTAL_SECONDS if self.end is None else self.end
        self.late = Stalled if now + settings.WORKER_IDLE_SECONDS < self.end else Endless
        self.clock.reschedule(min(now + settings.WORKER_IDLE_SECONDS, self.end))

    def cut_short(self) -> None:
        """The reply is whole, but for its count of tokens."""
        self.clock.reschedule(asyncio.get_running_loop().time() + USAGE_SECONDS)


async def _stream(worker: Worker, messages: Sequence[Message], sampling: Sampling, hear: Hear, reply: Reply) -> None:
    """One worker's stream, under the clock: until it says or thinks anything, between, in total."""
    answered = False
    clock = asyncio.timeout(settings.WORKER_FIRST_TOKEN_SECONDS)
    patience = Patience(clock)
    try:
        async with (
            clock,
            client().stream(
                "POST",
                f"{worker.url}/v1/chat/completions",
                json=_body(worker, messages, sampling),
                headers=headers(worker),
            ) as response,
        ):
            answered = True
            _check(response)
            await _hear_out(response, hear, reply, patience)
    except TimeoutError:
        raise patience.late("out of time") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as wrong:
        raise Unreachable(type(wrong).__name__) from wrong
    except httpx.DecodingError as wrong:
        raise Rubbish(type(wrong).__name__) from wrong
    except httpx.TransportError as wrong:
        raise (Broken if answered else Unreachable)(type(wrong).__name__) from wrong


async def _hear_out(response: httpx.Response, hear: Hear, reply: Reply, patience: Patience) -> None:
    async with aclosing(chunks(response.aiter_bytes())) as said:
        async for chunk in said:
            if reply.finish:  # only the count of tokens is still of interest
                reply.count(chunk)
                continue
            reply.add(chunk)
            if max(reply.length, reply.thought) > TEXT_LIMIT:
                raise Endless("too much text")
            if chunk.text:
                hear(chunk.text)
            if chunk.finish_reason:
                reply.finish = chunk.finish_reason[:20]
                patience.cut_short()
            elif chunk.text or chunk.thought:
                patience.renew()


def _check(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise (Declined if response.status_code in {400, 413, 422} else Rejected)(f"status {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "text/event-stream":
        raise Rubbish(f"content type {kind[:60]!r}")


def headers(worker: Worker) -> dict[str, str]:
    return {"Authorization": f"Bearer {worker.key}"} if worker.key else {}


def _body(worker: Worker, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
    """Built by us from nothing a visitor or worker sent: servers accept unknown fields, roles and `n`."""
    body: dict[str, Any] = {
        "model": worker.served_name,
        "messages": list(messages),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if worker.entry.reasoning in {Reasoning.ON, Reasoning.OFF}:
        # As the entry was admitted. Of others nothing is asked: a server may refuse what it does not know.
        thinking = {"enable_thinking": worker.entry.reasoning == Reasoning.ON}
        body["chat_template_kwargs"] = {**(worker.extra_body.get("chat_template_kwargs") or {}), **thinking}
    return {**worker.extra_body, **body}
