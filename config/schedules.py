"""When beat sends a task: every so many seconds of a clock that never jumps.

By the clock on the wall, a machine whose time is set back an hour would fold nothing for an hour.
"""

import time
from datetime import UTC, datetime, timedelta

from celery.schedules import schedule

BEGAN, BEGAN_AT = datetime.now(UTC), time.monotonic()


def steady_now() -> datetime:
    return BEGAN + timedelta(seconds=time.monotonic() - BEGAN_AT)


def every(seconds: float) -> schedule:
    return schedule(timedelta(seconds=seconds), nowfun=steady_now)
