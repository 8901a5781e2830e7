"""From a stored board to every open browser: one hub per web process, each board encoded once.

An announcement says only "look again". The hub looks, and hands all watchers of a series the same text; a slow one
skips boards, it never queues them.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import BaseChannelLayer, channel_layers
from django.conf import settings
from django.db import Error
from redis.exceptions import RedisError

from inference.database import in_database
from leaderboard.boards import board, edition

log = logging.getLogger(__name__)

GROUP = "boards"
# Announcements may be lost, boards may not; and without Redis, a command's process has no way to announce.
LOOK_ANYWAY_SECONDS = 2.0
AT_ONCE = 100  # sockets; then the loop carries streams and other visitors for a moment


def channel_layer() -> BaseChannelLayer:
    return channel_layers[DEFAULT_CHANNEL_LAYER]


Message = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]
InTask = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Watcher:
    """One socket's view of a series: it is sent the newest board there is, and one at a time."""

    def __init__(self, series: str, send: Send, in_task: InTask) -> None:
        self.series = series
        self._send = send
        self._in_task = in_task
        self._newest: Message | None = None
        self._sending = False
        self._task: asyncio.Task[None] | None = None

    def show(self, board: Message) -> None:
        """Send a board at once. A socket that is still taking an earlier one gets the newest there is after that."""
        self._newest = board
        if self._sending:
            return
        # A socket that keeps up takes the board without waiting; a task for each would cost more than the sending.
        sending = self._catch_up()
        try:
            awaited = sending.send(None)
        except StopIteration:
            return
        except Exception as fault:  # noqa: BLE001  one socket's trouble must not reach the others
            self._task = self._in_task(_break(fault))
        else:
            self._task = self._in_task(_go_on(sending, awaited))

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _catch_up(self) -> None:
        self._sending = True
        while self._newest is not None:
            board, self._newest = self._newest, None
            await self._send(board)
        self._sending = False


async def _break(fault: Exception) -> None:
    raise fault


async def _go_on(started: Coroutine[Any, Any, None], awaited: Any) -> None:
    """The rest of a coroutine that has been started by hand and awaits something. (Python 3.12 has eager tasks.)"""
    await _Started(started, awaited)


@dataclass(frozen=True, slots=True)
class _Started:
    coroutine: Coroutine[Any, Any, None]
    awaited: Any

    def __await__(self) -> Generator[Any, Any, None]:
        try:
            yield self.awaited
        except BaseException:
            self.coroutine.close()
            raise
        yield from self.coroutine.__await__()


class Hub:
    """Watches for boards on behalf of all sockets of this event loop."""

    def __init__(self) -> None:
        self.watchers: dict[str, set[Watcher]] = {}
        self.shown: dict[str, tuple[str, Message]] = {}
        self._news = asyncio.Event()
        self._looking = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._look_for_ever())]
        if settings.REDIS_URL:
            self._tasks.append(asyncio.create_task(self._listen()))

    async def join(self, series: str, send: Send, in_task: InTask) -> Watcher | None:
        """A watcher that is sent the current board at once; None if there is no board.

        in_task: runs what cannot be sent at once, and looks after the socket if that breaks.
        """
        if series not in self.shown:
            await self._look(series)
        if series not in self.shown:
            return None
        watcher = Watcher(series, send, in_task)
        self.watchers.setdefault(series, set()).add(watcher)
        watcher.show(self.shown[series][1])
        return watcher

    def leave(self, watcher: Watcher) -> None:
        watcher.stop()
        watching = self.watchers.get(watcher.series, set())
        watching.discard(watcher)
        if not watching:
            # Nobody keeps this board fresh any more: the next to join looks anew.
            self.watchers.pop(watcher.series, None)
            self.shown.pop(watcher.series, None)

    def look_again(self) -> None:
        """From any thread: there may be news."""
        # An event set from another thread would not wake an idle loop.
        with suppress(RuntimeError):  # the loop has closed: nobody is watching
            self._loop.call_soon_threadsafe(self._news.set)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        # Not for ever: redis-py can swallow a cancellation.
        await asyncio.wait(self._tasks, timeout=2)

    async def _look_for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_ANYWAY_SECONDS):
                    await self._news.wait()
            self._news.clear()
            for series in list(self.watchers):
                try:
                    await self._look(series)
                except Error:
                    log.exception("board of %s could not be read; looking again later", series)

    async def _look(self, series: str) -> None:
        # One at a time: of two, the earlier may come back last, and a board be sent twice or an older one after it.
        async with self._looking:
            await self._look_alone(series)

    async def _look_alone(self, series: str) -> None:
        known = self.shown[series][0] if series in self.shown else None
        found = await in_database(newer_board, series, known)
        if found is None:
            return
        told, shown = found
        text = json.dumps({"type": "board", **shown}, ensure_ascii=False, separators=(",", ":"))
        message = {"type": "websocket.send", "text": text}
        self.shown[series] = (told, message)
        for count, watcher in enumerate(list(self.watchers.get(series, ())), 1):
            watcher.show(message)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _listen(self) -> None:
        """Announcements of other processes."""
        while True:
            try:
                layer = channel_layer()
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    await layer.receive(channel)
                    self._news.set()
            except (RedisError, OSError):
                log.warning("announcements cannot be heard; the hub looks every %s s", LOOK_ANYWAY_SECONDS)
                await asyncio.sleep(1)


def newer_board(series: str, known: str | None) -> tuple[str, dict[str, Any]] | None:
    """What is served of a series, and what stands for it; None if that is the known one.

    By more than the number: a round moves on while its board stands still.
    """
    told = edition(series)
    found = board(series) if told and told != known else None
    return (told, found) if told and found else None


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The running loop's hub, made when first asked for."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


async def close_hub() -> None:
    """Stop the running loop's hub."""
    old = _hubs.pop(asyncio.get_running_loop(), None)
    if old:
        await old.close()


def announce(series: str) -> None:
    """Tell every web process that a series has a new board. After the commit; never an error for who wrote it."""
    for local in list(_hubs.values()):
        local.look_again()
    if settings.REDIS_URL:
        try:
            async_to_sync(channel_layer().group_send)(GROUP, {"type": "look", "series": series})
        except (RedisError, OSError):
            log.warning("board of %s could not be announced; hubs find it within %s s", series, LOOK_ANYWAY_SECONDS)
