"""The site as its users run it: real processes, a database of its own, no test database in sight."""

import itertools
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from django.db import connection

from tests.migrated import begin_migrated, drop_database, make_database, migrated_database
from tests.servers import wait_until
from tests.visitor import NO_TLS

REDIS_NUMBERS = itertools.cycle(range(2, 16))  # 0 and 1 are the suite's own, in the two parts that CI makes of it
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class RunningSite:
    """A started demonstration: where it answers, and the environment in which its commands run."""

    url: str
    environment: dict[str, str]
    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)

    def manage(self, *command: str) -> str:
        """Run manage.py against this site's database, as an organizer would."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running_site(folder: Path, *, models: str, **environment: str) -> Iterator[RunningSite]:
    """`python -m config.demo`; on PostgreSQL and Redis with a Celery worker and beat beside it."""
    with ExitStack() as started:
        env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
        env |= {"DATA_DIR": str(folder), "LMS_MODELS": env.get("LMS_MODELS", str(ROOT / "var" / "models"))}
        env |= {"UNCHECKED_WORKERS": "true", **environment}
        if env.get("DATABASE_URL", "").startswith("postgres"):
            env["DATABASE_URL"] = started.enter_context(migrated_copy(env["DATABASE_URL"]))
        elif not (folder / "site.sqlite3").exists():
            begin_migrated(folder / "site.sqlite3")
        if env.get("REDIS_URL"):
            env["REDIS_URL"] = own_redis(env["REDIS_URL"])
        port = free_port()
        command = [sys.executable, "-m", "config.demo", "--models", models, "--port", str(port)]
        process = started.enter_context(ended_at_last(command, env))
        site = RunningSite(f"http://127.0.0.1:{port}", env, process)
        assert process.stdout is not None
        reading = threading.Thread(target=lambda: site.output.extend(process.stdout or ()), daemon=True)
        reading.start()
        wait_until(lambda: answers(site.url) or process.poll() is not None, every=0.1)
        assert process.poll() is None, "".join(site.output)
        if env.get("REDIS_URL"):
            beat = ["--beat", "--scheduler", "celery.beat:Scheduler"]
            celery = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", *beat]
            worker = started.enter_context(ended_at_last(celery, env))
            threading.Thread(target=lambda: list(worker.stdout or ()), daemon=True).start()
        yield site


@contextmanager
def ended_at_last(command: list[str], env: dict[str, str], folder: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def own_database_url() -> str:
    """The address of the test's own database, for a command beside the test."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def fresh_database(url: str, *, like: str = "template1") -> Iterator[str]:
    """A PostgreSQL database of its own beside the named one, empty or like another; dropped at the end."""
    name = f"walk_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as server:
        make_database(server, name, like=like)
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            drop_database(server, name)


def migrated_copy(url: str) -> AbstractContextManager[str]:
    """The same with its tables."""
    return fresh_database(url, like=migrated_database(url))


def own_redis(url: str) -> str:
    """Another number of that Redis: sites that share a broker would do each other's tasks, on the wrong database."""
    paths = (f"/{number}" for number in REDIS_NUMBERS)
    return urlsplit(url)._replace(path=next(path for path in paths if path != urlsplit(url).path)).geturl()


def free_port() -> int:
    """A port for a server that is told its number. It stays that server's until this process ends.

    Bound and not listening, it is given to whoever asks for this number, and to nobody who asks for any: between the
    look and the start, another server or a connection that goes out would take it now and then.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
        if sys.platform == "linux":  # elsewhere nobody could have it as long as it is bound
            held.detach()
        return port


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False, verify=NO_TLS, timeout=30).status_code == 200
    except httpx.TransportError:
        return False
