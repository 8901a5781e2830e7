"""manage.py serve_worker: a worker of an entry on the machine that has its model, engine and all."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from inference.contestants import models_in
from inference.models import Entry
from inference.serving.engines import KINDS, CannotServe, Engine, Wish, engine
from inference.serving.local_site import LocalWorker, card_of
from inference.serving.remote_site import RemoteSite, RemoteWorker
from inference.serving.supervision import AtSite, GaveUp, Patience, SiteAway, SiteRefuses, Supervisor
from leaderboard.hosting import have_checked

PATIENCE = Patience()


class Command(BaseCommand):
    help = (
        "Serve an entry: start its engine from the entry's record, register it, keep it running, and drain it when "
        "told to end (SIGTERM; twice: at once). Words after -- go to the engine as they are."
    )
    extra: Sequence[str] = ()
    requires_system_checks = []  # another machine may have no database at all

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entry", help="the entry's slug")
        parser.add_argument("--engine", choices=KINDS, default="vllm")
        parser.add_argument("--model", default="", help="folder or file of the weights, or a repository's name")
        parser.add_argument("--served-name", default="", help="the model name in requests (default: the slug)")
        parser.add_argument("--host", default="127.0.0.1", help="where the engine listens")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--url", default="", help="where the site reaches it (default: that host and port)")
        parser.add_argument("--slots", type=int, default=8, help="replies it may work on at once")
        parser.add_argument("--key-file", type=Path, help="a file with the key that the engine shall ask for")
        parser.add_argument("--unchecked", action="store_true", help="let it in at once; organizers' machines only")
        parser.add_argument("--site", default="", help="the site's address, where its database cannot be reached")
        parser.add_argument("--token-file", type=Path, help="…and a file with a token of the team")
        parser.add_argument("--program", default=os.environ.get("VLLM", "vllm"), help="the vllm command")
        for name, means in (
            ("ready", "until a starting engine must answer"),
            ("beat", "between two words to the site"),
            ("stuck", "without an answer, after which the engine is killed"),
            ("drain", "that running replies may take when told to end"),
            ("pause", "before the second start; each further one waits twice as long"),
        ):
            default = getattr(PATIENCE, name)
            parser.add_argument(f"--{name}-seconds", type=float, default=default, help=f"{means} ({default:g})")
        parser.add_argument("--tries", type=int, default=PATIENCE.tries, help="failures in a row before it gives up")

    def run_from_argv(self, argv: list[str]) -> None:
        """What follows -- is the engine's own, which argparse would take for ours."""
        if "--" in argv:
            cut = argv.index("--")
            argv, self.extra = argv[:cut], argv[cut + 1 :]
        super().run_from_argv(argv)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        names = ("ready", "beat", "stuck", "drain", "pause")
        patience = Patience(tries=options["tries"], **{name: options[f"{name}_seconds"] for name in names})
        try:
            started, worker = self.worker(options)
        except (CannotServe, SiteAway, SiteRefuses) as why:
            raise CommandError(str(why)) from None
        for name, digest in asdict(started.files).items():
            if digest:
                say(f"Its {name.removesuffix('_digest').replace('_', ' ')}: SHA-256 {digest}.")
        supervisor = Supervisor(started, worker, patience, say)
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: supervisor.end())
        try:
            supervisor.run()
        except (GaveUp, SiteRefuses) as why:
            raise CommandError(str(why)) from None
        say("Stopped.")

    def worker(self, options: Mapping[str, Any]) -> tuple[Engine, AtSite]:
        """What is to be started, and its place at the site. Raises CannotServe, SiteAway, SiteRefuses."""
        slug, wanted = options["entry"], wish(options, self.extra)
        if options["site"]:
            if options["token_file"] is None:
                raise CommandError(
                    "--site wants --token-file, a file with a token of the team that may change workers."
                )
            site = RemoteSite(site=options["site"], token=line_of(options["token_file"]), slug=slug)
            started = engine(options["engine"], site.card(), wanted)
            return started, RemoteWorker(site, started, options["url"] or started.address)
        entry = Entry.objects.filter(slug=slug).first()
        if entry is None:
            raise CommandError(f"There is no entry {slug}.")
        started = engine(options["engine"], card_of(entry), wanted)
        address = options["url"] or started.address
        return started, LocalWorker(entry, started, address, None if options["unchecked"] else have_checked)


def wish(options: Mapping[str, Any], extra: Sequence[str]) -> Wish:
    model = options["model"]
    if not model and options["engine"] == "llamacpp":
        # The demonstration's contestants lie where `make demo` put them.
        model = str(models_in(settings.DATA_DIR / "models").get(options["entry"], ""))
    return Wish(
        model=model,
        served_name=options["served_name"],
        host=options["host"],
        port=options["port"],
        slots=options["slots"],
        key=line_of(options["key_file"]) if options["key_file"] else "",
        program=options["program"],
        extra=extra,
    )


def line_of(file: Path) -> str:
    """The one line of a file with a secret: arguments can be read by every user of a machine. Raises CommandError."""
    try:
        line = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise CommandError(f"{file} cannot be read as one line of ASCII.") from None
    if not line or not line.isprintable():
        raise CommandError(f"{file} holds no secret of one line.")
    return line


def say(line: str) -> None:
    print(f"serve_worker: {line}", flush=True)
