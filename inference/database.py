"""The database, asked from the event loop: in a few threads of their own, each question with its own connection.

Channels by itself asks everything of a process in one thread: there a crowd waits in a row, and one question that
hangs holds up every socket.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import connection

P = ParamSpec("P")
R = TypeVar("R")


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work` returns, which may ask the database; the connection is given back after it."""
    return await database_sync_to_async(work, thread_sensitive=False, executor=threads())(*args, **kwargs)


@cache
def threads() -> ThreadPoolExecutor:
    """Half as many as there may be connections: the other half is for pages.

    SQLite has one writer at a time. Who waits for it there waits in this row, and not in SQLite's ever longer sleeps.
    """
    pool = connection.settings_dict["OPTIONS"].get("pool")
    return ThreadPoolExecutor(max(1, pool["max_size"] // 2) if pool else 1, thread_name_prefix="database")
