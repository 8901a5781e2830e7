"""A bad line between a visitor and the site: it cuts connections after so many bytes of the answer."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.servers import PATIENCE

ALL = 10**9  # bytes


@dataclass
class BadLine:
    """`allowed(asked)` says by its first request how many bytes of a connection's answers come through."""

    host: str
    port: int
    allowed: Callable[[bytes], int]
    url: str = ""
    swallowed: list[bytes] = field(default_factory=list)  # the block at which each connection was cut
    ends: set[asyncio.StreamWriter] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        self.ends |= ends
        with suppress(OSError):  # the visitor, or the site, has hung up
            asked = await reader.read(65536)
            site_reader, site_writer = await asyncio.open_connection(self.host, self.port)
            ends.add(site_writer)
            self.ends |= ends
            site_writer.write(asked)
            asking = asyncio.create_task(forward(reader, site_writer))
            await self.answer(site_reader, writer, self.allowed(asked))
            asking.cancel()
        for end in ends:
            end.transport.abort()
        self.ends -= ends

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int) -> None:
        while block := await reader.read(65536):
            writer.write(block[:left])
            left -= len(block)
            if left < 0:
                self.swallowed.append(block)
                return
            await writer.drain()

    async def hang_up(self, server: asyncio.Server) -> None:
        server.close()
        for end in self.ends:
            end.transport.abort()
        while self.ends:  # noqa: ASYNC110  each takes itself out
            await asyncio.sleep(0.01)


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()


@contextmanager
def bad_line(to: str, allowed: Callable[[bytes], int]) -> Iterator[BadLine]:
    """A proxy in front of the site, in a thread of its own."""
    parts = urlsplit(to)
    line = BadLine(parts.hostname or "", parts.port or 80, allowed)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(line.carry, "127.0.0.1", 0))
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        asyncio.run_coroutine_threadsafe(line.hang_up(server), loop).result(timeout=PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0.05))  # aborted transports close in the loop's next rounds
        loop.close()
