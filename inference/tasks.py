from celery import shared_task

from inference.probing import probe_all


@shared_task
def probe_workers() -> None:
    probe_all()
