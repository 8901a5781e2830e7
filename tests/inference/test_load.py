"""What several web processes know of each other's places: Redis keeps it, forgets the dead, and may itself be away."""

import asyncio
import os

import pytest

from inference import load
from inference.load import Hold, RedisLoad, Ticket
from tests.servers import PATIENCE

pytestmark = pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="one process knows its own places")


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


async def emptied():
    """Two processes' records, on a Redis that knows nothing of them yet."""
    one, two = RedisLoad(os.environ["REDIS_URL"]), RedisLoad(os.environ["REDIS_URL"])
    await one.redis.delete(*load.KEYS)
    await one.redis.set("load:since", 0)  # as if it had been there for long
    return one, two


HOLD = Hold(worker=7, entry=1, since=100.0)
TICKET = Ticket(asked_at=5.0, entries=(1, 2))


def test_each_sees_what_the_other_has_and_only_one_takes_what_both_saw():
    async def both_take():
        one, two = await emptied()
        await one.look({}, {"ticket": TICKET})
        seen = await two.look({}, {"other": TICKET})
        assert (seen.processes, seen.line) == (2, {"ticket": TICKET, "other": TICKET})
        assert await one.take(seen.version, {"hold": HOLD}, "ticket")
        assert not await two.take(seen.version, {"second": HOLD}, "other")
        seen = await two.look({}, {})
        assert (seen.holds, seen.line) == ({"hold": HOLD}, {"other": TICKET})
        for seconds in (2.0, 4.0):
            await one.drop(["hold"], {1: [seconds]})
        await two.drop(["other"], {})
        seen = await one.look({}, {})
        assert (seen.holds, seen.line, seen.seconds) == ({}, {}, {1: 3.0})
        await one.close()
        await two.close()

    run(both_take())


def test_what_a_killed_process_had_is_free_within_seconds_and_what_redis_lost_is_said_again(monkeypatch):
    monkeypatch.setattr(load, "LEASE_SECONDS", 2.0)
    monkeypatch.setattr(load, "FORGOTTEN_SECONDS", 2.0)

    async def one_dies():
        one, two = await emptied()
        await one.look({"hold": HOLD}, {"ticket": TICKET})
        assert (await two.look({}, {})).holds == {"hold": HOLD}
        await asyncio.sleep(2.1)
        seen = await two.look({}, {})
        assert (seen.holds, seen.line, seen.processes) == ({}, {}, 1)

        await two.redis.delete(*load.KEYS)
        seen = await two.look({}, {})
        assert not seen.whole  # somebody else may have places that they have not said again
        told = await one.look({"hold": HOLD}, {})
        assert told.version > seen.version
        assert not await two.take(seen.version, {"second": HOLD}, "other")
        await asyncio.sleep(2.1)
        assert (await two.look({}, {})).whole
        await one.close()
        await two.close()

    run(one_dies())
