"""Who goes next: both places or neither, in order, and nobody is held up by who came later."""

import asyncio

import pytest

from inference import line as lines
from inference import load, routing
from inference.faults import NoWorker
from inference.line import LineFull, close_line, forecast, line, who_goes
from inference.load import Hold, MemoryLoad, Record, Ticket
from inference.models import Entry, Worker
from tests.servers import PATIENCE

ALDER, BIRCH, CEDAR, ELM = 1, 2, 3, 4
# One worker an entry, with the entry's number times ten.
STAFF = {entry: {entry * 10: 2} for entry in (ALDER, BIRCH, CEDAR, ELM)}


def waiting(*pairs):
    return [(f"{number}", Ticket(float(number), pair)) for number, pair in enumerate(pairs)]


def going(*pairs, taken, staff=STAFF):
    return sorted(who_goes(waiting(*pairs), staff, taken))


def test_both_places_are_taken_or_neither():
    assert who_goes(waiting((ALDER, BIRCH)), STAFF, {}) == {"0": (10, 20)}
    assert going((ALDER, BIRCH), taken={20: 2}) == []


def test_whoever_comes_later_leaves_a_place_to_those_before_who_wait_for_the_same_entry():
    full = {20: 2, 10: 1}
    assert going((ALDER, BIRCH), (ALDER, CEDAR), taken=full) == []
    # Nobody before waits for Cedar or Elm; and of Alder there are two places, one for each.
    assert going((ALDER, BIRCH), (CEDAR, ELM), taken=full) == ["1"]
    assert going((ALDER, BIRCH), (ALDER, CEDAR), taken={20: 2}) == ["1"]


def test_many_who_wait_for_one_small_entry_hold_no_more_places_of_another_than_they_can_use():
    staff = STAFF | {BIRCH: {20: 1}}
    crowd = [(ALDER, BIRCH)] * 5
    assert going(*crowd, (ALDER, CEDAR), taken={20: 1}, staff=staff) == ["5"]
    assert going(*crowd, (ALDER, CEDAR), taken={20: 1, 10: 1}, staff=staff) == []


def test_an_entry_without_a_worker_holds_up_nobody_who_waits_for_others():
    assert going((ALDER, BIRCH), (ALDER, CEDAR), (ALDER, CEDAR), taken={}, staff=STAFF | {BIRCH: {}}) == ["1", "2"]


def test_a_worker_that_failed_somebody_is_not_theirs_again():
    staff = {ALDER: {10: 1, 11: 1}}
    again = [("0", Ticket(0.0, (ALDER,), without=(10,)))]
    assert who_goes(again, staff, {}) == {"0": (11,)}
    assert who_goes(again, staff, {11: 1}) == {}


def test_the_estimate_counts_what_runs_and_who_comes_before():
    now = 1000.0
    holds = {f"{entry}{n}": Hold(entry * 10, entry, now - 4 * n) for entry in (ALDER, BIRCH) for n in range(2)}
    line_ = dict(waiting((ALDER, BIRCH), (ALDER, BIRCH), (ALDER, BIRCH), (CEDAR, ELM)))
    record = Record(now, 0, holds, line_, seconds=dict.fromkeys(STAFF, 10.0))
    assert forecast(record, STAFF) == {"0": 6.0, "1": 10.0, "2": 16.0, "3": 0.0}


@pytest.fixture
def entries(contest, monkeypatch):
    """Alder and Birch with one place each, Cedar with two; of a Redis that may have begun this second all is known."""
    monkeypatch.setattr(load, "FORGOTTEN_SECONDS", -1.0)  # of two times rounded, either may be the later
    Worker.objects.update(slots=1)
    Worker.objects.filter(entry__slug="cedar").update(slots=2)
    return dict(Entry.objects.values_list("slug", "pk"))


def run(coroutine):
    async def and_close():
        try:
            return await asyncio.wait_for(coroutine, PATIENCE)
        finally:
            await close_line()

    return asyncio.run(and_close())


async def until(true):
    while not true():  # noqa: ASYNC110  told from many places
        await asyncio.sleep(0.01)


