"""The two servers that benchmarks/fanout.py measures the hub against; not part of the site.

`bare` is the least a server can do: one loop that sends the same ready text to all sockets. `group` is the usual way
in Channels: every socket is in a group, and each has its handler for each message.
"""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402  needs Django's settings

GROUP = "fanout.peers"
sending: set[Any] = set()


async def bare(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        message = await receive()
        for one in list(sending):
            await one({"type": "websocket.send", "text": message["body"].decode()})
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})
        sending.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        sending.discard(send)


class Grouped(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()
        await self.send(text_data="hello")

    async def board(self, message: dict[str, Any]) -> None:
        await self.send(text_data=message["text"])

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)


group: Any = Grouped.as_asgi()
