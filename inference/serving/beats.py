"""What a worker's supervisor says of it, heard by the site: into the rotation, out of it, and its readings."""

from collections.abc import Mapping

from django.db.models.functions import Now
from django.utils import timezone

from inference.models import Beat, ServingState, Worker
from inference.probing import probe, prober


def hear_beat(worker: Worker, state: str, readings: Mapping[str, float]) -> None:
    """Keep what is said. A worker that stops serving is out at once; one that serves again is asked, and back in."""
    said = {"state": state, "readings": dict(readings), "said_at": Now()}
    Beat.objects.update_or_create(worker=worker, defaults=said)
    serving = state == ServingState.SERVING
    if serving and not worker.healthy:
        # Its own word is not enough: the address that the site knows must answer.
        with prober() as client:
            serving = probe(client, worker)
    if serving != worker.healthy:
        Worker.objects.filter(pk=worker.pk).update(healthy=serving, checked_at=timezone.now())
