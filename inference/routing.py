"""Which workers may answer, and which of them does: the least loaded well one of the entry in service, never another's.

Where all of an entry's workers are being drained it is not drawn any more, and whoever asks has a battle from before:
that is finished.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from django.db import DatabaseError
from django.db.models import Exists

from inference.breaker import closed
from inference.database import in_database
from inference.draining import finished, held
from inference.models import Worker

log = logging.getLogger(__name__)

# A process goes by what it knows of the workers for so long; then it asks again, at first without waiting for the
# answer. Who drains a worker has to wait for longer than that (inference/serving/supervision.py).
FRESH_SECONDS, OLD_SECONDS = 0.5, 1.0


def workers_for(entries: Iterable[int]) -> dict[int, list[Worker]]:
    """Entry -> its workers that may be asked now. An entry without one is left out."""
    well = closed(Worker.objects.filter(entry__in=entries, healthy=True, refused_because="")).select_related("entry")
    still = well.exclude(finished()).annotate(leaving=Exists(held())).order_by("entry_id", "pk")
    found: dict[int, list[Worker]] = {}
    for entry, every in groupby(still, lambda worker: worker.entry_id):
        workers = list(every)
        found[entry] = [worker for worker in workers if not worker.leaving] or list(workers)
    return found


class Roster:
    """The workers that may be asked, as the database told a moment ago: on a busy site no first words wait for it."""

    def __init__(self) -> None:
        self.entries: frozenset[int] = frozenset()  # that were ever asked for here
        self.workers: dict[int, list[Worker]] = {}
        self.known_at = 0.0
        self.asking: asyncio.Task[None] | None = None

    async def of(self, entries: Iterable[int]) -> dict[int, list[Worker]]:
        """Entry -> its workers, as `workers_for`. Raises DatabaseError where that is away and one's are not known.

        Not for two tasks at once.
        """
        wanted = frozenset(entries)
        age = time.monotonic() - self.known_at
        if not wanted <= self.workers.keys():
            # Not known yet, or without a worker: it may have been drawn because it has one again.
            await self._ask(self.entries | wanted)
        elif age > OLD_SECONDS:
            await self._ask_again()
        elif age > FRESH_SECONDS and (self.asking is None or self.asking.done()):
            self.asking = asyncio.create_task(self._ask_again())
        return {entry: self.workers[entry] for entry in wanted if entry in self.workers}

    async def close(self) -> None:
        """Not cancelled: the thread that asks would go on."""
        if self.asking:
            await self.asking

    async def _ask(self, entries: frozenset[int]) -> None:
        asked_at = time.monotonic()
        workers = await in_database(workers_for, entries)
        if asked_at > self.known_at:  # else somebody who asked later, and perhaps for more, was quicker
            self.entries, self.workers, self.known_at = entries, workers, asked_at

    async def _ask_again(self) -> None:
        try:
            await self._ask(self.entries)
        except DatabaseError:
            log.warning("the database is away: places are taken with the workers that were known last")


async def healthy_workers(entry_id: int, without: Collection[int] = ()) -> list[Worker]:
    # Here as everywhere outside a request: Django's own asynchronous queries would not give their connection back.
    workers = (await in_database(workers_for, [entry_id])).get(entry_id, [])
    return [worker for worker in workers if worker.pk not in without]


def least_loaded(places: Mapping[int, int], taken: Mapping[int, int]) -> int | None:
    """The worker with the smallest share of its places taken; None if all are full. places: worker -> how many."""
    free = [worker for worker, number in places.items() if taken.get(worker, 0) < number]
    return min(free, key=lambda worker: (taken.get(worker, 0) / places[worker], worker), default=None)
