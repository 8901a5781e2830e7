"""The tables as the migrations leave them, made once: each time costs ten seconds of a processor."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def begin_migrated(file: Path) -> None:
    """Put a new SQLite database with its tables here, in place of what may be left of another."""
    for left in ("", "-wal", "-shm"):
        file.with_name(file.name + left).unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated_file(), file)


def migrated_file() -> Path:
    """What `manage.py migrate` makes of nothing; kept in DATA_DIR while no migration and no package changes."""
    file = Path(settings.DATA_DIR) / "migrated" / f"{digest()}.sqlite3"
    if not file.exists():
        shutil.rmtree(file.parent, ignore_errors=True)
        file.parent.mkdir(parents=True)
        made = file.with_suffix(f".{os.getpid()}")
        env = {**os.environ, "DATABASE_URL": f"sqlite:///{made}", "REDIS_URL": ""}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=env, check=True)
        made.rename(file)  # whole or not at all
    return file


def digest() -> str:
    """Of all that decides what the migrations make."""
    read = hashlib.sha256()
    for file in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements.txt"]:
        read.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return read.hexdigest()[:16]


def remove_database() -> None:
    """The suite's own, at the end of it."""
    connection.close()
    for left in ("", "-wal", "-shm"):
        Path(f"{connection.settings_dict['NAME']}{left}").unlink(missing_ok=True)
