"""A clock of this process alone: weeks can pass in a minute, and everything that writes a time writes the clock's.

Rows that were made "then" are made by the same functions as always, which ask Python and the database for the time.
Only the embedded database can be told another one.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone


class Clock:
    """What this process takes for now, inside `told`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def read(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


@contextmanager
def told(clock: Clock) -> Iterator[Clock]:
    """Python's `timezone.now` and SQLite's `now` are this clock's until the end."""
    assert connection.vendor == "sqlite"
    connection.ensure_connection()
    real = timezone.now
    with closing(sqlite3.connect(":memory:")) as plain:
        timezone.now = clock.read
        # What Django's Now() and its defaults in the tables ask SQLite for.
        connection.connection.create_function("STRFTIME", -1, formatted_by(plain, clock))
        try:
            yield clock
        finally:
            timezone.now = real
            connection.close()  # the function goes with the connection


def formatted_by(plain: sqlite3.Connection, clock: Clock) -> Callable[..., str | None]:
    """SQLite's own STRFTIME, but for the word "now"."""

    def formatted(form: str, *values: str) -> str | None:
        now = clock.now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        said = [now if isinstance(value, str) and value.lower() == "now" else value for value in values]
        marks = ", ".join("?" * (1 + len(said)))
        found: str | None = plain.execute(f"SELECT STRFTIME({marks})", [form, *said]).fetchone()[0]
        return found

    return formatted
