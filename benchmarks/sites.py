"""What benchmarks of whole servers share: a database of their own, a contest in it, servers, processes of their own."""

import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import httpx

from tests.processes import ended_at_last, free_port, fresh_database
from tests.servers import wait_until

P = ParamSpec("P")
R = TypeVar("R")

ENTRIES = 16


@contextmanager
def fresh_site(entries: int = ENTRIES) -> Iterator[dict[str, str]]:
    """The environment of a site with a database of its own beside DATABASE_URL, and an open round of 16 entries."""
    with tempfile.TemporaryDirectory() as folder, fresh_database(os.environ["DATABASE_URL"]) as url:
        environment = {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "UNCHECKED_WORKERS": "true",
            "RUN_CELERY": "false",  # the benchmark folds when it measures folding
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        in_own_process(environment, _open_round, entries)
        yield environment


def _open_round(number_of_entries: int) -> None:
    import django  # noqa: PLC0415  the environment comes first, here and below

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import Team  # noqa: PLC0415
    from inference.models import Entry  # noqa: PLC0415
    from leaderboard.rounds import open_round  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    entries = []
    for number in range(1, number_of_entries + 1):
        team = Team.objects.create(slug=f"team-{number}", name=f"Team {number}")
        entries.append(Entry.objects.create(team=team, slug=f"entry-{number}", name=f"Entry number {number}"))
    open_round(entries, ends_at=timezone.now() + timedelta(days=30))


def in_own_process(environment: Mapping[str, str], work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in a fresh interpreter with this environment, and return what it returns."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as one:
            return one.submit(work, *args, **kwargs).result()
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class Server:
    """A uvicorn process: where it answers, and what it has cost so far."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def uvicorn_of(application: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """Serve an application as production does, in one process, on loopback."""
    port = free_port()
    options = ["--port", str(port), "--ws-max-size", "16384", "--log-level", "critical", "--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", application, *options]
    with ended_at_last(command, {**os.environ, **environment}) as process:
        wait_until(lambda: _listens(port) or process.poll() is not None, seconds=30)
        assert process.poll() is None, process.stdout and process.stdout.read()
        yield Server(port, process.pid)


def _listens(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
    except httpx.TransportError:
        return False
    return True


def needs(*names: str) -> Any:
    """End the script with a clear word if a part of production is not there."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        sys.exit(f"{' and '.join(missing)} must be set: this measures production's shape")
