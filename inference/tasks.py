import logging
import threading
from collections.abc import Callable

from celery import shared_task
from django.db import connection

from inference.canaries import due
from inference.probing import probe_all
from inference.registering import make, next_registration, repeat_canaries
from inference.trials import try_open_workers

log = logging.getLogger(__name__)

checking = threading.Lock()


@shared_task
def probe_workers() -> None:
    probe_all()


@shared_task
def try_workers() -> None:
    try_open_workers()


@shared_task
def check_workers() -> None:
    """Called by beat every two seconds: the checks that somebody waits for, and canaries that are due."""
    if not checking.locked():
        # Beside the tasks: it takes half a minute, and where one thread does all of them votes wait to be counted.
        threading.Thread(target=apart, args=(check_all,), name="checks of workers", daemon=True).start()


def apart(work: Callable[[], None]) -> None:
    """Do it here and nowhere else in this process at the same time."""
    if not checking.acquire(blocking=False):
        return
    try:
        work()
    except Exception:
        log.exception("the checks of workers stumbled")
    finally:
        connection.close()
        checking.release()


def check_all() -> None:
    while (waiting := next_registration()) is not None:
        make(waiting)
    for registration in due():
        repeat_canaries(registration)
