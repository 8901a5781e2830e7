"""How fast one web process gets a board to 2,000 sockets, next to the least a server can do and to the usual way.

Three servers of the same options: a bare loop that sends ready text, the site with its hub, and a Channels group on
production's layer (Redis pub/sub). A round sends some boards to each in turn, the next when all sockets have the last.
Ours is driven as in production: a board is stored and announced, and the hub reads and encodes it.

Run: DATABASE_URL=postgres://… REDIS_URL=redis://… python -m benchmarks.fanout
"""

import asyncio
import json
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import Queue, get_context
from typing import Any

import httpx
import uvloop
from asgiref.sync import async_to_sync

from benchmarks.sites import Server, fresh_site, needs, uvicorn_of

SOCKETS = 2000
BOARDS = 10
ROUNDS = 5
SPAWN = get_context("spawn")


class Watcher(asyncio.Protocol):
    """One socket, as cheap as it can be: counts what it is sent, answers pings, keeps nothing."""

    def __init__(self, request: bytes, heard: Callable[[], None]) -> None:
        self.request, self.heard = request, heard
        self.buffer = bytearray()
        self.open = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open:
            head, end, rest = bytes(self.buffer).partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.open, self.buffer = True, bytearray(rest)
        while (frame := self.next_frame()) is not None:
            code, payload = frame
            if code == 1:
                self.heard()
            elif code == 9:
                self.transport.write(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)

    def next_frame(self) -> tuple[int, bytes] | None:
        buffer = self.buffer
        if len(buffer) < 4:
            return None
        length, start = buffer[1], 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4], "big"), 4
        if len(buffer) < start + length:
            return None
        code, payload = buffer[0] & 15, bytes(buffer[start : start + length])
        del buffer[: start + length]
        return code, payload


def watch(port: int, cookie: str, complete: "Queue[float]") -> None:
    """Open the sockets, and say each time when all of them have heard one more message."""
    heard = 0

    def hear() -> None:
        nonlocal heard
        heard += 1
        if heard % SOCKETS == 0:
            complete.put(time.perf_counter())

    request = (
        f"GET /ws/board HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()

    async def connect_all() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(0, SOCKETS, 50):
            await asyncio.gather(
                *(loop.create_connection(lambda: Watcher(request, hear), "127.0.0.1", port) for _ in range(50))
            )
        await asyncio.Event().wait()

    uvloop.run(connect_all())


@dataclass
class Watched:
    """A server with its sockets, and the way to send them something."""

    server: Server
    complete: "Queue[float]"
    push: Callable[[], None]

    def send_boards(self) -> tuple[float, float]:
        """Messages a second, and microseconds of the server's processor a message."""
        before, seconds = self.server.cpu_seconds(), 0.0
        for _ in range(BOARDS):
            start = time.perf_counter()
            self.push()
            seconds += self.complete.get(timeout=60) - start
        messages = SOCKETS * BOARDS
        return messages / seconds, 1e6 * (self.server.cpu_seconds() - before) / messages


@contextmanager
def watched(application: str, site: dict[str, str], cookie: str, push: Callable[[Server], None]) -> Iterator[Watched]:
    with uvicorn_of(application, site) as server:
        complete: Queue[float] = SPAWN.Queue()
        sockets = SPAWN.Process(target=watch, args=(server.port, cookie, complete), daemon=True)
        sockets.start()
        try:
            complete.get(timeout=120)  # every server greets
            yield Watched(server, complete, lambda: push(server))
        finally:
            sockets.terminate()
            sockets.join()


def measure(site: dict[str, str]) -> None:
    import django  # noqa: PLC0415  the environment comes first

    os.environ.update(site)
    django.setup()
    from arena.visitors import SIGNER  # noqa: PLC0415
    from benchmarks.peers import GROUP  # noqa: PLC0415
    from inference.models import Entry  # noqa: PLC0415
    from leaderboard.boards import board, publish_board  # noqa: PLC0415
    from leaderboard.broadcast import announce, channel_layer  # noqa: PLC0415
    from leaderboard.counting import stored  # noqa: PLC0415
    from leaderboard.models import Folded  # noqa: PLC0415

    folded = Folded.objects.select_related("series__round").get()
    names = dict(Entry.objects.values_list("slug", "name"))
    text = json.dumps({"type": "board", **(board() or {})}, ensure_ascii=False, separators=(",", ":"))

    def push_bare(server: Server) -> None:
        httpx.post(f"http://127.0.0.1:{server.port}/", content=text, timeout=60, trust_env=False)

    def push_ours(server: Server) -> None:
        running = stored(folded, folded.series.round)
        publish_board(folded.series, folded, running.fit(apart=True), names, intervals=running.intervals)
        announce(folded.series.slug)

    def push_group(server: Server) -> None:
        async_to_sync(channel_layer().group_send)(GROUP, {"type": "board", "text": text})

    cookie = f"visitor={SIGNER.sign('00000000-0000-4000-8000-000000000000')}"
    with ExitStack() as started:
        servers = [
            started.enter_context(watched(application, site, cookie, push))
            for application, push in (
                ("benchmarks.peers:bare", push_bare),
                ("config.asgi:application", push_ours),
                ("benchmarks.peers:group", push_group),
            )
        ]
        rounds = [[server.send_boards() for server in servers] for _ in range(ROUNDS + 1)][1:]
    (bare, bare_cpu), (ours, our_cpu), (group, group_cpu) = (
        [statistics.median(one) for one in zip(*server, strict=True)] for server in zip(*rounds, strict=True)
    )
    print(f"a board of {len(text.encode())} bytes to {SOCKETS} sockets, {ROUNDS} rounds of {BOARDS}, medians:")
    print(f"  messages a second: {ours:.0f}, {ours / bare:.2f} of a bare loop's {bare:.0f} (goal .80)")
    print(f"    and {ours / group:.1f} × those of a Channels group on Redis pub/sub, {group:.0f} (goal 5)")
    print(f"  the server's processor: {our_cpu:.0f} µs a message; bare {bare_cpu:.0f}, group {group_cpu:.0f}")


def main() -> None:
    needs("DATABASE_URL", "REDIS_URL")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * SOCKETS), hard))
    with fresh_site() as site:
        measure(site)


if __name__ == "__main__":
    main()
