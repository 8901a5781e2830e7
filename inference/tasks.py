from celery import shared_task

from inference.probing import probe_all
from inference.trials import try_open_workers


@shared_task
def probe_workers() -> None:
    probe_all()


@shared_task
def try_workers() -> None:
    try_open_workers()
