"""What starts and ends with a web process: the first probe, the embedded Celery, the open streams."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from celery.beat import EmbeddedService
from celery.worker import WorkController
from django.conf import settings
from django.db import DatabaseError

from arena.replay import close_replay
from arena.stage import stage
from arena.tasks import erase_old
from config.celery import app
from config.metrics import show_metrics
from inference.database import in_database
from inference.line import close_line, line
from inference.probing import probe_all
from inference.replies import close_client
from leaderboard.broadcast import close_hub

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class EmbeddedCelery:
    """A Celery worker and beat as threads of this process: one process is a complete site."""

    def __init__(self) -> None:
        self.worker: WorkController | None = None
        self.thread = threading.Thread(target=self._work, name="celery worker", daemon=True)
        # Of its own, not the worker's: that one would fork, and a fork does not see this process's memory:// broker.
        # It remembers nothing between starts: every task here may as well run at once.
        self.beat: Any = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")

    def start(self) -> None:
        self.thread.start()
        self.beat.start()

    def stop(self) -> None:
        self.beat.stop()
        if self.worker:
            self.worker.stop()
        self.thread.join(timeout=5)

    def _work(self) -> None:
        # Made in its own thread: making it closes database connections, which the event loop's thread must not do.
        self.worker = WorkController(
            app=app,
            pool_cls="solo",
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            quiet=True,
        )
        self.worker.start()


async def first_probe() -> None:
    """Know which workers are well before the first visitor asks. Without a database, be there to say so."""
    try:
        await in_database(probe_all)
    except DatabaseError:
        log.exception("the database cannot be reached; workers are probed again on schedule")


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI lifespan protocol."""
    celery = None
    while True:
        match (await receive())["type"]:
            case "lifespan.startup":
                show_metrics()
                await first_probe()
                line()  # says that it is here before the first visitor asks
                if settings.RUN_CELERY:
                    celery = EmbeddedCelery()
                    celery.start()
                    erase_old.delay()  # beat asks an hour after its start; a laptop may not stay on for so long
                await send({"type": "lifespan.startup.complete"})
            case "lifespan.shutdown":
                await stage.close()
                await close_hub()
                await close_line()
                await close_client()
                await close_replay()
                if celery:
                    await asyncio.to_thread(celery.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return
