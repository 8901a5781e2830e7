"""Who works on what, and who waits for it: the one record that all web processes share.

A hold is a place taken on a worker; a ticket is somebody who waits for places. Each belongs to a process, which says
every second that it still has it: what a killed process had is free after LEASE_SECONDS. In one process the record is
two dictionaries; where there is Redis, keys that every process reads. Only taking needs the record to be as it was
seen: whatever else changes makes room.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import redis.asyncio as redis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

LEASE_SECONDS = 5.0
RENEW_SECONDS = 1.0
# Redis that has lost everything does not know what is taken: for so long nothing is, and everybody says it again.
FORGOTTEN_SECONDS = 2 * RENEW_SECONDS
REMEMBERED = 20  # so many of an entry's last replies make its usual length


class LoadAway(Exception):
    """The shared record cannot be reached. The words say why."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A place taken on a worker, since when by the record's clock."""

    worker: int
    entry: int
    since: float


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody who waits for a place with each of these entries at once, in the order of asking."""

    asked_at: float
    entries: tuple[int, ...]
    without: tuple[int, ...] = ()  # workers that have failed them already


@dataclass(frozen=True, slots=True)
class Record:
    """What there was at one moment."""

    now: float
    version: int
    holds: Mapping[str, Hold]
    line: Mapping[str, Ticket]
    seconds: Mapping[int, float] = field(default_factory=dict)  # how long an entry's replies usually take
    processes: int = 1
    whole: bool = True  # False: it may have forgotten holds, and nothing may be taken


class Load(Protocol):
    """Where Redis keeps it, everything raises LoadAway."""

    async def look(self, holds: Mapping[str, Hold], line: Mapping[str, Ticket]) -> Record:
        """Say what this process has, and learn what everybody has."""

    async def take(self, version: int, holds: Mapping[str, Hold], ticket: str) -> bool:
        """Turn a ticket into holds. False if anybody has taken anything since that version was seen."""

    async def drop(self, names: Collection[str], took: Mapping[int, Iterable[float]]) -> None:
        """Give back holds and tickets. took: entry -> how many seconds its replies took that ended with them."""

    async def close(self) -> None: ...


class MemoryLoad:
    """For a site in one process: what that process has is everything."""

    def __init__(self) -> None:
        self.version = 0
        self.usual: dict[int, tuple[float, int]] = {}

    async def look(self, holds: Mapping[str, Hold], line: Mapping[str, Ticket]) -> Record:
        usual = {entry: mean for entry, (mean, _) in self.usual.items()}
        return Record(time.time(), self.version, dict(holds), dict(line), usual)

    async def take(self, version: int, holds: Mapping[str, Hold], ticket: str) -> bool:
        if version != self.version:
            return False
        self.version += 1
        return True

    async def drop(self, names: Collection[str], took: Mapping[int, Iterable[float]]) -> None:
        for entry, seconds in took.items():
            for one in seconds:
                mean, number = self.usual.get(entry, (0.0, 0))
                number = min(number + 1, REMEMBERED)
                self.usual[entry] = (mean + (one - mean) / number, number)

    async def close(self) -> None: ...


KEYS = [f"load:{name}" for name in ("holds", "line", "leases", "processes", "usual", "version", "since")]

# Redis does one script at a time, whole. The names of holds and tickets never meet, and share their leases.
NAMES = """
local holds, line, leases, processes, usual, version, since = unpack(KEYS)
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
"""
LOOK = f"""{NAMES}
local own, lease = cjson.decode(ARGV[1]), tonumber(ARGV[2])
redis.call('SET', since, now, 'NX')
for name, hold in pairs(own.holds) do
  -- Said again after it was lost: whoever has looked meanwhile does not know of it.
  if redis.call('HSETNX', holds, name, hold) == 1 then redis.call('INCR', version) end
  redis.call('ZADD', leases, now + lease, name)
end
for name, ticket in pairs(own.line) do
  redis.call('HSETNX', line, name, ticket)
  redis.call('ZADD', leases, now + lease, name)
end
redis.call('ZADD', processes, now + lease, own.process)
redis.call('ZREMRANGEBYSCORE', processes, '-inf', now)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
  redis.call('HDEL', holds, name)
  redis.call('HDEL', line, name)
  redis.call('ZREM', leases, name)
