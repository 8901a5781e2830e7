"""A turn in the line: it waits for a place with both of its entries, tells who looks on how long, and may be left.

Its row is there from the beginning, in the state "waiting". So a reload shows the question and keeps the place, and
when the process that waits for it is gone, another takes it over with the place it had (arena/stage.py).
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings

from arena.battles import Script, keep_waiting
from arena.frames import Queued
from arena.refusals import DATABASE_AWAY
from arena.replay import Piece, Place, Replay, ReplayAway
from inference.database import in_database
from inference.line import LineFull, Seat, line

GUARD_SECONDS = 0.5
# A reload is faster; whoever is gone for longer makes room for the next within two seconds.
GONE_SECONDS = 1.3
SAY_SECONDS = 30.0


class OutOfLine(Exception):
    """The turn waits here no more. `code` says why; empty: another process shall take it over."""

    def __init__(self, code: str) -> None:
        super().__init__(code or "handed over")
        self.code = code


def beside(turn: int) -> Place:
    """A place for what is said of a turn before its first piece: after all of the turn before, ordered by time."""
    return turn - 1, time.time_ns() // 1_000_000


async def wait_in_line(script: Script, shelf: Replay, *, again: bool, leaving: Callable[[], bool]) -> dict[int, Seat]:
    """A place with both entries. Raises OutOfLine, and NoWorker when one of them has no worker any more.

    again: it has been let in before, and is not turned away when the line is full.
    """
    told: list[Queued] = []
    asking = asyncio.create_task(
        line().wait_for(
            list(script.entries.values()),
            name=f"turn:{script.turn_id}",
            asked_at=script.asked_at,
            limit=0 if again else settings.LINE_PLACES,
            tell=lambda place, seconds: told.append(Queued(place=place, seconds=seconds)),
        )
    )
    guarding = asyncio.create_task(guard(script, shelf, asking, told, leaving))
    try:
        await asyncio.wait({asking, guarding}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asking.cancel()
        asked, guarded = await asyncio.gather(asking, guarding, return_exceptions=True)
    if isinstance(asked, dict):
        return asked
    if isinstance(asked, LineFull):
        raise OutOfLine("line_full")
    if isinstance(asked, Exception):
        raise asked
    if isinstance(guarded, BaseException):
        raise guarded
    raise OutOfLine(guarded)


async def guard(
    script: Script,
    shelf: Replay,
    asking: "asyncio.Task[dict[int, Seat]]",
    told: list[Queued],
    leaving: Callable[[], bool],
) -> str:
    """Tell the place in the line as it changes. Returns why the turn leaves the line; "": it waits elsewhere."""
    said_at = seen_at = time.monotonic()
    while not asking.done():
        await asyncio.wait({asking}, timeout=GUARD_SECONDS)
        if leaving():
            return ""
        now = time.monotonic()
        here = True  # until a replay that can be asked says otherwise
        with suppress(ReplayAway):
            if told:
                await shelf.append(script.battle_id, queued_piece(script, told[-1]))
                told.clear()
            attendance = await shelf.attend(script.battle_id)
            if attendance.stop:
                return "left_line"
            here = attendance.here
        if here:
            seen_at = now
        elif now - seen_at > GONE_SECONDS:
            return "place_lost"
        if now - said_at > SAY_SECONDS:
            said_at = now
            with suppress(*DATABASE_AWAY):
                await in_database(keep_waiting, script.turn_id)
    return ""


def queued_piece(script: Script, frame: Queued) -> Piece:
    return Piece(beside(script.number), script.first_tick - 1, "queued", frame.model_dump_json())


def left_piece(script: Script, code: str) -> Piece:
    return Piece(beside(script.number), script.first_tick - 1, "left", code)
