"""Who goes next: a battle needs a place with both of its entries, and those who wait for one are served in order.

Both places are taken together or neither, so that nobody holds one while waiting for the other. Somebody further back
goes first only where that delays nobody before them who waits for the same entry (`who_goes`). The record of places and
of the line is shared by all web processes (inference/load.py); each serves its own visitors from it.

When Redis is away, each process goes by what it has itself, and by its share of every worker: its places divided by
the number of processes, at least one. What the others had taken when Redis went counts on, for half the time in which a
reply may wait. So nobody is lost, and a worker gets more than its places only where it has fewer than there are
processes, or for as long as replies last that outlive that time.
"""

import asyncio
import logging
import secrets
import time
from collections import Counter as Multiset
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace
from math import ceil

from django.conf import settings
from django.db import DatabaseError
from prometheus_client import Gauge, Histogram

from inference.faults import Busy, NoWorker
from inference.load import RENEW_SECONDS, Hold, Load, LoadAway, Record, RedisLoad, Ticket, make_load
from inference.models import Worker
from inference.routing import Roster, least_loaded

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25  # whoever waits looks again so often: other processes give places back, workers turn healthy
TELL_SECONDS, TELL_SHARE = 1.0, 0.05  # who waits for long is told less often: after a twentieth of the wait
TRIES = 5  # to take what another process may take at the same moment
UNKNOWN_SECONDS = 20.0  # a reply of an entry that has not answered yet
# Somebody in the line whose entry has no worker any more waits so long for one: a probe comes every 10 s.
WORKERLESS_SECONDS = 30.0

LENGTH = Gauge("lms_line_length", "How many battles wait for a place, on all web processes together.")
WAITED = Histogram(
    "lms_line_seconds",
    "How long battles waited for their two places.",
    buckets=(0.1, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640),
)

Places = Mapping[int, int]  # worker -> how many replies it may work on at once
Staff = Mapping[int, Places]  # entry -> its workers
Tell = Callable[[int, int], None]  # hears one's place in the line, and in how many seconds it may be one's turn


