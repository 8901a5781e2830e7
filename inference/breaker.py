"""A worker that keeps failing is not asked any more: its breaker opens, and closes when a trial succeeds.

What every stream saw counts, in the database, so that all web processes know it and a battle is not drawn on it. A
success makes up for a failure: a worker opens that fails more often than not. Nobody's battle is the trial: a task asks
the worker itself, one at a time (inference/trials.py).
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from prometheus_client import Counter

from inference.database import in_database
from inference.faults import Broken, Rejected, Rubbish, Silent, Stalled, Unreachable, WorkerFault
from inference.models import Breaker, Worker

MOST_FAILURES = 3
WINDOW = timedelta(seconds=60)  # without a failure for so long, those before are forgotten
OPEN_SECONDS, LONGEST_SECONDS = 15, 240  # each opening in a row lasts twice as long
TRIAL = timedelta(seconds=90)  # a trial that has not ended by then died with its process

# A worker's own doing. Silence, emptiness and length can be asked for by a prompt, and a prompt must not shut a rival.
BLAMED = (Unreachable, Rejected, Silent, Stalled, Broken, Rubbish)

OPENED = Counter("lms_breakers_opened_total", "How often a worker kept failing and was left out.", ["entry"])


async def seen(worker_id: int, fault: WorkerFault | None) -> None:
    """A stream of this worker has ended, whole or by a fault."""
    if fault is None:
        await in_database(count_success, worker_id)
    elif isinstance(fault, BLAMED) and not fault.asked_for:
        await in_database(count_failure, worker_id)


def closed(workers: QuerySet[Worker]) -> QuerySet[Worker]:
    """Those of them that may be asked."""
    return workers.filter(breaker__opened_at=None)


@transaction.atomic
def count_failure(worker_id: int) -> None:
    """One more; the third opens."""
    Breaker.objects.get_or_create(worker_id=worker_id)
    locked = Breaker.objects.select_for_update(of=("self",)).select_related("worker__entry")
    breaker = locked.filter(pk=worker_id).first()
    if breaker is None:
        return  # taken out in this moment, and the worker perhaps with it
    lately = Breaker.objects.filter(pk=worker_id, failed_at__gt=Now() - WINDOW).exists()
    breaker.failures = breaker.failures + 1 if lately else 1
    opens = breaker.opened_at is None and breaker.failures >= MOST_FAILURES
    if not lately and breaker.opened_at is None:
        breaker.openings = 0
    Breaker.objects.filter(pk=worker_id).update(
        failures=breaker.failures, failed_at=Now(), openings=breaker.openings + opens
    )
    if opens:
        Breaker.objects.filter(pk=worker_id).update(opened_at=Now(), trial_at=None)
        OPENED.labels(breaker.worker.entry.slug).inc()


def count_success(worker_id: int) -> None:
    """Makes up for one failure. Asked first: a well worker costs no write."""
    if Breaker.objects.filter(pk=worker_id, failures__gt=0).exists():
        Breaker.objects.filter(pk=worker_id, failures__gt=0).update(failures=F("failures") - 1)


def begin_trial() -> Worker | None:
    """An open worker whose time has come, for who asks this to try. Nobody else gets it meanwhile."""
    idle = Q(trial_at=None) | Q(trial_at__lt=Now() - TRIAL)
    for breaker in Breaker.objects.filter(idle, opened_at__isnull=False).select_related("worker__entry"):
        wait = timedelta(seconds=min(OPEN_SECONDS * 2 ** max(0, breaker.openings - 1), LONGEST_SECONDS))
        due = Breaker.objects.filter(idle, pk=breaker.pk, opened_at__lte=Now() - wait)
        if due.update(trial_at=Now()):
            return breaker.worker
    return None


def end_trial(worker_id: int, *, well: bool) -> None:
    """Close, or wait again, for longer. After a trial the first failures count in full: one more opens again."""
    tried = Breaker.objects.filter(pk=worker_id)
    if well:
        tried.update(opened_at=None, trial_at=None, failures=MOST_FAILURES - 1, failed_at=Now())
    else:
        tried.update(opened_at=Now(), trial_at=None, openings=F("openings") + 1)
