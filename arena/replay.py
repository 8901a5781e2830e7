"""What was shown of a running battle, so that any viewer, late or come back, gets exactly the rest.

A `Replay` keeps the pieces of each battle, in order. In one process it is a list in memory; where there is Redis, a
Redis stream that every web process reads. Redis may be away, and may lose what it had: whoever plays puts it there
again. Ended turns are in the database: losing a replay loses but the moment.
"""

import asyncio
import time
from bisect import bisect_right
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol
from uuid import UUID

import redis.asyncio as redis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

KEEP_SECONDS = 600
LEASE_SECONDS = 5

Place = tuple[int, int]  # a turn's number, and the number of a piece in it, both from 1
BEFORE_ALL: Place = (0, 0)
BESIDE = {"queued", "left"}  # what is said of a turn before it has pieces of its own
AFTER_ALL: Place = (2**31, 1)  # nothing comes after it: neither list nor Redis takes a piece of an earlier place


class ReplayAway(Exception):
    """What was shown cannot be read or written at the moment. The words say why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A shown frame: its place in the battle, the last tick up to and including it, its JSON text.

    Of a void frame, the text is only its fault: the words depend on the viewer's language. A piece of the kind "gone"
    is no frame: it ends what can be watched; "left" is the code of the refusal with which a turn went out of the line.
    """

    place: Place
    tick: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """stop: as `stop_asked` says. here: somebody looks on, and nobody has gone whose place nobody has taken since."""

    stop: bool
    here: bool


class Replay(Protocol):
    """Where Redis keeps it, everything but `close` raises ReplayAway."""

    async def append(self, battle: UUID, piece: Piece) -> bool:
        """Add a piece, once however often it is tried. False if what its turn had shown before is gone.

        Of a forgotten battle nothing is taken any more.
        """

    async def forget(self, battle: UUID, last: Piece) -> None:
        """Drop all that was shown, end what plays, and show nothing after `last`, whose place is AFTER_ALL."""

    async def read(self, battle: UUID, after: Place, wait: float) -> list[Piece]:
        """The pieces past a place, waiting for one at most `wait` seconds."""

    async def begin(self, battle: UUID) -> None:
        """Say that this process begins to play a turn: it holds the battle, and no earlier "stop" is meant."""

    async def hold(self, battle: UUID) -> None:
        """Say that this process still plays the battle; repeated while it does."""

    async def release(self, battle: UUID) -> None: ...

    async def held(self, battle: UUID) -> bool:
        """Whether any process says that it plays the battle."""

    async def watch(self, battle: UUID) -> None:
        """Say that somebody looks on; repeated while they do."""

    async def go(self, battle: UUID) -> None:
        """Say that a viewer went away; the next `watch`, of whoever is left, takes it back."""

    async def attend(self, battle: UUID) -> Attendance:
        """`hold`, and all that whoever waits for a place must know, at once: there may be hundreds of them."""

    async def watched(self, battle: UUID) -> bool:
        """Whether somebody has looked on within the time after which a stream is abandoned."""

    async def ask_stop(self, battle: UUID) -> None: ...

    async def stop_asked(self, battle: UUID) -> bool:
        """Whether what plays shall end: somebody pressed stop, or the battle is forgotten."""

    async def close(self) -> None: ...


@dataclass(slots=True)
class Shelf:
    pieces: list[Piece] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    forgotten: bool = False
    held: bool = False
    stop: bool = False
    gone: bool = False
    seen_at: float = 0.0
    touched_at: float = 0.0


