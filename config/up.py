"""`make up`: what docker-compose.yml says, as processes of this machine. `python -m config.up [--profile echo]`.

Reads the services' commands, environment, order and restarts from the compose file, so that what is tried here is
what an engine would start. PostgreSQL and Redis are those already running (DATABASE_URL, REDIS_URL). What only an
engine can do is left out: images, limits, users, networks. Containers' addresses, ports and folders become local:
`web1:8000` and web1's own 8000 a free port of the loopback interface, `/data` a folder under var/up.

`processes.json` in that folder says which processes run, for whoever wants to look at one or end it.
"""

import argparse
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import psycopg
import yaml

ROOT = Path(__file__).resolve().parent.parent
GIVEN = ("postgres", "redis")  # run here already
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
RESTART_PAUSE = 0.5  # seconds; an engine waits about as long
PATIENCE = 120.0  # seconds until a service must be healthy


@dataclass
class Service:
    """One service of the compose file, made local."""

    name: str
    command: list[str]
    environment: dict[str, str]
    check: list[str] | None
    needs: Mapping[str, str]  # service -> the condition it waits for
    restarts: bool
    patience: float  # seconds from being told to end until it is killed
    open_input: bool
    ports: dict[str, int]  # a container's port -> ours
    process: subprocess.Popen[str] | None = None
    starts: int = 0
    ended_at: float = field(default=0.0)


class CannotStart(Exception):
    """The words say why."""


