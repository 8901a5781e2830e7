"""The site over a simulated past: in a folder of its own, with contestants that echo."""

import os
import shutil
from pathlib import Path

from config.demo import STANDIN, ModelServer, enter_workers, run, say


def make_ready(folder: Path, done: str, demo: str) -> None:
    """The past lives on the embedded default: only there can weeks pass in a minute.

    done: the file that is there once all of it has been played; demo: which banner the pages bear.
    """
    if not (folder / done).exists():
        shutil.rmtree(folder, ignore_errors=True)  # one that was broken off
    folder.mkdir(parents=True, exist_ok=True)
    alone = {"DATABASE_URL": "", "REDIS_URL": "", "RUN_CELERY": "true", "DATA_DIR": str(folder)}
    os.environ.update(alone, DJANGO_SETTINGS_MODULE="config.settings", DEMO=demo)
    os.environ.setdefault("LOG_LEVEL", "WARNING")


def prepare() -> None:
    """The tables as they are now: a past that is there may have been played by an older version of the site."""
    from django.core.management import call_command

    say("Preparing the database…")
    call_command("migrate", verbosity=0)


def serve(port: int) -> None:
    from inference.models import Entry

    server = ModelServer(STANDIN)
    try:
        entries = list(Entry.objects.all())
        enter_workers(entries, server.start())
        server.keep(entries)
        run(port)
    finally:
        server.stop()
