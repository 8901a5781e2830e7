"""`make demo`: the whole site on one laptop, with real small models. `python -m config.demo [--models echo]`.

Starts the local engine (or the stand-in) as a child that dies with it, fills an empty database with four contestants,
a round and a board of real votes, and runs the site in this process. A second start finds its data again.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from inference.models import Entry

MODELS = ("echo", "real")
STANDIN = [sys.executable, "-m", "inference.standin", "--port", "0", "--with-parent"]
HOST = "127.0.0.1"


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m config.demo", description="The site with local models.")
    options.add_argument("--models", choices=MODELS, default="real")
    options.add_argument("--port", default="8000")
    options.add_argument("--check", action="store_true", help="only say whether the port can be had")
    options.add_argument("--enter", metavar="URL,…", help="only enter the contestants, who answer there, and end")
    chosen = options.parse_args()
    port = 0 if chosen.enter else free_port(chosen.port)
    if chosen.check:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DEMO"] = chosen.models
    os.environ.setdefault("LOG_LEVEL", "WARNING")

    import django

    django.setup()
    if chosen.enter:
        enter_workers(enter_contestants(), addresses(chosen.enter))
        return
    from django.core.management import call_command

    say("Preparing the database…")
    call_command("migrate", verbosity=0)
    server = ModelServer(engine_command() if chosen.models == "real" else STANDIN)
    try:
        contestants = enter_contestants()
        enter_workers(contestants, server.start())
        server.keep(contestants)
        if chosen.models == "real":
            import_real_votes()
        run(port)
    finally:
        server.stop()


def free_port(text: str) -> int:
    """The wanted port, if it can be had; else one line says why not."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        give_up(f"PORT must be a number from 1 to 65535, not {text}.")
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            give_up(f"Port {port} is not for everybody. Choose one above 1023: make demo PORT=8000")
        except OSError:
            give_up(f"Port {port} is taken. Choose another: make demo PORT={port + 1 if port < 65535 else 8001}")
    return port


class ModelServer:
    """The contestants' server: a child process that ends with us, and is started again if it ends by itself."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.stopping = False
        self.child: subprocess.Popen[str] | None = None

    def start(self) -> Mapping[str, str]:
        """Start it and wait until it serves; the base URL of each contestant, by slug or for all by "standin"."""
        # Its standard input is ours to hold: it ends when we do, even when we are killed.
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            give_up("The model engine did not start; its own words are above.")
        ready: Mapping[str, str] = json.loads(line)["ready"]
        return ready

    def keep(self, contestants: Sequence["Entry"]) -> None:
        """Watch over it in a thread; started again, it answers for the same contestants."""
        threading.Thread(target=self._keep, args=(contestants,), name="model server", daemon=True).start()

    def stop(self) -> None:
        self.stopping = True
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def _keep(self, contestants: Sequence["Entry"]) -> None:
        from django.db import connection

        while self.child and self.child.stdout:
            self.child.stdout.read()  # until it ends
            self.child.wait()
            if self.stopping:
                return
            say("The model engine ended by itself; starting it again…")
            enter_workers(contestants, self.start())
            connection.close()


def engine_command() -> list[str]:
    from django.conf import settings

    from inference.contestants import NoModel, make_contestants

    folder = Path(os.environ.get("LMS_MODELS") or settings.DATA_DIR / "models")
    try:
        make_contestants(folder, say)
    except NoModel as why:
        give_up(f"{why} (make demo MODELS=echo works without models.)")
    say("Starting the model engine…")
    return [sys.executable, "-m", "inference.engine", str(folder), "--log", str(settings.DATA_DIR / "engine.log")]


def enter_contestants() -> list["Entry"]:
    """Teams, entries and, the first time, a round."""
    from django.utils import timezone

    from inference.contestants import BASE, CONTESTANTS, LICENCE
    from inference.entries import add_entry
    from leaderboard.models import Round
    from leaderboard.rounds import open_round

    entries = [
        add_entry(slug=one.slug, name=one.name, team=one.team, base=BASE, licence=LICENCE, changes=one.changes)
        for one in CONTESTANTS
    ]
    if not Round.objects.exists():
        open_round(
            entries,
            ends_at=timezone.now() + timedelta(days=30),
            cut_size=1,
            minimum_votes=2,
            tie_chain=["score", "earlier_submission"],  # one laptop's votes hardly ever clear the line
            temperature=0.3,
            max_tokens=200,
            max_turns=4,
            pace=150,
        )
    return entries


def addresses(urls: str) -> Mapping[str, str]:
    """Where the contestants answer: each at its own of so many addresses with commas between, or all at one."""
    from inference.contestants import CONTESTANTS

    if "," not in urls:
        return {"standin": urls}
    return dict(zip((one.slug for one in CONTESTANTS), urls.split(","), strict=True))


def enter_workers(entries: Sequence["Entry"], urls: Mapping[str, str]) -> None:
    """A worker for each entry, where the server answers now: its ports are new at every start."""
    from inference.entries import add_worker
    from inference.probing import probe_all

    everybody = urls.get("standin")
    for entry in entries:
        entry.workers.all().delete()
        url = everybody or urls[entry.slug]
        add_worker(entry, url=url, served_name=entry.slug, slots=100 if everybody else 2)
    probe_all()


def import_real_votes() -> None:
    from django.core.management import CommandError, call_command

    from leaderboard.models import Series

    if Series.objects.filter(slug="chatbot-arena-2024").exists():
        return
    try:
        package = importlib.metadata.distribution("leaderbot")
    except importlib.metadata.PackageNotFoundError:
        return  # the board of real votes is an extra
    say("Importing 1.67 million real votes…")
    try:
        call_command(
            "import_votes",
            str(package.locate_file("leaderbot/data/chatbotarena_20240814.json")),
            series="chatbot-arena-2024",
            title="Chatbot Arena, 14 August 2024: not our votes",
            title_ko="챗봇 아레나, 2024년 8월 14일: 저희 투표가 아닙니다",
            note="129 models, 1,670,250 votes, published by LMSYS; rated here with our method.",
            note_ko="모델 129개, 투표 1,670,250표. LMSYS가 공개한 자료를 저희 방식으로 계산했습니다.",
            verbosity=0,
        )
    except CommandError as why:
        give_up(str(why))


def run(port: int) -> None:
    import uvicorn

    from config.web import web_config

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                say(f"\n  Last Model Standing is at http://{HOST}:{port}/   (Ctrl-C ends it)\n")

    config = web_config(HOST, port)
    config.timeout_graceful_shutdown = 3
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run()
    say("Stopped.")


def say(line: str) -> None:
    print(line, flush=True)


def give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
