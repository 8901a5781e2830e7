"""The whole database into one file and back, with each engine's own means."""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient


class CannotDump(Exception):
    """The engine's own means fail; the words say why."""


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read inside is of one moment, the dump too; votes go on meanwhile."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        # By hand: Django's own transactions on SQLite take the lock that voters need.
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if on_postgres() else "BEGIN")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def on_postgres() -> bool:
    return connection.vendor == "postgresql"


def dump(file: Path) -> None:
    """Write the database, as of this moment, into a file. Raises CannotDump."""
    with connection.cursor() as cursor:
        if on_postgres():
            cursor.execute("SELECT pg_export_snapshot()")
            run_tool("pg_dump", "--format=custom", f"--snapshot={cursor.fetchone()[0]}", f"--file={file}")
            return
    with closing(sqlite3.connect(file)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # all of it in this one file


def load(file: Path) -> None:
    """Fill the empty database from a dump; an error leaves it empty. Raises CannotDump."""
    if on_postgres():
        run_tool("pg_restore", "--single-transaction", "--exit-on-error", str(file))
        return
    connection.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        copy.backup(connection.connection)


def run_tool(name: str, *options: str) -> None:
    """Run a program of PostgreSQL's on our database. Raises CannotDump with its own words."""
    program = shutil.which(name)
    if program is None:
        raise CannotDump(f"{name} is not installed; it comes with PostgreSQL's client (Debian: postgresql-client)")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"(\d+)", told)
    server = connection.get_database_version()[0]
    if found is None or int(found[1]) < server:
        raise CannotDump(f"{program} is too old ({told.strip()}) for this server; install PostgreSQL's client {server}")
    # The password goes by the environment: everybody on the machine may read arguments.
    (_, *where), secrets = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, ["--dbname"])
    done = subprocess.run(  # noqa: S603  our own options
        [program, "--no-owner", "--no-privileges", "--no-password", *where, *options],
        env=os.environ | (secrets or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotDump(done.stderr.strip() or f"{name} ended with {done.returncode}")
