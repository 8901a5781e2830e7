"""Which worker answers: the least loaded healthy one of the entry in service, never another entry's.

The load is this web process's own count of replies in flight. Where all of an entry's workers are being drained it is
not drawn any more, and whoever asks has a battle from before: that is finished.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from channels.db import database_sync_to_async
from django.conf import settings

from inference.draining import finishing, in_service
from inference.faults import Busy, NoWorker
from inference.models import Worker

POLL_SECONDS = 0.05  # a waiting reply looks again this often; slots are also freed by workers turning healthy

in_flight: Counter[int] = Counter()


def least_loaded(workers: Collection[Worker]) -> Worker | None:
    """The worker with the smallest share of its places in use; None if all are full."""
    free = [worker for worker in workers if in_flight[worker.pk] < worker.places]
    return min(free, key=lambda worker: (in_flight[worker.pk] / worker.places, worker.pk), default=None)


async def healthy_workers(entry_id: int, without: Collection[int] = ()) -> list[Worker]:
    # Here as everywhere outside a request: Django's own asynchronous queries would not give their connection back.
    workers = Worker.objects.filter(entry_id=entry_id, healthy=True).exclude(pk__in=without).select_related("entry")
    return await database_sync_to_async(lambda: list(in_service(workers)) or list(finishing(workers)))()


@asynccontextmanager
async def slot(entry_id: int, without: Collection[int] = ()) -> AsyncIterator[Worker]:
    """A place on a worker of this entry. Raises NoWorker, or Busy when none became free in time."""
    try:
        async with asyncio.timeout(settings.WORKER_QUEUE_SECONDS):
            workers = await healthy_workers(entry_id, without)
            if not workers:
                raise NoWorker(f"entry {entry_id} has no healthy worker")
            while (worker := least_loaded(workers)) is None:  # noqa: ASYNC110  slots free up in many places
                await asyncio.sleep(POLL_SECONDS)
            in_flight[worker.pk] += 1  # no await between choosing and taking
    except TimeoutError:
        raise Busy(f"no free slot for entry {entry_id}") from None
    try:
        yield worker
    finally:
        in_flight[worker.pk] -= 1
