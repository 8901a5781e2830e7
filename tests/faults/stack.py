"""A whole site of its own that may be hurt: PostgreSQL, Redis, and what docker-compose.yml says, as processes."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.conftest import skip_or_fail
from tests.processes import ROOT, free_port
from tests.servers import wait_until
from tests.visitor import NO_TLS

START_SECONDS = 300.0  # until a whole stack answers; it only ends a broken test


class Postgres:
    """A cluster of our own. The server refuses to run as root, so root runs it as the user that Debian made for it."""

    def __init__(self, folder: Path) -> None:
        self.programs = postgres_programs()
        self.folder, self.port = folder, free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/site"
        self.prefix: list[str] = []
        folder.mkdir()
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            self.prefix = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--locale=C")

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c shared_buffers=32MB"
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop_at_once(self) -> None:
        """As a crash: no connection is told, nothing is finished."""
        self._run("pg_ctl", "stop", "-m", "immediate")

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):  # a test may have left it stopped
            self._run("pg_ctl", "stop", "-m", "fast")

    def _run(self, program: str, *words: str) -> None:
        command = [*self.prefix, str(self.programs / program), "-D", str(self.folder / "data"), *words]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs, which Debian keeps off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not folders:
        skip_or_fail("no PostgreSQL server is installed")
    return folders[0]


class Redis:
    """A server of our own, as docker-compose.yml starts it: nothing on disk."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("redis-server"):
            skip_or_fail("no redis-server is installed")
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port))

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class Stack:
    """Where the site answers, and how to hurt each of its parts."""

    url: str
    folder: Path
    postgres: Postgres
    redis: Redis

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def service(self, name: str) -> dict[str, Any]:
        """What `make up` says of a running service: its pid, its address, how often it was started."""
        service: dict[str, Any] = json.loads((self.folder / "processes.json").read_text()).get(name, {})
        return service

    def base(self, name: str) -> str:
        """One web process, past the proxy."""
        return f"http://127.0.0.1:{self.service(name)['ports']['8000']}"

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal; returns how often the service had been started by then."""
        service = self.service(name)
        os.kill(service["pid"], how)
        return int(service["starts"])

    def await_restart(self, name: str, starts: int) -> None:
        """Wait until the service runs again, and the proxy sends visitors there if it is a web process."""
        wait_until(lambda: self.service(name).get("starts", 0) > starts)
        if name.startswith("web"):
            wait_until(lambda: status(f"{self.base(name)}/readyz") == 200)
            read = self.log.stat().st_size
            wait_until(lambda: status(f"{self.url}/visitor") and self.has_answered(name, read))

    def has_answered(self, name: str, since: int) -> bool:
        """Whether the process has logged an answer past this many bytes of the log."""
        with self.log.open("rb") as log:
            log.seek(since)
            return any(line.startswith(name.encode()) and b'"answered"' in line for line in log)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, query: str, *values: Any) -> int:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            return connection.execute(query, values).rowcount

    def memory(self, name: str) -> float:
        """MB of a service's process that lie in memory."""
        text = Path(f"/proc/{self.service(name)['pid']}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def run(self, program: str) -> None:
        """Run a few lines of Python with the site's settings."""
        env = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.postgres.url,
            "DATA_DIR": str(self.folder / "data"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{program}"], cwd=ROOT, env=env, check=True
        )


@contextmanager
def running_stack(*settings: str) -> Iterator[Stack]:
    """`python -m config.up --profile echo` on a PostgreSQL and a Redis of its own. settings: [SERVICE:]NAME=VALUE."""
    if not (shutil.which("caddy") or (Path(sys.executable).parent / "caddy").exists()):
        skip_or_fail("no caddy is installed")
    with ExitStack() as at_last:
        # Not pytest's folder: only its owner may enter that, and PostgreSQL runs as somebody else.
        folder = Path(at_last.enter_context(tempfile.TemporaryDirectory(prefix="lms-faults-")))
        folder.chmod(0o755)
        postgres, redis = Postgres(folder / "postgres"), Redis(folder)
        postgres.start()
        at_last.callback(postgres.stop)
        redis.start()
        at_last.callback(redis.stop)
        stack = Stack(f"http://127.0.0.1:{(port := free_port())}", folder, postgres, redis)
        command = [sys.executable, "-m", "config.up", "--profile", "echo", "--folder", str(folder), "--port", str(port)]
        command += [word for setting in settings for word in ("--set", setting)]
        env = {**os.environ, "DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        log = at_last.enter_context((folder / "log").open("w"))
        up = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
        at_last.callback(end, up)
        wait_until(
            lambda: up.poll() is not None or "everything is healthy" in (folder / "log").read_text(), START_SECONDS
        )
        assert up.poll() is None, tail(folder / "log")
        yield stack


def end(up: subprocess.Popen[bytes]) -> None:
    """End it and all that it started. Told twice, it does not wait for streams to drain."""
    up.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        up.wait(timeout=3)
    while up.poll() is None:
        up.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            up.wait(timeout=1)


def tail(log: Path, lines: int = 40) -> str:
    return "\n".join(log.read_text().splitlines()[-lines:])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status(url: str) -> int:
    """The status of an answer; 0 for none."""
    try:
        return httpx.get(url, trust_env=False, timeout=30, verify=NO_TLS).status_code
    except httpx.TransportError:
        return 0


def percentile(seconds: Sequence[float], share: float) -> float:
    """The smallest of the measured values that so large a share of them does not exceed; 0 for none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