class Guest:
    """Somebody who asks for a place with two entries, and keeps it until told to go."""

    def __init__(self, pair, asked_at, **options):
        self.told = []
        self.served = asyncio.Event()
        self.leave = asyncio.Event()
        self.stay = asyncio.create_task(self._stay(pair, asked_at, options))

    async def _stay(self, pair, asked_at, options):
        tell = lambda place, seconds: self.told.append((place, seconds))  # noqa: E731
        one, name = line(), f"guest:{asked_at}"
        seats = await one.wait_for(pair, name=name, asked_at=asked_at, tell=tell, **options)
        self.served.set()
        await self.leave.wait()
        one.give([seat.name for seat in seats.values()])

    async def go(self):
        self.leave.set()
        await self.stay


def test_those_who_wait_are_served_in_order_and_told_their_place(entries, monkeypatch):
    monkeypatch.setattr(lines, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(lines, "TELL_SHARE", 0.0)
    pair = entries["alder"], entries["birch"]

    async def three_come():
        first, second, third = (Guest(pair, float(number)) for number in (1, 2, 3))
        await first.served.wait()
        await until(lambda: second.told and third.told)
        assert (second.told[0][0], third.told[0][0]) == (1, 2)
        await first.go()
        await second.served.wait()
        assert not third.served.is_set()
        await until(lambda: third.told[-1][0] == 1)
        third.stay.cancel()
        await second.go()
        assert line().waiters == {}
        assert line().holds == {}
        return [place for place, _ in third.told]

    told = run(three_come())
    assert told == sorted(told, reverse=True)


def test_who_comes_when_the_line_is_full_is_turned_away_unless_it_is_their_turn(entries):
    pair = entries["alder"], entries["birch"]

    async def too_many_come():
        guests = [Guest(pair, float(number), limit=1) for number in (1, 2)]
        await guests[0].served.wait()
        with pytest.raises(LineFull):
            await Guest(pair, 3.0, limit=1).stay
        lucky = Guest((entries["cedar"], entries["dogwood"]), 4.0, limit=1)
        await lucky.served.wait()
        for guest in (*guests, lucky):
            await guest.go()

    run(too_many_come())


def test_an_entry_without_a_worker_is_told_at_once_and_one_that_loses_it_is_waited_for(entries, monkeypatch):
    monkeypatch.setattr(lines, "WORKERLESS_SECONDS", 0.6)
    monkeypatch.setattr(routing, "OLD_SECONDS", 0.0)
    pair = entries["alder"], entries["birch"]

    async def lose_it():
        first, second = Guest(pair, 1.0), Guest(pair, 2.0)
        await first.served.wait()
        await asyncio.to_thread(Worker.objects.filter(entry=entries["birch"]).update, healthy=False)
        with pytest.raises(NoWorker):
            await Guest(pair, 3.0).stay
        assert not second.stay.done()
        with pytest.raises(NoWorker) as why:
            await second.stay
        assert why.value.entry_id == entries["birch"]
        await first.go()

    run(lose_it())


def test_for_a_moment_the_line_goes_by_the_workers_it_knows_and_then_learns_of_others(entries, monkeypatch):
    monkeypatch.setattr(routing, "FRESH_SECONDS", 1000.0)
    monkeypatch.setattr(routing, "OLD_SECONDS", 1000.0)
    pair = entries["alder"], entries["birch"]

    async def come_and_go(asked_at):
        guest = Guest(pair, asked_at)
        await guest.served.wait()
        await guest.go()

    async def lose_them():
        await come_and_go(1.0)
        await asyncio.to_thread(Worker.objects.update, healthy=False)
        await come_and_go(2.0)
        monkeypatch.setattr(routing, "FRESH_SECONDS", 0.0)
        await come_and_go(3.0)  # not held up by the question, which is asked now
        await line().roster.close()
        with pytest.raises(NoWorker):
            await Guest(pair, 4.0).stay

    run(lose_them())


class Contested(MemoryLoad):
    """A record of which another process takes something just before us, once; somebody else asks meanwhile."""

    def __init__(self, ask):
        super().__init__()
        self.ask = ask

    async def take(self, version, holds, ticket):
        if self.ask:
            self.ask, ask = None, self.ask
            ask()
            await asyncio.sleep(0)
            return False
        return await super().take(version, holds, ticket)


def test_whoever_asks_while_two_processes_take_places_is_not_told_that_there_is_no_worker(entries):
    async def meet():
        guests = []
        others = entries["cedar"], entries["dogwood"]
        line().load = Contested(lambda: guests.append(Guest(others, 2.0)))
        guests.append(Guest((entries["alder"], entries["birch"]), 1.0))
        await guests[0].served.wait()
        await guests[1].served.wait()
        for guest in guests:
            await guest.go()

    run(meet())
