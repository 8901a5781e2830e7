"""Is a worker well? Asked on a schedule; an entry without a healthy worker is not drawn."""

import logging
from collections import Counter

import httpx
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client import Gauge

from inference.addresses import GuardedAtOnce
from inference.faults import Keyless
from inference.models import QUIET, Beat, Worker
from inference.serving.readings import READINGS

log = logging.getLogger(__name__)

HEALTHY = Gauge("lms_workers_healthy", "Workers of an entry that answered the last probe.", ["entry"])

KNOWN = {one.name for one in READINGS}
SAID = Gauge("lms_worker_readings", "What its engine says of itself.", ["entry", "worker", "reading"])


def probe(client: httpx.Client, worker: Worker) -> bool:
    """Whether its model list can be had: the one address that every such server has, and that a dead engine fails."""
    try:
        headers = {"Authorization": f"Bearer {worker.key}"} if worker.key else {}
        answer = client.get(f"{worker.url}/v1/models", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, Keyless):
        return False
    return answer.status_code == 200


def prober() -> httpx.Client:
    return httpx.Client(
        transport=GuardedAtOnce(trust_env=False), timeout=settings.WORKER_CONNECT_SECONDS, trust_env=False
    )


def probe_all() -> None:
    """Probe every worker and keep what it said."""
    well: Counter[str] = Counter()
    with prober() as client:
        for worker in Worker.objects.select_related("entry"):
            healthy = probe(client, worker)
            if healthy != worker.healthy:
                log.info("%s is now %s", worker, "healthy" if healthy else "unhealthy")
            Worker.objects.filter(pk=worker.pk).update(healthy=healthy, checked_at=timezone.now())
            well[worker.entry.slug] += healthy
    for slug, number in well.items():
        HEALTHY.labels(slug).set(number)
    show_readings()


def show_readings() -> None:
    """What engines say of themselves by those who watch over them; of one that has fallen silent, nothing."""
    SAID.clear()
    for beat in Beat.objects.filter(said_at__gt=Now() - QUIET).select_related("worker__entry"):
        for name, value in beat.readings.items():
            if name in KNOWN:
                SAID.labels(beat.worker.entry.slug, beat.worker.url, name).set(value)
