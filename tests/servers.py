"""Real servers on loopback for tests: the site and the stand-in worker, each in a thread of the test process."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn

# After which a test that waits is broken. A good one never comes near it, on however busy a machine.
PATIENCE = 300.0


class Server(uvicorn.Server):
    """Ends as soon as it is told to: uvicorn looks ten times a second, and the suite starts hundreds."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110  told from another thread
            await asyncio.sleep(0.01)


@contextmanager
def serving(app: Any, *, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """Serve an ASGI application on a free port; yields its base URL. Ends with everything it started."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        lifespan=lifespan,
        log_level="critical",
        ws_max_size=16 * 1024,
        ws_ping_interval=None,  # who is slow to answer here shares a busy machine, and is not gone
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listening]),), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        assert server.started
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE)
        listening.close()
        assert not thread.is_alive()


def wait_until(true: Any, seconds: float = PATIENCE, *, every: float = 0.02) -> None:
    """Wait for something that must become true soon; the limit only ends a broken test."""
    done = threading.Event()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return
        done.wait(every)
    raise AssertionError("it did not become true")