def read_compose(file: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with its variables filled in."""

    def value(match: re.Match[str]) -> str:
        return variables.get(match[1]) or match[2] or ""

    content: dict[str, Any] = yaml.safe_load(VARIABLE.sub(value, file.read_text()))
    return content


def local_services(content: Mapping[str, Any], profiles: Sequence[str], folder: Path) -> list[Service]:
    """The services that these profiles start, each after those it needs."""
    described = {
        name: about
        for name, about in content["services"].items()
        if name not in GIVEN and ("profiles" not in about or {*about["profiles"]} & {*profiles})
    }
    ports = {(name, port): free_port() for name, about in described.items() for port in about.get("expose", ())}
    services = [local_service(name, about, ports, folder) for name, about in described.items()]
    return in_order({service.name: service for service in services})


def local_service(name: str, about: Mapping[str, Any], ports: Mapping[tuple[str, str], int], folder: Path) -> Service:
    """A service as it can run here: with addresses, ports and folders of this machine."""
    folders = local_folders(about, folder)

    def local(text: str) -> str:
        for (service, port), here in ports.items():
            text = re.sub(rf"\b{service}:{port}\b", f"127.0.0.1:{here}", text)
            if service == name:
                text = re.sub(rf"(?<![\d.]){port}(?!\d)", str(here), text)
        for inside, outside in folders.items():
            text = re.sub(rf"(?<![\w.]){re.escape(inside)}(?=/|$)", str(outside), text)
        return text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  turned into loopback

    check = about.get("healthcheck", {}).get("test")
    return Service(
        name=name,
        command=program([local(str(word)) for word in about["command"]]),
        environment={key: local(str(text)) for key, text in about.get("environment", {}).items()},
        check=program([local(str(word)) for word in check[1:]]) if check else None,
        needs={other: how["condition"] for other, how in about.get("depends_on", {}).items() if other not in GIVEN},
        restarts=about.get("restart") == "unless-stopped",
        patience=float(str(about.get("stop_grace_period", "10s")).removesuffix("s")),
        open_input=about.get("stdin_open", False),
        ports={port: here for (service, port), here in ports.items() if service == name},
    )


def local_folders(about: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Where a container's folders lie on this machine: volumes, secrets, and files of the repository."""
    folders = {"/run/secrets": folder / "secrets"}
    for volume in about.get("volumes", ()):
        outside, inside = volume.split(":")[:2]
        folders[inside] = ROOT / outside if outside.startswith("./") else folder / outside
    return folders


def program(words: list[str]) -> list[str]:
    """The command with its program from this environment, where the image would have it on its path."""
    beside = Path(sys.executable).parent / words[0]
    return [str(beside) if beside.exists() else words[0], *words[1:]]


def in_order(services: Mapping[str, Service]) -> list[Service]:
    ordered: list[Service] = []

    def add(service: Service) -> None:
        for other in service.needs:
            add(services[other])
        if service not in ordered:
            ordered.append(service)

    for service in services.values():
        add(service)
    return ordered


class Up:
    """The running services. One process of ours, a child for each of them."""

    def __init__(self, services: list[Service], folder: Path) -> None:
        self.services, self.folder = services, folder
        self.ending = threading.Event()

    def run(self) -> None:
        """Start all in their order, keep them running, and end them in the reverse order when told to."""
        for told in (signal.SIGINT, signal.SIGTERM):
            signal.signal(told, lambda *_: self.ending.set())
        try:
            for service in self.services:
                self.await_needs(service)
                if self.ending.is_set():
                    return
                self.start(service)
            for service in self.services:
                self.await_health(service)
            if not self.ending.is_set():
                say("up: everything is healthy")
            while not self.ending.wait(0.1):
                self.restart_the_dead()
        finally:
            self.end()

    def start(self, service: Service) -> None:
        service.process = subprocess.Popen(
            [*ended_with_us(), *service.command],
            cwd=ROOT,
            env=base_environment() | service.environment,
            stdin=subprocess.PIPE if service.open_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        service.starts += 1
        service.ended_at = 0.0
        threading.Thread(target=repeat, args=(service.name, service.process), daemon=True).start()
        self.write_processes()

    def await_needs(self, service: Service) -> None:
        for name, condition in service.needs.items():
            other = next(one for one in self.services if one.name == name)
            if condition == "service_completed_successfully":
                self.await_end(other)
            elif condition == "service_healthy":
                self.await_health(other)

    def await_end(self, service: Service) -> None:
        assert service.process is not None  # what is needed was started before
        while service.process.poll() is None and not self.ending.wait(0.05):
            pass
        if service.process.returncode:
            raise CannotStart(f"{service.name} ended with {service.process.returncode}; its own words are above.")

    def await_health(self, service: Service) -> None:
        deadline = time.monotonic() + PATIENCE
        while service.check and not self.ending.is_set():
            env = base_environment() | service.environment
            if subprocess.run(service.check, cwd=ROOT, env=env, capture_output=True, check=False).returncode == 0:
                return
            if time.monotonic() > deadline or (service.process and service.process.poll() is not None):
                raise CannotStart(f"{service.name} did not get healthy; its own words are above.")
            self.ending.wait(0.3)

    def restart_the_dead(self) -> None:
        for service in self.services:
            if not service.restarts or service.process is None or service.process.poll() is None:
                continue
            now = time.monotonic()
            if not service.ended_at:
                service.ended_at = now
                say(f"up: {service.name} ended with {service.process.returncode}; starting it again")
            elif now - service.ended_at > RESTART_PAUSE:
                self.start(service)

    def end(self) -> None:
        """End all that run, the last started first. Told a second time, the rest is killed."""
        self.ending.clear()
        for service in reversed(self.services):
            if service.process and service.process.poll() is None:
                service.process.terminate()
                deadline = time.monotonic() + service.patience
                while service.process.poll() is None and time.monotonic() < deadline and not self.ending.wait(0.05):
                    pass
                if service.process.poll() is None:
                    service.process.kill()
                service.process.wait()
        (self.folder / "processes.json").unlink(missing_ok=True)

    def write_processes(self) -> None:
        running = {
            service.name: {"pid": service.process.pid, "ports": service.ports, "starts": service.starts}
            for service in self.services
            if service.process and service.process.poll() is None
        }
        whole = self.folder / "processes.json.new"
        whole.write_text(json.dumps(running, indent=2) + "\n")
        whole.replace(self.folder / "processes.json")


def base_environment() -> dict[str, str]:
    """What every process may inherit: a container would see nothing of this machine's settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def ended_with_us() -> list[str]:
    """Words in front of a command so that it ends when we are killed; Linux only."""
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


def repeat(name: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        say(f"{name:8} | {line.rstrip()}")


def say(line: str) -> None:
    print(line, flush=True)


def free_port(wanted: int = 0) -> int:
    """A port that can be had; 0 for any, which stays free for whom it is meant. Raises CannotStart."""
    try:
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", wanted))
            port = int(probe.getsockname()[1])
            # Bound and not listening: whoever asks for this number gets it, who asks for any never does. A service that
            # is started again finds its port. Elsewhere than on Linux nobody could have it as long as it is bound.
            if not wanted and sys.platform == "linux":
                probe.detach()
            return port
    except OSError:
        raise CannotStart(f"Port {wanted} cannot be had; choose another: make up PORT={wanted + 1}") from None


def taken(folder: Path) -> TextIO:
    """The folder, for as long as this file stays open. Raises CannotStart if another has it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotStart(f"Another `make up` runs in {folder}.") from None
    return lock


def make_folders(content: Mapping[str, Any], folder: Path) -> None:
    """The volumes, and the secrets of the first start: whose database it is, the given URL says."""
    for name in ("secrets", *content["volumes"]):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("secret_key", "worker_keys"):
        key = folder / "secrets" / name
        if not key.exists():
            key.touch(mode=0o600)
            key.write_text(secrets.token_urlsafe(50))


def make_database(url: str) -> None:
    """The database, if the server does not have it yet. Raises CannotStart where there is no server."""
    name = urlsplit(url).path.removeprefix("/")
    try:
        with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                server.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    except psycopg.OperationalError as why:
        raise CannotStart(f"No PostgreSQL answers at DATABASE_URL: {str(why).splitlines()[0]}") from None


def extra_settings(service: Service, chosen: Sequence[str]) -> dict[str, str]:
    """What `--set` says for this service: by its name, or for every one that has the site's settings."""
    extra = {}
    for text in chosen:
        name, _, value = text.partition("=")
        whose, _, name = name.rpartition(":")
        if whose == service.name or (not whose and "DATABASE_URL" in service.environment):
            extra[name] = value
    return extra


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m config.up", description="The compose file, as processes.")
    options.add_argument("--port", type=int, default=8080, help="where Caddy listens")
    options.add_argument("--profile", action="append", help="services beyond the site: echo, cpu")
    options.add_argument("--folder", type=Path, default=ROOT / "var" / "up")
    options.add_argument(
        "--set", action="append", default=[], metavar="[SERVICE:]NAME=VALUE", help="a setting beyond the compose file's"
    )
    chosen = options.parse_args()
    folder, profiles = chosen.folder.resolve(), chosen.profile or []
    database = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/lms"
    redis = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"
    variables = {
        "SITE_ADDRESS": f"http://127.0.0.1:{chosen.port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "HTTPS": "false",
        "WORKER_NETWORKS": "127.0.0.0/8,::1/128",
        "DEMO": next((name for profile, name in (("echo", "echo"), ("cpu", "real")) if profile in profiles), ""),
    }
    try:
        lock = taken(folder)
        free_port(chosen.port)
        make_database(database)
        content = read_compose(ROOT / "docker-compose.yml", variables)
        make_folders(content, folder)
        services = local_services(content, profiles, folder)
        for service in services:
            given = {"DATABASE_URL": database, "REDIS_URL": redis}
            service.environment |= {key: url for key, url in given.items() if key in service.environment}
            service.environment |= extra_settings(service, chosen.set)
        say(f"up: {', '.join(service.name for service in services)}; at {variables['SITE_ADDRESS']}/")
        with lock:
            Up(services, folder).run()
    except CannotStart as why:
        print(why, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
