"""Workers out of service: no new battle comes to them, what is under way is finished, and then they are drained.

Whether a worker is draining or drained is told by the database's clock alone: nobody has to be there to notice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from inference.models import Drain, DrainCause, Worker

FINISHING = timedelta(minutes=5)  # for so long battles that had begun may ask it on, where nobody else answers


class WorkerState(StrEnum):
    IN_SERVICE = "in_service"
    DRAINING = "draining"
    DRAINED = "drained"


def drain(workers: Iterable[Worker], cause: DrainCause) -> None:
    """Take workers out of service. Those that this cause holds already stay as they are."""
    Drain.objects.bulk_create([Drain(worker=worker, cause=cause) for worker in workers], ignore_conflicts=True)


def resume(workers: Iterable[Worker], cause: DrainCause) -> None:
    """Take back what this cause did; a worker that another cause holds stays out of service."""
    Drain.objects.filter(worker__in=list(workers), cause=cause, ended_at=None).update(ended_at=Now())


def held() -> QuerySet[Drain]:
    """The drains of the worker of an outer query that are not over."""
    return Drain.objects.filter(worker=OuterRef("pk"), ended_at=None).order_by()


def in_service(workers: QuerySet[Worker]) -> QuerySet[Worker]:
    """Those of them that a new battle may come to, if they are well."""
    return workers.filter(refused_because="").exclude(Exists(held()))


def finished() -> Exists:
    """Whether the worker of an outer query went out of service so long ago that no battle may ask it any more."""
    return Exists(held().filter(began_at__lte=Now() - FINISHING))


def drained_after() -> timedelta:
    """How long after a drain began nothing can be under way any more: the last reply began, waited and spoke."""
    reply = settings.WORKER_QUEUE_SECONDS + settings.WORKER_FIRST_TOKEN_SECONDS + settings.WORKER_TOTAL_SECONDS
    return FINISHING + timedelta(seconds=reply)


def states(workers: QuerySet[Worker]) -> dict[int, WorkerState]:
    """The state of each, by its id."""
    since = Subquery(held().values("worker").annotate(since=Min("began_at")).values("since"))
    return {pk: state(began, now) for pk, began, now in workers.values_list("pk", since, Now())}


def state(since: datetime | None, now: datetime) -> WorkerState:
    if since is None:
        return WorkerState.IN_SERVICE
    return WorkerState.DRAINED if since <= now - drained_after() else WorkerState.DRAINING
