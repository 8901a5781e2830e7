"""Which workers may answer, and which of them does: the least loaded well one of the entry in service, never another's.

Where all of an entry's workers are being drained it is not drawn any more, and whoever asks has a battle from before:
that is finished.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from channels.db import database_sync_to_async
from django.db.models import Exists

from inference.breaker import closed
from inference.draining import finished, held
from inference.models import Worker


def workers_for(entries: Iterable[int]) -> dict[int, list[Worker]]:
    """Entry -> its workers that may be asked now. An entry without one is left out."""
    well = closed(Worker.objects.filter(entry__in=entries, healthy=True, refused_because="")).select_related("entry")
    still = well.exclude(finished()).annotate(leaving=Exists(held())).order_by("entry_id", "pk")
    found: dict[int, list[Worker]] = {}
    for entry, every in groupby(still, lambda worker: worker.entry_id):
        workers = list(every)
        found[entry] = [worker for worker in workers if not worker.leaving] or list(workers)
    return found


async def healthy_workers(entry_id: int, without: Collection[int] = ()) -> list[Worker]:
    # Here as everywhere outside a request: Django's own asynchronous queries would not give their connection back.
    workers = (await database_sync_to_async(workers_for)([entry_id])).get(entry_id, [])
    return [worker for worker in workers if worker.pk not in without]


def least_loaded(places: Mapping[int, int], taken: Mapping[int, int]) -> int | None:
    """The worker with the smallest share of its places taken; None if all are full. places: worker -> how many."""
    free = [worker for worker, number in places.items() if taken.get(worker, 0) < number]
    return min(free, key=lambda worker: (taken.get(worker, 0) / places[worker], worker), default=None)