class MemoryReplay:
    """For a site in one process."""

    def __init__(self) -> None:
        self.shelves: defaultdict[UUID, Shelf] = defaultdict(Shelf)
        self.pruning: asyncio.TimerHandle | None = None

    def _shelf(self, battle: UUID) -> Shelf:
        shelf = self.shelves[battle]
        shelf.touched_at = time.monotonic()
        if self.pruning is None:
            self._prune_later()
        return shelf

    async def append(self, battle: UUID, piece: Piece) -> bool:
        shelf = self._shelf(battle)
        if not shelf.pieces or shelf.pieces[-1].place < piece.place:
            shelf.pieces.append(piece)
            shelf.changed.set()
            shelf.changed = asyncio.Event()
        return True

    async def forget(self, battle: UUID, last: Piece) -> None:
        shelf = self._shelf(battle)
        shelf.pieces, shelf.forgotten = [], True
        await self.append(battle, last)

    async def read(self, battle: UUID, after: Place, wait: float) -> list[Piece]:
        shelf = self._shelf(battle)
        if not shelf.pieces or shelf.pieces[-1].place <= after:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await shelf.changed.wait()
        return shelf.pieces[bisect_right(shelf.pieces, after, key=attrgetter("place")) :]

    async def begin(self, battle: UUID) -> None:
        self._shelf(battle).stop = False
        await self.hold(battle)

    async def hold(self, battle: UUID) -> None:
        self._shelf(battle).held = True

    async def release(self, battle: UUID) -> None:
        self._shelf(battle).held = False

    async def held(self, battle: UUID) -> bool:
        return self._shelf(battle).held

    async def watch(self, battle: UUID) -> None:
        shelf = self._shelf(battle)
        shelf.seen_at, shelf.gone = time.monotonic(), False

    async def go(self, battle: UUID) -> None:
        self._shelf(battle).gone = True

    async def attend(self, battle: UUID) -> Attendance:
        await self.hold(battle)
        here = await self.watched(battle) and not self._shelf(battle).gone
        return Attendance(await self.stop_asked(battle), here)

    async def watched(self, battle: UUID) -> bool:
        return time.monotonic() - self._shelf(battle).seen_at < watch_seconds()

    async def ask_stop(self, battle: UUID) -> None:
        self._shelf(battle).stop = True

    async def stop_asked(self, battle: UUID) -> bool:
        shelf = self._shelf(battle)
        return shelf.stop or shelf.forgotten

    async def close(self) -> None:
        self.shelves.clear()
        if self.pruning:
            self.pruning.cancel()

    def _prune_later(self) -> None:
        self.pruning = asyncio.get_running_loop().call_later(KEEP_SECONDS / 10, self._prune)

    def _prune(self) -> None:
        old = time.monotonic() - KEEP_SECONDS
        for battle in [battle for battle, shelf in self.shelves.items() if shelf.touched_at < old and not shelf.held]:
            del self.shelves[battle]
        # By the clock and not by the next prompt: on a quiet site words would stay for days.
        self.pruning = None
        if self.shelves:
            self._prune_later()


async def result_of(command: Any) -> Any:
    """A Redis command's result, and then the cancellation if there was one meanwhile. Raises ReplayAway.

    redis-py's asyncio client (seen in 8.1) can swallow a cancellation; a task that loops would go on for ever.
    """
    try:
        result = await command
    except (RedisError, OSError) as why:
        raise ReplayAway(str(why)) from why
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
    return result


