"""The tables as the migrations leave them, made once: each time costs half a minute of a processor."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
# Not in DATA_DIR: parts of the suite that run beside each other have one each, and share this.
FOLDER = ROOT / "var" / "migrated"


def begin_migrated(file: Path) -> None:
    """Put a new SQLite database with its tables here, in place of what may be left of another."""
    for left in ("", "-wal", "-shm"):
        file.with_name(file.name + left).unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated_file(), file)


def migrated_file() -> Path:
    """What `manage.py migrate` makes of nothing, in a file of SQLite."""
    file = FOLDER / f"{digest()}.sqlite3"
    with alone():
        if not file.exists():
            for old in FOLDER.glob("*.sqlite3*"):
                old.unlink()
            made = file.with_suffix(".sqlite3-unfinished")
            migrate(f"sqlite:///{made}")
            made.rename(file)  # whole or not at all
    return file


def migrated_database(url: str) -> str:
    """The name of a database with the same, beside this one of PostgreSQL: others are made in its likeness.

    It stays on the server. Nobody connects to it: who is connected to a database keeps it from being copied.
    """
    name = f"migrated_{digest()}"
    unfinished = f"{name}_unfinished"
    with alone(), psycopg.connect(url, autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            make_database(server, unfinished, like="template1")
            migrate(urlsplit(url)._replace(path=f"/{unfinished}").geturl())
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            server.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def make_database(server: psycopg.Connection, name: str, *, like: str) -> None:
    """In place of what may be left of another, whoever is still connected to that."""
    drop_database(server, name)
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))


def drop_database(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def alone() -> Iterator[None]:
    """Several parts of the suite may begin at once: one makes it, and the others wait for that."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrate(url: str) -> None:
    env = {**os.environ, "DATABASE_URL": url, "REDIS_URL": ""}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=env, check=True)


def digest() -> str:
    """Of all that decides what the migrations make."""
    read = hashlib.sha256()
    for file in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements.txt"]:
        read.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return read.hexdigest()[:16]


@contextmanager
def own_database() -> Iterator[None]:
    """The suite's own, under its name of Django's: with its tables at the beginning, and gone at the end."""
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["TEST"]["NAME"])
        begin_migrated(file)
        yield
        connection.close()
        for left in ("", "-wal", "-shm"):
            Path(f"{file}{left}").unlink(missing_ok=True)
        return
    url = os.environ["DATABASE_URL"]
    name = f"test_{connection.settings_dict['NAME']}"
    with psycopg.connect(url, autocommit=True) as server:
        make_database(server, name, like=migrated_database(url))
        yield
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        # The last test's threads and processes may not have hung up yet.
        drop_database(server, name)
