"""The board's socket: the current board at once, then every newer one."""

from functools import partial
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from arena.frames import refused
from arena.refusals import NoSuchSeries
from arena.visitors import socket_cookies, socket_language, voter_id
from arena.watching import NO_CHANNEL, tell_in_task
from inference.database import in_database
from leaderboard.boards import find_series
from leaderboard.broadcast import Watcher, hub


class BoardConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = NO_CHANNEL
    watcher: Watcher | None = None

    async def connect(self) -> None:
        if voter_id(socket_cookies(self.scope)) is None:
            await self.close()  # before accepting: the handshake is answered with 403
            return
        translation.activate(socket_language(self.scope))
        await self.accept()
        asked = parse_qs(self.scope["query_string"].decode("latin-1")).get("series", [""])[0]
        series = await in_database(find_series, asked or None)
        if series:
            self.watcher = await hub().join(series.slug, self.base_send, partial(tell_in_task, self))
        if self.watcher is None:
            await self.send(text_data=refused(NoSuchSeries()).model_dump_json())
            await self.close(code=4404)

    async def disconnect(self, code: int) -> None:
        if self.watcher:
            hub().leave(self.watcher)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A board's watcher has nothing to say; what it says is ignored."""