class RedisReplay:
    """For several web processes. Keys vanish by themselves."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=2,
            # Longer than any wait for the next piece.
            socket_timeout=LEASE_SECONDS + 2,
            # A connection that Redis has dropped is made anew at once. Longer waits are ours: see arena/stage.py.
            retry=Retry(NoBackoff(), 1),
            # Every viewer waits on one of its own, and redis-py's pool ends at 100.
            max_connections=10_000,
        )

    async def append(self, battle: UUID, piece: Piece) -> bool:
        key = f"replay:{battle}"
        async with self.redis.pipeline(transaction=False) as pipe:
            # Only the first piece of a turn may begin a stream: for any other, one must be there, or was lost.
            pipe.xadd(
                key, contents(piece), id=id_of(piece.place), nomkstream=piece.place[1] > 1 and piece.kind not in BESIDE
            )
            pipe.expire(key, KEEP_SECONDS)
            added, expires = await result_of(pipe.execute(raise_on_error=False))
        if isinstance(added, ResponseError) and "equal or smaller" in str(added):
            return True  # added before, when its answer did not come through
        for answer in (added, expires):
            if isinstance(answer, Exception):
                raise ReplayAway(str(answer)) from answer
        return added is not None

    async def forget(self, battle: UUID, last: Piece) -> None:
        key = f"replay:{battle}"
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.set(f"forgotten:{battle}", 1, ex=KEEP_SECONDS)
            pipe.delete(key)
            pipe.xadd(key, contents(last), id=id_of(last.place))
            pipe.expire(key, KEEP_SECONDS)
            await result_of(pipe.execute())

    async def read(self, battle: UUID, after: Place, wait: float) -> list[Piece]:
        key = f"replay:{battle}"
        found = await result_of(self.redis.xread({key: id_of(after)}, block=max(1, int(wait * 1000))))
        if not found:
            return []
        rows = found[0][1] if isinstance(found, list) else found[key][0]
        return [Piece(place_of(name), int(row["tick"]), row["kind"], row["text"]) for name, row in rows]

    async def begin(self, battle: UUID) -> None:
        await result_of(self.redis.delete(f"stop:{battle}"))
        await self.hold(battle)

    async def hold(self, battle: UUID) -> None:
        await result_of(self.redis.set(f"held:{battle}", 1, ex=LEASE_SECONDS))

    async def release(self, battle: UUID) -> None:
        await result_of(self.redis.delete(f"held:{battle}"))

    async def held(self, battle: UUID) -> bool:
        return bool(await result_of(self.redis.exists(f"held:{battle}")))

    async def watch(self, battle: UUID) -> None:
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.set(f"watched:{battle}", 1, px=int(watch_seconds() * 1000))
            pipe.delete(f"gone:{battle}")
            await result_of(pipe.execute())

    async def go(self, battle: UUID) -> None:
        await result_of(self.redis.set(f"gone:{battle}", 1, ex=LEASE_SECONDS))

    async def attend(self, battle: UUID) -> Attendance:
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.set(f"held:{battle}", 1, ex=LEASE_SECONDS)
            pipe.exists(f"stop:{battle}", f"forgotten:{battle}")
            pipe.exists(f"watched:{battle}")
            pipe.exists(f"gone:{battle}")
            _, stop, watched, gone = await result_of(pipe.execute())
        return Attendance(bool(stop), bool(watched) and not gone)

    async def watched(self, battle: UUID) -> bool:
        return bool(await result_of(self.redis.exists(f"watched:{battle}")))

    async def ask_stop(self, battle: UUID) -> None:
        await result_of(self.redis.set(f"stop:{battle}", 1, ex=KEEP_SECONDS))

    async def stop_asked(self, battle: UUID) -> bool:
        return bool(await result_of(self.redis.exists(f"stop:{battle}", f"forgotten:{battle}")))

    async def close(self) -> None:
        await self.redis.aclose()


def contents(piece: Piece) -> Any:
    """A piece as the fields of an entry in a stream. Its place is the entry's id."""
    return {"tick": piece.tick, "kind": piece.kind, "text": piece.text}


def id_of(place: Place) -> str:
    """The place as the id of a Redis stream: Redis keeps the order, and takes none twice."""
    return f"{place[0]}-{place[1]}"


def place_of(name: str) -> Place:
    turn, _, number = name.partition("-")
    return int(turn), int(number)


def watch_seconds() -> float:
    """How long one `watch` holds. A third of the patience is left to say it again after it was lost."""
    return settings.ABANDON_SECONDS * 2 / 3


_replays: dict[asyncio.AbstractEventLoop, Replay] = {}


def replay() -> Replay:
    """The running event loop's replay; a web process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _replays:
        _replays[loop] = RedisReplay(settings.REDIS_URL) if settings.REDIS_URL else MemoryReplay()
    return _replays[loop]


async def close_replay() -> None:
    """Let go of the running loop's replay."""
    old = _replays.pop(asyncio.get_running_loop(), None)
    if old:
        await old.close()