class LineFull(Exception):
    """So many wait already that nobody more may. `seconds`: until there may be room."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the line is full for {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Seat:
    """A place taken on a worker."""

    name: str
    worker: Worker


@dataclass(slots=True)
class Waiter:
    """Somebody in the line whom this process serves."""

    ticket: Ticket
    limit: int
    tell: Tell | None
    seats: asyncio.Future[dict[int, Seat]]
    place: int = 0
    told: tuple[int, int] = (0, 0)
    told_at: float = 0.0
    workerless_at: float | None = None


def in_order(line: Mapping[str, Ticket]) -> list[tuple[str, Ticket]]:
    return sorted(line.items(), key=lambda one: (one[1].asked_at, one[0]))


def who_goes(line: Iterable[tuple[str, Ticket]], staff: Staff, taken: Mapping[int, int]) -> dict[str, tuple[int, ...]]:
    """Those in the line whose turn it is, and on which worker of each of their entries.

    Whoever cannot go yet has a claim on a place of both entries, which nobody behind them may take: the place must be
    there when the other one is. Claims for the sake of one other entry count only up to what that entry could ever let
    in at once.
    """
    taken = Multiset(taken)
    claims: Multiset[int] = Multiset()
    claimed: Multiset[tuple[int, int]] = Multiset()
    going: dict[str, tuple[int, ...]] = {}

    def room(entry: int) -> int:
        return sum(max(0, places - taken[worker]) for worker, places in staff.get(entry, {}).items()) - claims[entry]

    for name, ticket in line:
        chosen = [least_loaded(without(staff.get(entry, {}), ticket.without), taken) for entry in ticket.entries]
        workers = tuple(worker for worker in chosen if worker is not None)
        if len(workers) == len(ticket.entries) and all(room(entry) > 0 for entry in ticket.entries):
            going[name] = workers
            taken.update(workers)
            continue
        for entry, other in zip(ticket.entries, reversed(ticket.entries), strict=True):
            if claimed[entry, other] < sum(staff.get(other, {}).values()):
                claimed[entry, other] += 1
                claims[entry] += 1
    return going


def without(places: Places, failed: Collection[int]) -> Places:
    return {worker: number for worker, number in places.items() if worker not in failed} if failed else places


def forecast(record: Record, staff: Staff) -> dict[str, float]:
    """In how many seconds each in the line will have its places, if replies take as long as they usually do."""
    running: defaultdict[int, list[float]] = defaultdict(list)
    for hold in record.holds.values():
        usual = record.seconds.get(hold.entry, UNKNOWN_SECONDS)
        # One that has already taken longer than usual may end at any moment, and may not.
        running[hold.entry].append(max(usual - (record.now - hold.since), usual / 4))
    free: dict[int, list[float]] = {}
    for entry in {entry for ticket in record.line.values() for entry in ticket.entries}:
        places = max(1, sum(staff.get(entry, {}).values()))
        busy = sorted(running[entry])[-places:]
        free[entry] = busy + [0.0] * (places - len(busy))
        heapify(free[entry])
    waits = {}
    for name, ticket in in_order(record.line):
        waits[name] = begins = max(free[entry][0] for entry in ticket.entries)
        for entry in ticket.entries:
            heapreplace(free[entry], begins + record.seconds.get(entry, UNKNOWN_SECONDS))
    return waits


class Line:
    """Of one event loop; a web process has one."""

    def __init__(self) -> None:
        self.load: Load = make_load()
        self.roster = Roster()
        self.holds: dict[str, Hold] = {}
        self.began: dict[str, float] = {}
        self.waiters: dict[str, Waiter] = {}
        self.wake = asyncio.Event()
        self.dropping: set[asyncio.Task[None]] = set()
        self.last = Record(time.time(), 0, {}, {})  # the last that was seen of the shared record
        self.looked_at = 0.0
        self.away_at: float | None = None
        self.wait = 0  # what the last in the line waits, in seconds
        self.closed = False
        self.serving = asyncio.create_task(self._serve_always(), name="line")

    async def close(self) -> None:
        self.closed = True
        self.wake.set()
        # Not cancelled: it may be asking the database, and the thread that does so would go on.
        await asyncio.gather(*self.dropping, self.serving, return_exceptions=True)
        await self.roster.close()
        await self.load.close()

    async def wait_for(
        self,
        entries: Sequence[int],
        *,
        name: str,
        asked_at: float,
        limit: int = 0,
        tell: Tell | None = None,
        failed: Sequence[int] = (),
    ) -> dict[int, Seat]:
        """A place with each of the entries, all at once, in the order of asking. Raises LineFull, NoWorker.

        Whoever is cancelled meanwhile has left the line. name: the same again, in any process, is the same place in it.
        asked_at: seconds since 1970, by one clock for all. limit: whoever would come further back is turned away; 0:
        nobody. failed: workers that shall not be asked.
        """
        seats: asyncio.Future[dict[int, Seat]] = asyncio.get_running_loop().create_future()
        ticket = Ticket(asked_at, tuple(entries), tuple(failed))
        self.waiters[name] = Waiter(ticket, limit, tell, seats)
        began = time.monotonic()
        self.wake.set()
        try:
            got = await seats
        except BaseException:
            self._leave(name, seats)
            raise
        WAITED.observe(time.monotonic() - began)
        return got

    def _leave(self, name: str, seats: "asyncio.Future[dict[int, Seat]]") -> None:
        self.waiters.pop(name, None)
        if seats.done() and not seats.cancelled() and seats.exception() is None:
            self.give([seat.name for seat in seats.result().values()])  # served in the very moment of leaving
        self._drop([name], {})

    def give(self, names: Collection[str]) -> None:
        """Give places back; those given back before are left out. At once here, and soon everywhere."""
        took: defaultdict[int, list[float]] = defaultdict(list)
        given = [name for name in names if name in self.holds]
        for name in given:
            took[self.holds.pop(name).entry].append(time.monotonic() - self.began.pop(name))
        if given:
            self._drop(given, took)

    def _drop(self, names: Collection[str], took: Mapping[int, Iterable[float]]) -> None:
        async def drop() -> None:
            with suppress(LoadAway):  # then its lease runs out
                await self.load.drop(names, took)
            self.wake.set()

        if self.closed:
            return  # its lease runs out
        # Of its own: whoever gives a place back may be cancelled, and must not be held up.
        task = asyncio.create_task(drop())
        self.dropping.add(task)
        task.add_done_callback(self.dropping.discard)

    async def _serve_always(self) -> None:
        while not self.closed:
            self.wake.clear()
            try:
                await self._serve()
            except DatabaseError:
                log.warning("the line cannot move: the database is away")
            except Exception:
                log.exception("the line stumbled")
            seconds = LOOK_SECONDS if self.waiters else RENEW_SECONDS if isinstance(self.load, RedisLoad) else None
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.wake.wait()

    async def _serve(self) -> None:
        """One look at the record, and what follows from it for those who wait here."""
        record = await self._look()
        if self.waiters:
            wanted = {entry for ticket in record.line.values() for entry in ticket.entries}
            workers = await self.roster.of(wanted)
            known = {worker.pk: worker for every in workers.values() for worker in every}
            for _ in range(TRIES):
                staff = self._staff(workers)
                after = await self._take_all(record, staff, known)
                record = after or await self._look()
                if after:
                    break
            self._give_up(record, wanted, workers)
            self._tell(record, staff)
        LENGTH.set(len(record.line))
        self.last = replace(self.last, line=record.line) if self.away_at is not None else record

    async def _look(self) -> Record:
        """The shared record, or while it is away what this process has."""
        line = {name: waiter.ticket for name, waiter in self.waiters.items()}
        now = time.monotonic()
        if self.away_at is None or now - self.looked_at >= RENEW_SECONDS:
            self.looked_at = now
            holds = dict(self.holds)
            try:
                record = await self.load.look(holds, line)
            except LoadAway as why:
                if self.away_at is None:
                    log.error("places are shared out by what each process has: %s", why)  # noqa: TRY400
                    self.away_at = now
                    theirs = {name: hold for name, hold in self.last.holds.items() if name not in holds}
                    self.last = replace(self.last, holds=theirs)
            else:
                self.away_at = None
                return self._without_those_who_left(record, [*holds, *line])
        return replace(self.last, now=time.time(), holds=dict(self.holds), line=line, whole=True)

    def _without_those_who_left(self, record: Record, said: Collection[str]) -> Record:
        """What has ended while the look was under way may have been put into the record again by it."""
        gone = {name for name in said if name not in self.holds and name not in self.waiters}
        if not gone:
            return record
        self._drop(gone, {})
        holds = {name: hold for name, hold in record.holds.items() if name not in gone}
        return replace(record, holds=holds, line={n: t for n, t in record.line.items() if n not in gone})

    def _staff(self, workers: Mapping[int, Sequence[Worker]]) -> dict[int, dict[int, int]]:
        return {entry: {worker.pk: self._places(worker) for worker in every} for entry, every in workers.items()}

    def _places(self, worker: Worker) -> int:
        """All of a worker's; while the others cannot be asked, this process's share."""
        if self.away_at is None:
            return worker.places
        share = max(1, worker.places // self.last.processes)
        if time.monotonic() - self.away_at > settings.WORKER_QUEUE_SECONDS / 2:
            return share
        others = sum(hold.worker == worker.pk for hold in self.last.holds.values())
        return max(0, min(share, worker.places - others))

    async def _take_all(self, record: Record, staff: Staff, known: Mapping[int, Worker]) -> Record | None:
        """Take the places of those here whose turn it is; the record after it. None if the record has changed."""
        if not record.whole:
            return record
        taken = Multiset(hold.worker for hold in record.holds.values())
        for name, chosen in who_goes(in_order(record.line), staff, taken).items():
            waiter = self.waiters.get(name)
            if waiter is None:
                continue  # another process serves them
            holds = {
                f"{name}:{secrets.token_hex(8)}": Hold(worker, entry, record.now)
                for entry, worker in zip(waiter.ticket.entries, chosen, strict=True)
            }
            if self.away_at is None:
                try:
                    if not await self.load.take(record.version, holds, name):
                        return None
                except LoadAway:
                    return None
            line = {other: ticket for other, ticket in record.line.items() if other != name}
            record = replace(record, version=record.version + 1, holds={**record.holds, **holds}, line=line)
            self._seat(name, holds, known)
        return record

    def _seat(self, name: str, holds: Mapping[str, Hold], known: Mapping[int, Worker]) -> None:
        self.holds.update(holds)
        self.began.update(dict.fromkeys(holds, time.monotonic()))
        waiter = self.waiters.pop(name, None)
        if waiter is None or waiter.seats.done():
            self.give(holds)  # gone while the places were taken
            return
        waiter.seats.set_result({hold.entry: Seat(seat, known[hold.worker]) for seat, hold in holds.items()})

    def _give_up(self, record: Record, wanted: Collection[int], workers: Mapping[int, Sequence[Worker]]) -> None:
        """Tell those whose entry has no worker any more, and those who came when the line was full.

        wanted: the entries whose workers were looked for.
        """
        now = time.monotonic()
        places = {name: place for place, (name, _) in enumerate(in_order(record.line), 1)}
        for name, waiter in list(self.waiters.items()):
            if name not in places or waiter.seats.done() or not all(entry in wanted for entry in waiter.ticket.entries):
                continue  # came after the look
            lacking = [
                entry
                for entry in waiter.ticket.entries
                if all(worker.pk in waiter.ticket.without for worker in workers.get(entry, ()))
            ]
            came = not waiter.place
            waiter.place = min(waiter.place or places[name], places[name])
            if came and waiter.limit and waiter.place > waiter.limit:
                waiter.seats.set_exception(LineFull(max(5, self.wait)))
            elif not lacking:
                waiter.workerless_at = None
            elif came or (waiter.workerless_at and now - waiter.workerless_at > WORKERLESS_SECONDS):
                waiter.seats.set_exception(NoWorker(f"entry {lacking[0]} has no healthy worker", entry_id=lacking[0]))
            else:
                waiter.workerless_at = waiter.workerless_at or now

    def _tell(self, record: Record, staff: Staff) -> None:
        """Tell everybody here their place, which never grows, and how long it may take."""
        now = time.monotonic()
        waits = forecast(record, staff)
        self.wait = ceil(max(waits.values(), default=0))
        for name, waiter in self.waiters.items():
            if waiter.tell is None or name not in waits or waiter.seats.done():
                continue
            told = (waiter.place, max(1, ceil(waits[name])))
            due = max(TELL_SECONDS, TELL_SHARE * waits[name])
            if told != waiter.told and (now - waiter.told_at >= due or not waiter.told_at):
                waiter.told, waiter.told_at = told, now
                waiter.tell(*told)


_lines: dict[asyncio.AbstractEventLoop, Line] = {}


def line() -> Line:
    """The running event loop's line."""
    loop = asyncio.get_running_loop()
    if loop not in _lines:
        _lines[loop] = Line()
    return _lines[loop]


