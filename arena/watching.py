"""The task through which a socket is told what happens, and what becomes of the socket when it breaks."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

log = logging.getLogger(__name__)

# The alias of no channel layer. Our sockets are told by tasks of their own; with a channel each, as Channels gives
# them by default, none could open while Redis is away.
NO_CHANNEL = "none"


def tell_in_task(consumer: AsyncWebsocketConsumer, telling: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run what tells the socket. If it breaks, the socket closes: the page comes back and resumes.

    A break must never look like silence. Only a visitor who went away in the middle of a send is no break.
    """
    task = asyncio.create_task(telling)

    def ended(task: asyncio.Task[None]) -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None and not isinstance(fault, OSError):
            log.error("%s broke", task.get_coro(), exc_info=fault)
            closing.append(asyncio.create_task(consumer.close(code=1011)))

    closing: list[asyncio.Task[None]] = []  # a task that nobody holds may vanish
    task.add_done_callback(ended)
    return task
