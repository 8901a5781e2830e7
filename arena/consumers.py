"""A battle's socket: translates frames, decides nothing. The turns are played on the stage; a socket only watches."""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from time import monotonic
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from arena.battles import battle_of, begin_turn, void_words
from arena.content import clean_prompt
from arena.frames import Asked, Outgoing, Prompt, Resume, Stop, Void, padded, read_frame, refused
from arena.refusals import (
    DATABASE_AWAY,
    BadFrame,
    LeftLine,
    LineIsFull,
    NotAnswering,
    PlaceLost,
    PromptNotAllowed,
    Refusal,
    SiteAway,
    TooMany,
)
from arena.replay import BEFORE_ALL, Piece, Place, ReplayAway, replay
from arena.stage import place_now, shown_pieces, stage
from arena.visitors import socket_cookies, socket_language, voter_id
from arena.watching import NO_CHANNEL, tell_in_task
from inference.database import in_database
from inference.moderation import is_flagged

log = logging.getLogger(__name__)

OUT_OF_LINE = {out.code: out for out in (LineIsFull, LeftLine, PlaceLost)}
FRAMES, PER_SECONDS = 10, 10  # a person does not send more


class BattleConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = NO_CHANNEL

    async def connect(self) -> None:
        self.battle_id: UUID = self.scope["url_route"]["kwargs"]["battle_id"]
        self.watcher: asyncio.Task[None] | None = None
        self.frames: deque[float] = deque(maxlen=FRAMES)
        visitor = voter_id(socket_cookies(self.scope))
        if visitor is None:
            await self.close()  # before accepting: the handshake is answered with 403
            return
        self.voter_id = visitor
        translation.activate(socket_language(self.scope))
        await self.accept()
        try:
            await in_database(battle_of, self.battle_id, self.voter_id)
            # Watching begins with the visitor's first frame: until then it is not known which ticks they have.
            self.now = await place_now(self.battle_id)
        except Refusal as refusal:
            await self.tell(refused(refusal))
            await self.close(code=4000 + refusal.status)
        except DATABASE_AWAY:
            log.warning("a socket was turned away: the database cannot be reached")
            await self.close(code=1013)  # its page tries again

    async def disconnect(self, code: int) -> None:
        if self.watcher:
            self.watcher.cancel()
            # A place in the line is given up at once, the answer that streams is not.
            with suppress(ReplayAway):
                await replay().go(self.battle_id)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            self.spend_frame()
            if text_data is None:
                raise BadFrame
            frame = read_frame(text_data)
            if isinstance(frame, Resume):
                self.watch(frame.after, BEFORE_ALL)
            elif self.watcher is None:
                self.watch(0, self.now)
            match frame:
                case Prompt(text=text):
                    await self.prompt(text)
                case Stop():
                    await self.stop()
        except Refusal as refusal:
            await self.tell(refused(refusal))
        except (*DATABASE_AWAY, ReplayAway):
            log.exception("a frame could not be answered")
            await self.tell(refused(SiteAway()))

    async def prompt(self, text: str) -> None:
        if stage.draining:
            await self.close(code=1012)  # the page comes back to another process, its question in the box
            return
        # From here on there is only the cleaned prompt; the loop's thread has better things to do than clean it.
        prompt = await asyncio.to_thread(clean_prompt, text)
        if await is_flagged(prompt):
            raise PromptNotAllowed
        script = await in_database(begin_turn, battle_id=self.battle_id, voter_id=self.voter_id, prompt=prompt)
        await stage.start(script)
        # Before the first words: the workers are only being asked. Other tabs learn it as they learn of the turn.
        await self.tell(Asked(text=prompt))

    async def stop(self) -> None:
        if not await replay().held(self.battle_id):
            raise NotAnswering
        await replay().ask_stop(self.battle_id)

    def spend_frame(self) -> None:
        """Ten frames in ten seconds, by this socket's own clock."""
        now = monotonic()
        if len(self.frames) == FRAMES and now - self.frames[0] < PER_SECONDS:
            raise TooMany(int(PER_SECONDS - (now - self.frames[0])) + 1)
        self.frames.append(now)

    def watch(self, after: int, place: Place) -> None:
        if self.watcher:
            self.watcher.cancel()
        self.watcher = tell_in_task(self, self.relay(after, place))

    async def relay(self, after: int, place: Place) -> None:
        async for piece in shown_pieces(self.battle_id, after, place):
            if piece.kind == "moved":
                await self.close(code=1012)  # its page tries again, and comes to another process
                return
            await self.send(text_data=padded(words(piece)))

    async def tell(self, frame: Outgoing) -> None:
        await self.send(text_data=frame.model_dump_json())


def words(piece: Piece) -> str:
    """A piece as this visitor reads it."""
    match piece.kind:
        case "void":
            return Void(message=void_words(piece.text)).model_dump_json()
        case "left":
            return refused(OUT_OF_LINE[piece.text]()).model_dump_json()
    return piece.text