async def close_line() -> None:
    """Let go of the running loop's line."""
    old = _lines.pop(asyncio.get_running_loop(), None)
    if old:
        await old.close()


def open_lines() -> list[Line]:
    return [one for loop, one in list(_lines.items()) if not loop.is_closed()]


def length() -> tuple[int, int]:
    """How many wait, as far as this process knows, and how many seconds the last of them. For any thread."""
    lines = open_lines()
    return max((len(one.last.line) for one in lines), default=0), max((one.wait for one in lines), default=0)


def counts(workers: Iterable[int]) -> dict[int, int]:
    """How many places of each worker are taken, as far as this process knows. For any thread."""
    taken = Multiset(hold.worker for one in open_lines() for hold in {**one.last.holds, **one.holds}.values())
    return {worker: taken[worker] for worker in workers}


@asynccontextmanager
async def slot(entry_id: int, without: Sequence[int] = (), seat: Seat | None = None) -> AsyncIterator[Worker]:
    """A place on a worker of this entry: the seat, if its worker has not failed yet, or another one.

    Raises NoWorker, or Busy when none became free in time. Who asks here has been let in before, and so comes first.
    """
    one = line()
    if seat is None or seat.worker.pk in without:
        name = f"reply:{time.time_ns()}:{secrets.token_hex(4)}"
        try:
            async with asyncio.timeout(settings.WORKER_QUEUE_SECONDS):
                seats = await one.wait_for([entry_id], name=name, asked_at=0.0, failed=without)
        except TimeoutError:
            raise Busy(f"no free slot for entry {entry_id}") from None
        seat = seats[entry_id]
    try:
        yield seat.worker
    finally:
        one.give([seat.name])