end
return {{
  tostring(now), redis.call('GET', version) or '0', redis.call('GET', since), redis.call('ZCARD', processes),
  redis.call('HGETALL', holds), redis.call('HGETALL', line), redis.call('HGETALL', usual)
}}
"""
TAKE = f"""{NAMES}
if (redis.call('GET', version) or '0') ~= ARGV[1] then return 0 end
for name, hold in pairs(cjson.decode(ARGV[2])) do
  redis.call('HSET', holds, name, hold)
  redis.call('ZADD', leases, now + tonumber(ARGV[4]), name)
end
redis.call('HDEL', line, ARGV[3])
redis.call('ZREM', leases, ARGV[3])
redis.call('INCR', version)
return 1
"""
DROP = f"""{NAMES}
for _, name in ipairs(cjson.decode(ARGV[1])) do
  redis.call('HDEL', holds, name)
  redis.call('HDEL', line, name)
  redis.call('ZREM', leases, name)
end
for _, took in ipairs(cjson.decode(ARGV[2])) do
  local known = redis.call('HGET', usual, took[1])
  local mean, number = 0, 0
  if known then mean, number = unpack(cjson.decode(known)) end
  number = math.min(number + 1, tonumber(ARGV[3]))
  redis.call('HSET', usual, took[1], cjson.encode({{mean + (took[2] - mean) / number, number}}))
end
"""


class RedisLoad:
    """For several web processes."""

    def __init__(self, url: str) -> None:
        self.process = secrets.token_hex(8)
        self.redis = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=1,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 1),
        )
        self.scripts = {name: self.redis.register_script(text) for name, text in SCRIPTS.items()}

    async def look(self, holds: Mapping[str, Hold], line: Mapping[str, Ticket]) -> Record:
        own = {"process": self.process, "holds": written(holds), "line": written(line)}
        now, version, since, processes, held, waiting, usual = await self._run("look", json.dumps(own), LEASE_SECONDS)
        return Record(
            now=float(now),
            version=int(version),
            holds={name: Hold(**json.loads(text)) for name, text in pairs(held)},
            line={name: ticket_of(text) for name, text in pairs(waiting)},
            seconds={int(entry): json.loads(text)[0] for entry, text in pairs(usual)},
            processes=int(processes),
            whole=float(now) - float(since) >= FORGOTTEN_SECONDS,
        )

    async def take(self, version: int, holds: Mapping[str, Hold], ticket: str) -> bool:
        return bool(await self._run("take", version, json.dumps(written(holds)), ticket, LEASE_SECONDS))

    async def drop(self, names: Collection[str], took: Mapping[int, Iterable[float]]) -> None:
        ended = [[entry, seconds] for entry, every in took.items() for seconds in every]
        await self._run("drop", json.dumps(list(names)), json.dumps(ended), REMEMBERED)

    async def close(self) -> None:
        await self.redis.aclose()

    async def _run(self, script: str, *arguments: Any) -> Any:
        try:
            result = await self.scripts[script](keys=KEYS, args=arguments)
        except (RedisError, OSError) as why:
            raise LoadAway(str(why)) from why
        # redis-py's asyncio client (seen in 8.1) can swallow a cancellation; a task that loops would go on for ever.
        task = asyncio.current_task()
        if task and task.cancelling():
            raise asyncio.CancelledError
        return result


SCRIPTS = {"look": LOOK, "take": TAKE, "drop": DROP}


def written(rows: Mapping[str, Hold | Ticket]) -> dict[str, str]:
    return {name: json.dumps(asdict(row)) for name, row in rows.items()}


def ticket_of(text: str) -> Ticket:
    row = json.loads(text)
    return Ticket(row["asked_at"], tuple(row["entries"]), tuple(row["without"]))


def pairs(flat: list[str]) -> list[tuple[str, str]]:
    """What HGETALL gives inside a script: name, value, name, value."""
    return list(zip(flat[::2], flat[1::2], strict=True))


def make_load() -> Load:
    return RedisLoad(settings.REDIS_URL) if settings.REDIS_URL else MemoryLoad()
