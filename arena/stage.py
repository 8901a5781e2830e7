"""The turns that this process plays: started by a visitor's prompt, watched by any number of sockets, ended once.

What was shown passes through the replay, which may be away and may forget. Neither ends a turn that plays.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from django.conf import settings
from prometheus_client import Counter

from arena.battles import (
    BATTLE_SECONDS,
    Script,
    Shown,
    admit_turn,
    cut_sides,
    end_turn,
    waiting_script,
    withdraw_turn,
)
from arena.content import text_of
from arena.frames import Done, Ready, Token
from arena.models import Side, Turn, TurnState
from arena.refusals import DATABASE_AWAY
from arena.replay import AFTER_ALL, BEFORE_ALL, LEASE_SECONDS, Piece, Place, Replay, ReplayAway, replay
from arena.streaming import SideFailed, Voice, play, two_voices
from arena.waiting import OutOfLine, beside, left_piece, wait_in_line
from inference.database import in_database
from inference.faults import NoWorker
from inference.line import Seat, line

log = logging.getLogger(__name__)

ENDS = Counter("lms_turns_total", "Turns played here, by how they ended and what was at fault.", ["state", "fault"])
GUARD_SECONDS = 0.2
AGAIN_SECONDS = 0.5  # after what is away was found so
# A replay that has forgotten everything does not know who plays: they have this long to say so again.
FORGOTTEN_SECONDS = 2.0
LOOK_SECONDS = 0.8
PIECES = 10**9  # no turn has as many; what is said beside one is numbered by the time in milliseconds, which is more
END_SECONDS = BATTLE_SECONDS - 20  # before anybody takes the turn for one that has lost its process


@dataclass(slots=True)
class Acted:
    """What has come of a turn so far. The pieces are for the shelf."""

    shown: Shown = field(default_factory=Shown)
    voices: dict[Side, Voice] = field(default_factory=two_voices)
    pieces: asyncio.Queue[Piece | None] = field(default_factory=asyncio.Queue)


class Stage:
    """One per web process."""

    def __init__(self) -> None:
        self.plays: set[asyncio.Task[None]] = set()
        self.draining = False  # this process is about to end: what plays goes on, nothing new begins here
        self.closing = False

    async def start(self, script: Script, *, again: bool = False) -> None:
        """Play the turn in a task of its own: the socket that asked stays free to hear "stop".

        again: it waited for its places in another process.
        """
        # Held before the next frame is read: a "stop" may come at once.
        with suppress(ReplayAway):
            await replay().begin(script.battle_id)
        task = asyncio.create_task(self._perform(script, again=again), name=f"turn {script.turn_id}")
        self.plays.add(task)
        task.add_done_callback(self.plays.discard)

    async def close(self) -> None:
        """Hang up on every worker and record it; the web process is going away."""
        self.closing = True
        await asyncio.gather(*self.plays, return_exceptions=True)
        self.closing = False

    async def take_over(self, battle_id: UUID) -> bool:
        """Wait on for a turn whose process is gone. False if that is for another process to do."""
        if self.draining or self.closing:
            return False
        script = await in_database(waiting_script, battle_id)
        if script is not None:
            await self.start(script, again=True)
        return True

    async def _perform(self, script: Script, *, again: bool) -> None:
        shelf = replay()
        try:
            seats = await wait_in_line(script, shelf, again=again, leaving=lambda: self.closing or self.draining)
        except OutOfLine as out:
            await self._leave(shelf, script, out.code)
        except NoWorker as fault:
            side = next((side for side in Side if script.entries[side] == fault.entry_id), Side.A)
            act = Acted()
            await self._end(shelf, script, act, TurnState.VOID, fault.kind, side)
            act.pieces.put_nowait(None)
            await write(shelf, script.battle_id, act.pieces)
        else:
            try:
                await self._play(shelf, script, seats)
            finally:
                line().give([seat.name for seat in seats.values()])
        with suppress(ReplayAway):
            await shelf.release(script.battle_id)

    async def _leave(self, shelf: Replay, script: Script, code: str) -> None:
        """Take the turn back, as if it had not been asked; or leave it to the process that comes next."""
        if code and await self._record(script, partial(withdraw_turn, script.turn_id)):
            ENDS.labels("withdrawn", code).inc()
            with suppress(ReplayAway):
                await shelf.append(script.battle_id, left_piece(script, code))

    async def _play(self, shelf: Replay, script: Script, seats: Mapping[int, Seat]) -> None:
        act = Acted()
        writing = asyncio.create_task(write(shelf, script.battle_id, act.pieces))

        def emit(texts: dict[Side, str]) -> None:
            act.shown.add(texts)
            tick = script.first_tick + len(act.shown.ticks) - 1
            frame = Token(tick=tick, a=texts[Side.A], b=texts[Side.B]).model_dump_json()
            act.pieces.put_nowait(Piece((script.number, len(act.shown.ticks)), tick, "token", frame))

        # Beside the first words, which must not wait for it.
        admitting = asyncio.create_task(self._admit(script.turn_id))
        playing = asyncio.create_task(play(script, seats, act.voices, emit))
        guarding = asyncio.create_task(self._guard(shelf, script.battle_id, playing, admitting))
        try:
            await asyncio.wait({playing, guarding}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            playing.cancel()
            played, guarded = await asyncio.gather(playing, guarding, return_exceptions=True)
        if await admitting:
            await self._end(shelf, script, act, *verdict(played, guarded, act.shown))
        act.pieces.put_nowait(None)
        await writing

    async def _admit(self, turn_id: int) -> bool:
        try:
            return await in_database(admit_turn, turn_id)
        except DATABASE_AWAY:
            log.warning("that a turn streams cannot be kept; its end will be")
            return True

    async def _end(self, shelf: Replay, script: Script, act: "Acted", state: TurnState, fault: str, side: str) -> None:
        ENDS.labels(state, fault).inc()
        told = {side: voice.reply for side, voice in act.voices.items()}
        # The database first: whoever sees "ready" may vote at once.
        end = partial(end_turn, script.turn_id, state, act.shown, fault=fault, side=side, told=told)
        if await self._record(script, end):
            cut = [side for side, reply in told.items() if reply.finish == "length"] if state == "complete" else []
            last = (script.number, len(act.shown.ticks))
            for piece in closing_pieces(last, script.first_tick - 1, state, fault, cut):
                act.pieces.put_nowait(piece)

    async def _record(self, script: Script, end: Callable[[], bool]) -> bool:
        """End the turn in the database, when it is there. False if somebody else did, or if there is no time left."""
        while True:
            try:
                return await in_database(end)
            except DATABASE_AWAY:
                log.warning("a turn's end cannot be kept yet; trying again")
            if self.closing:
                return False
            with suppress(ReplayAway):
                await replay().hold(script.battle_id)  # or somebody would take this process for dead
            await asyncio.sleep(AGAIN_SECONDS)

    async def _guard(
        self, shelf: Replay, battle_id: UUID, playing: asyncio.Task[None], admitting: asyncio.Task[bool]
    ) -> str:
        """Returns why the turn must end before it is whole, or "" once it has been played."""
        started = seen_at = time.monotonic()
        while not playing.done():
            await asyncio.wait({playing}, timeout=GUARD_SECONDS)
            if self.closing:
                return "interrupted"
            if admitting.done() and not admitting.result():
                return "elsewhere"
            if time.monotonic() - started > END_SECONDS:
                return "endless"
            watched = True  # until a replay that can be asked says otherwise
            with suppress(ReplayAway):
                await shelf.hold(battle_id)
                if await shelf.stop_asked(battle_id):
                    return "stopped"
                watched = await shelf.watched(battle_id)
            if watched:
                seen_at = time.monotonic()
            elif time.monotonic() - seen_at > settings.ABANDON_SECONDS / 3:
                return "abandoned"
        return ""


async def write(shelf: Replay, battle_id: UUID, pieces: asyncio.Queue[Piece | None]) -> None:
    """Put what is shown on the shelf, in order. Never cancelled: what is kept as shown has been shown.

    Whatever the shelf has lost is put there again. At the end that is tried for a last time: the database has it then.
    """
    shown: list[Piece] = []
    there = 0  # how many of them are on the shelf
    more = True
    while more:
        piece = None
        try:
            async with asyncio.timeout(AGAIN_SECONDS):
                piece = await pieces.get()
                more = piece is not None
        except TimeoutError:
            there = max(0, there - 1)  # the last again: if what was before it is gone, the shelf says so
        if piece:
            shown.append(piece)
        with suppress(ReplayAway):
            while there < len(shown):
                there = there + 1 if await shelf.append(battle_id, shown[there]) else 0


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


def closing_pieces(last: Place, tick: int, state: str, fault: str, cut: Sequence[str] = ()) -> list[Piece]:
    """The frames that end a turn, after its last piece. A void one carries its fault; the socket finds the words.

    cut: the sides that the limit of tokens ended.
    """
    turn, number = last
    if state == TurnState.VOID:
        # An erased turn has no pieces of its own any more, and a viewer may have seen many.
        place = AFTER_ALL if fault == "erased" else (turn, number + 1)
        return [Piece(place, tick + number, "void", fault)]
    frames: list[Done | Ready] = [Done(side="a", cut="a" in cut), Done(side="b", cut="b" in cut), Ready()]
    return [
        Piece((turn, number + place), tick + number, frame.type, frame.model_dump_json())
        for place, frame in enumerate(frames, 1)
    ]


def kept_pieces(turns: Sequence[Turn]) -> list[Piece]:
    """What ended turns showed, rebuilt from the database, tick for tick as it was."""
    pieces: list[Piece] = []
    ended = [turn for turn in turns if turn.ended_at is not None]
    for turn in ended:
        a, b = text_of(turn.reply_a), text_of(turn.reply_b)
        from_a = from_b = 0
        for number, (of_a, of_b) in enumerate(turn.ticks, 1):
            tick = turn.first_tick + number - 1
            frame = Token(tick=tick, a=a[from_a : from_a + of_a], b=b[from_b : from_b + of_b]).model_dump_json()
            from_a, from_b = from_a + of_a, from_b + of_b
            pieces.append(Piece((turn.number, number), tick, "token", frame))
    if ended and ended[-1] is turns[-1]:
        # Only the last turn's end is told: frames name no turn, and would be taken for one that streams.
        last = ended[-1]
        pieces += closing_pieces(
            (last.number, len(last.ticks)), last.first_tick - 1, last.state, last.fault, cut_sides(last)
        )
    return pieces


async def shown_pieces(battle_id: UUID, after: int, place: Place) -> AsyncIterator[Piece]:
    """What is shown of a battle past a tick and past a place: from the database, then live.

    It goes on for follow-ups, until the battle is void or its text is erased. "moved": this process is about to end,
    and the viewer finds in another one what waits.
    """
    whole, waits = False, False  # whether the viewer has been told of the last turn's end; whether it is in the line
    came_at = beside(0)[1]
    found, live = await kept(battle_id)
    while True:
        for number, piece in enumerate(found, 1):
            if piece.kind in {"gone", "moved"}:
                if piece.kind == "moved":
                    yield piece
                return
            if piece.place > place:
                place, whole, waits = piece.place, piece.kind in {"ready", "void", "left"}, piece.kind == "queued"
                if tells(piece, after, came_at, last=number == len(found)):
                    yield piece
                if piece.kind == "void":
                    return
        place = max(place, live)
        found, live = await more_pieces(battle_id, place, whole=whole, waits=waits)


def tells(piece: Piece, after: int, came_at: int, *, last: bool) -> bool:
    """Whether a viewer is told. Of the line only what is true now, and nothing of what was before they came."""
    match piece.kind:
        case "token":
            return piece.tick > after
        case "queued":
            return last
        case "left":
            return piece.place[1] >= came_at
    return True


async def more_pieces(battle_id: UUID, place: Place, *, whole: bool, waits: bool) -> tuple[list[Piece], Place]:
    """What comes past a place, waited for on the shelf; where it has nothing, what the database has by now."""
    shelf = replay()
    try:
        await shelf.watch(battle_id)
        # Who is in the line says often that they are there: another viewer of the same may just have gone.
        found = await shelf.read(battle_id, place, LOOK_SECONDS if waits else patience())
        if found or whole or (waits and await shelf.held(battle_id)):
            return found, BEFORE_ALL
        if not await rescue(battle_id):
            return [Piece(AFTER_ALL, 0, "moved", "")], BEFORE_ALL
    except ReplayAway:
        # The database has a turn as soon as it has ended.
        await asyncio.sleep(AGAIN_SECONDS)
        if whole:
            return [], BEFORE_ALL
    except DATABASE_AWAY:
        # Who plays goes on without it. So does who looks on, or the turn would be taken for one that nobody awaits.
        return [], BEFORE_ALL
    return await kept(battle_id)


def patience() -> float:
    return min(LEASE_SECONDS, settings.ABANDON_SECONDS / 4)


async def kept(battle_id: UUID) -> tuple[list[Piece], Place]:
    """What ended turns showed, and the place before the turn that streams or waits, if one does."""
    turns = await in_database(lambda: list(Turn.objects.filter(battle_id=battle_id)))
    if not turns or turns[-1].ended_at is not None:
        return kept_pieces(turns), BEFORE_ALL
    waits = turns[-1].state == TurnState.WAITING
    return kept_pieces(turns), (turns[-1].number - 1, PIECES) if waits else (turns[-1].number, 0)


async def place_now(battle_id: UUID) -> Place:
    """Past all turns that have ended, and past what was said of the line."""
    ended = await in_database(Turn.objects.filter(battle_id=battle_id, ended_at__isnull=False).count)
    return beside(ended + 1)


async def rescue(battle_id: UUID) -> bool:
    """See to a turn whose process is gone: one that waits, waits on here, False if it cannot.

    One that streamed is ended: what was shown is kept, the turn is void, its prompt can be offered again.
    """
    turn = await in_database(Turn.objects.filter(battle_id=battle_id, ended_at=None).first)
    if turn is None or await held_for_sure(battle_id):
        return True
    if turn.state == TurnState.WAITING:
        return await stage.take_over(battle_id)
    shown = Shown()
    shelved = await replay().read(battle_id, (turn.number, 0), 0.01)
    for piece in (piece for piece in shelved if piece.kind == "token"):
        frame = Token.model_validate_json(piece.text)
        shown.add({Side.A: frame.a, Side.B: frame.b})
    if await in_database(end_turn, turn.pk, TurnState.VOID, shown, fault="interrupted"):
        for piece in closing_pieces(
            (turn.number, len(shown.ticks)), turn.first_tick - 1, TurnState.VOID, "interrupted"
        ):
            await replay().append(battle_id, piece)
    return True


async def held_for_sure(battle_id: UUID) -> bool:
    """Whether some process plays the battle, even if the replay has just forgotten which."""
    if await replay().held(battle_id):
        return True
    await asyncio.sleep(FORGOTTEN_SECONDS)
    return await replay().held(battle_id)


stage = Stage()
