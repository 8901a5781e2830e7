"""What was shown of a running battle, so that any viewer, late or come back, gets exactly the rest.

A `Replay` keeps the pieces of each battle, in order. In one process it is a list in memory; where there is Redis, a
Redis stream that every web process reads. Ended turns are in the database: losing a replay loses but the moment.
"""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import redis.asyncio as redis
from django.conf import settings

KEEP_SECONDS = 600
LEASE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A shown frame: the turn it belongs to, the last tick up to and including it, its JSON text.

    Of a void frame, the text is only its fault: the words depend on the viewer's language.
    """

    turn: int
    tick: int
    kind: str
    text: str


class Replay(Protocol):
    async def append(self, battle: UUID, piece: Piece) -> None: ...

    async def read(self, battle: UUID, cursor: str, wait: float) -> tuple[list[Piece], str]:
        """The pieces past the cursor ("" is the beginning), waiting for one at most `wait` seconds."""

    async def end(self, battle: UUID) -> str:
        """The cursor past everything shown so far."""

    async def begin(self, battle: UUID) -> None:
        """Say that this process begins to play a turn: it holds the battle, and no earlier "stop" is meant."""

    async def hold(self, battle: UUID) -> None:
        """Say that this process still plays the battle; repeated while it does."""

    async def release(self, battle: UUID) -> None: ...

    async def held(self, battle: UUID) -> bool:
        """Whether any process says that it plays the battle."""

    async def watch(self, battle: UUID) -> None:
        """Say that somebody looks on; repeated while they do."""

    async def watched(self, battle: UUID) -> bool:
        """Whether somebody has looked on within the time after which a stream is abandoned."""

    async def ask_stop(self, battle: UUID) -> None: ...

    async def close(self) -> None: ...

    async def stop_asked(self, battle: UUID) -> bool: ...


@dataclass(slots=True)
class Shelf:
    pieces: list[Piece] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False
    stop: bool = False
    seen_at: float = 0.0
    touched_at: float = 0.0


class MemoryReplay:
    """For a site in one process."""

    def __init__(self) -> None:
        self.shelves: defaultdict[UUID, Shelf] = defaultdict(Shelf)

    def _shelf(self, battle: UUID) -> Shelf:
        shelf = self.shelves[battle]
        shelf.touched_at = time.monotonic()
        return shelf

    async def append(self, battle: UUID, piece: Piece) -> None:
        shelf = self._shelf(battle)
        shelf.pieces.append(piece)
        shelf.changed.set()
        shelf.changed = asyncio.Event()

    async def read(self, battle: UUID, cursor: str, wait: float) -> tuple[list[Piece], str]:
        shelf = self._shelf(battle)
        start = int(cursor or 0)
        if len(shelf.pieces) <= start:
            try:
                async with asyncio.timeout(wait):
                    await shelf.changed.wait()
            except TimeoutError:
                return [], cursor
        return shelf.pieces[start:], str(len(shelf.pieces))

    async def end(self, battle: UUID) -> str:
        return str(len(self._shelf(battle).pieces))

    async def begin(self, battle: UUID) -> None:
        self._prune()
        self._shelf(battle).stop = False
        await self.hold(battle)

    async def hold(self, battle: UUID) -> None:
        self._shelf(battle).held = True

    async def release(self, battle: UUID) -> None:
        self._shelf(battle).held = False

    async def held(self, battle: UUID) -> bool:
        return self._shelf(battle).held

    async def watch(self, battle: UUID) -> None:
        self._shelf(battle).seen_at = time.monotonic()

    async def watched(self, battle: UUID) -> bool:
        return time.monotonic() - self._shelf(battle).seen_at < settings.ABANDON_SECONDS

    async def ask_stop(self, battle: UUID) -> None:
        self._shelf(battle).stop = True

    async def stop_asked(self, battle: UUID) -> bool:
        return self._shelf(battle).stop

    async def close(self) -> None:
        self.shelves.clear()

    def _prune(self) -> None:
        old = time.monotonic() - KEEP_SECONDS
        for battle in [battle for battle, shelf in self.shelves.items() if shelf.touched_at < old and not shelf.held]:
            del self.shelves[battle]


async def result_of(command: Any) -> Any:
    """A Redis command's result, and then the cancellation if there was one meanwhile.

    redis-py's asyncio client (seen in 8.1) can swallow a cancellation; a task that loops would go on for ever.
    """
    result = await command
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
    return result


class RedisReplay:
    """For several web processes. Keys vanish by themselves."""

    def __init__(self, url: str) -> None:
        # Longer than any wait for the next piece: redis-py gives up on an answer after 5 s by itself.
        self.redis = redis.Redis.from_url(url, decode_responses=True, socket_timeout=3 * LEASE_SECONDS)

    async def append(self, battle: UUID, piece: Piece) -> None:
        key = f"replay:{battle}"
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.xadd(key, {"turn": piece.turn, "tick": piece.tick, "kind": piece.kind, "text": piece.text})
            pipe.expire(key, KEEP_SECONDS)
            await result_of(pipe.execute())

    async def read(self, battle: UUID, cursor: str, wait: float) -> tuple[list[Piece], str]:
        key = f"replay:{battle}"
        found = await result_of(self.redis.xread({key: cursor or "0"}, block=max(1, int(wait * 1000))))
        if not found:
            return [], cursor
        rows = found[0][1] if isinstance(found, list) else found[key][0]
        pieces = [Piece(int(row["turn"]), int(row["tick"]), row["kind"], row["text"]) for _, row in rows]
        return pieces, rows[-1][0]

    async def end(self, battle: UUID) -> str:
        last = await result_of(self.redis.xrevrange(f"replay:{battle}", count=1))
        return last[0][0] if last else ""

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
        await result_of(self.redis.set(f"watched:{battle}", 1, px=int(settings.ABANDON_SECONDS * 1000)))

    async def watched(self, battle: UUID) -> bool:
        return bool(await result_of(self.redis.exists(f"watched:{battle}")))

    async def ask_stop(self, battle: UUID) -> None:
        await result_of(self.redis.set(f"stop:{battle}", 1, ex=KEEP_SECONDS))

    async def stop_asked(self, battle: UUID) -> bool:
        return bool(await result_of(self.redis.exists(f"stop:{battle}")))

    async def close(self) -> None:
        await self.redis.aclose()


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
