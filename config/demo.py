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
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

MODELS = ("echo", "real")
HOST = "127.0.0.1"


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m config.demo", description="The site with local models.")
    options.add_argument("--models", choices=MODELS, default="real")
    options.add_argument("--port", type=int, default=8000)
    chosen = options.parse_args()
    refuse_busy_port(chosen.port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DEMO"] = chosen.models
    os.environ.setdefault("LOG_LEVEL", "WARNING")

    import django

    say("Preparing the database…")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with serving(chosen.models) as urls:
        enter(urls, chosen.models)
        if chosen.models == "real":
            import_real_votes()
        run(chosen.port)


def refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            give_up(f"Port {port} is taken. Choose another: make demo PORT={port + 1 if port < 65535 else 8001}")


@contextlib.contextmanager
def serving(models: str) -> Iterator[Mapping[str, str]]:
    """The contestants' server as a child process; yields slug -> base URL."""
    from inference.contestants import CONTESTANTS

    command = [sys.executable, "-m", "inference.standin", "--port", "0", "--with-parent"]
    if models == "real":
        command = engine_command()
    # Its standard input is ours to hold: it ends when we do, even when we are killed.
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line:
            give_up("The model engine did not start; its own words are above.")
        ready = json.loads(line)["ready"]
        urls = ready if models == "real" else {contestant.slug: ready["standin"] for contestant in CONTESTANTS}
        threading.Thread(target=child.stdout.read, daemon=True).start()  # never let it block on a full pipe
        yield urls
    finally:
        child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()


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


def enter(urls: Mapping[str, str], models: str) -> None:
    """Teams, entries, workers and, the first time, a round."""
    from django.utils import timezone
    from django.utils.text import slugify

    from accounts.models import Team
    from inference.contestants import BASE, CONTESTANTS, LICENCE
    from inference.models import Entry, Worker
    from leaderboard.models import Round
    from leaderboard.rounds import open_round

    entries = []
    for contestant in CONTESTANTS:
        team, _ = Team.objects.get_or_create(slug=slugify(contestant.team), defaults={"name": contestant.team})
        about = {"base": BASE, "licence": LICENCE, "changes": contestant.changes}
        entry, _ = Entry.objects.get_or_create(
            slug=contestant.slug, defaults={"team": team, "name": contestant.name, **about}
        )
        entries.append(entry)
        entry.workers.all().delete()  # the engine's ports are new at every start
        Worker.objects.create(entry=entry, url=urls[contestant.slug], served_name=contestant.slug, slots=2)
    if models == "echo":
        Worker.objects.update(slots=100)
    if not Round.objects.exists():
        open_round(
            entries,
            ends_at=timezone.now() + timedelta(days=30),
            cut_size=1,
            minimum_votes=10,
            temperature=0.3,
            max_tokens=200,
            max_turns=4,
            pace=150,
        )


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

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                say(f"\n  Last Model Standing is at http://{HOST}:{port}/   (Ctrl-C ends it)\n")

    config = uvicorn.Config(
        "config.asgi:application",
        host=HOST,
        port=port,
        log_level="warning",
        ws_max_size=16 * 1024,
        timeout_graceful_shutdown=3,
    )
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
