"""The turns that this process plays: started by a visitor's prompt, watched by any number of sockets, ended once."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from arena.battles import BATTLE_SECONDS, Script, Shown, end_turn
from arena.content import text_of
from arena.frames import Done, Ready, Token, letter
from arena.models import Side, Turn, TurnState
from arena.replay import LEASE_SECONDS, Piece, Replay, replay
from arena.streaming import SideFailed, play

log = logging.getLogger(__name__)

GUARD_SECONDS = 0.2


class Stage:
    """One per web process."""

    def __init__(self) -> None:
        self.plays: set[asyncio.Task[None]] = set()
        self.draining = False  # this process is about to end: what plays goes on, nothing new begins here
        self.closing = False

    async def start(self, script: Script) -> None:
        """Play the turn in a task of its own: the socket that asked stays free to hear "stop"."""
        # Held before the next frame is read: a "stop" may come at once.
        await replay().begin(script.battle_id)
        task = asyncio.create_task(self._perform(script), name=f"turn {script.turn_id}")
        self.plays.add(task)
        task.add_done_callback(self.plays.discard)

    async def close(self) -> None:
        """Hang up on every worker and record it; the web process is going away."""
        self.closing = True
        await asyncio.gather(*self.plays, return_exceptions=True)
        self.closing = False

    async def _perform(self, script: Script) -> None:
        shelf = replay()
        await shelf.watch(script.battle_id)
        shown = Shown()
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        writing = asyncio.create_task(write(shelf, script.battle_id, pieces))

        def emit(side: Side, text: str) -> None:
            shown.add(side, text)
            tick = script.first_tick + len(shown.ticks) - 1
            frame = Token(tick=tick, side=letter(side), text=text).model_dump_json()
            pieces.put_nowait(Piece(script.number, tick, "token", frame))

        playing = asyncio.create_task(play(script, emit))
        guarding = asyncio.create_task(self._guard(shelf, script.battle_id, playing))
        try:
            await asyncio.wait({playing, guarding}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            playing.cancel()
            played, guarded = await asyncio.gather(playing, guarding, return_exceptions=True)
        state, fault, side = verdict(played, guarded, shown)
        # The database first: whoever sees "ready" may vote at once.
        await database_sync_to_async(end_turn)(script.turn_id, state, shown, fault=fault, side=side)
        for piece in closing_pieces(script.number, script.first_tick + len(shown.ticks) - 1, state, fault):
            pieces.put_nowait(piece)
        pieces.put_nowait(None)
        await writing
        await shelf.release(script.battle_id)

    async def _guard(self, shelf: Replay, battle_id: UUID, playing: asyncio.Task[None]) -> str:
        """Returns why the turn must end before it is whole, or "" once it has been played."""
        started = time.monotonic()
        while not playing.done():
            await asyncio.wait({playing}, timeout=GUARD_SECONDS)
            await shelf.hold(battle_id)
            if self.closing:
                return "interrupted"
            if await shelf.stop_asked(battle_id):
                return "stopped"
            if not await shelf.watched(battle_id):
                return "abandoned"
            if time.monotonic() - started > BATTLE_SECONDS:
                return "endless"
        return ""


async def write(shelf: Replay, battle_id: UUID, pieces: asyncio.Queue[Piece | None]) -> None:
    """Put what is shown on the shelf, in order. Never cancelled: what is kept as shown has been shown."""
    while (piece := await pieces.get()) is not None:
        await shelf.append(battle_id, piece)


def verdict(played: object, guarded: object, shown: Shown) -> tuple[TurnState, str, str]:
    """How the turn ended: its state, and for what is not complete the fault and the side that failed."""
    if played is None:
        return TurnState.COMPLETE, "", ""
    if isinstance(played, SideFailed):
        return TurnState.VOID, played.fault.kind, played.side.value
    if isinstance(guarded, str) and guarded:
        both_shown = all(shown.text.values())
        whole = both_shown and guarded in {"stopped", "abandoned"}
        return (TurnState.STOPPED if whole else TurnState.VOID), guarded, ""
    broken = next((why for why in (played, guarded) if isinstance(why, Exception)), None)
    log.error("a turn broke", exc_info=broken)
    return TurnState.VOID, "interrupted", ""


def closing_pieces(turn: int, tick: int, state: str, fault: str) -> list[Piece]:
    """The frames that end a turn. A void one carries its fault; the viewer's socket finds the words."""
    if state == TurnState.VOID:
        return [Piece(turn, tick, "void", fault)]
    frames: list[Done | Ready] = [Done(side="a"), Done(side="b"), Ready()]
    return [Piece(turn, tick, frame.type, frame.model_dump_json()) for frame in frames]


def ended_pieces(turns: Sequence[Turn], after: int) -> list[Piece]:
    """What ended turns showed after a tick, rebuilt from the database, tick for tick as it was."""
    pieces: list[Piece] = []
    for turn in turns:
        texts = {"a": text_of(turn.reply_a), "b": text_of(turn.reply_b)}
        for tick, (side, length) in enumerate(turn.ticks, turn.first_tick):
            text, texts[side] = texts[side][:length], texts[side][length:]
            if tick > after:
                frame = Token(tick=tick, side=letter(side), text=text).model_dump_json()
                pieces.append(Piece(turn.number, tick, "token", frame))
    return pieces


async def shown_pieces(battle_id: UUID, after: int | None, cursor: str) -> AsyncIterator[Piece]:
    """What is shown of a battle past a tick, for ever: from the database, then live. None: only what comes from now.

    cursor: where the live part begins if `after` is None.
    """
    known = 0
    if after is not None:
        cursor = ""
        turns = [turn async for turn in Turn.objects.filter(battle_id=battle_id)]
        ended = [turn for turn in turns if turn.state != TurnState.STREAMING]
        for piece in ended_pieces(ended, after):
            yield piece
        if ended and ended[-1] is turns[-1]:
            # Only the last turn's end is told: frames name no turn, and would be taken for one that streams.
            last = ended[-1].first_tick + len(ended[-1].ticks) - 1
            for piece in closing_pieces(ended[-1].number, last, ended[-1].state, ended[-1].fault):
                yield piece
        known = ended[-1].number if ended else 0
    shelf = replay()
    wait = min(LEASE_SECONDS, settings.ABANDON_SECONDS / 3)
    while True:
        await shelf.watch(battle_id)
        pieces, cursor = await shelf.read(battle_id, cursor, wait)
        for piece in pieces:
            if piece.turn > known and (piece.kind != "token" or piece.tick > (after or 0)):
                yield piece
        if not pieces:
            await rescue(battle_id)


async def rescue(battle_id: UUID) -> None:
    """End a turn whose process died: what was shown is kept, the turn is void, its prompt can be offered again."""
    shelf = replay()
    # A turn just begun may not be held yet.
    begun = timezone.now() - timedelta(seconds=LEASE_SECONDS)
    turn = await Turn.objects.filter(battle_id=battle_id, state=TurnState.STREAMING, started_at__lt=begun).afirst()
    if turn is None or await shelf.held(battle_id):
        return
    pieces, _ = await shelf.read(battle_id, "", 0.01)
    shown = Shown()
    for piece in pieces:
        if piece.turn == turn.number and piece.kind == "token":
            frame = Token.model_validate_json(piece.text)
            shown.add(Side(frame.side), frame.text)
    if await database_sync_to_async(end_turn)(turn.pk, TurnState.VOID, shown, fault="interrupted"):
        last = turn.first_tick + len(shown.ticks) - 1
        await shelf.append(battle_id, Piece(turn.number, last, "void", "interrupted"))


stage = Stage()
