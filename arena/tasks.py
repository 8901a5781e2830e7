from celery import shared_task

from arena.battles import void_abandoned_turns
from arena.erasing import erase_old_conversations


@shared_task
def void_abandoned() -> None:
    void_abandoned_turns()


@shared_task
def erase_old() -> None:
    erase_old_conversations()
