"""manage.py add_worker: enter a worker of an entry, check it, and say what the checks found."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from inference.addresses import BadAddress
from inference.entries import Unfit, enter_worker
from inference.models import Entry
from inference.registering import Underway, register
from inference.standing import standing
from leaderboard.hosting import asked_of


class Command(BaseCommand):
    help = "Enter a worker, or change how one at that address is asked. It answers only if it passes its checks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entry", help="the entry's short name")
        parser.add_argument("url", help="its base address, without /v1")
        parser.add_argument("--served-name", help="the model name it wants (default: the entry's short name)")
        parser.add_argument("--slots", type=int, default=8, help="replies it may work on at once")
        parser.add_argument("--key-file", type=Path, help="a file with its key; an argument could be read by others")
        parser.add_argument("--extra-body", default="{}", help="a JSON object sent along with every request")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        entry = Entry.objects.filter(slug=options["entry"]).first()
        if entry is None:
            raise CommandError(f"There is no entry {options['entry']}; see add_entry.")
        try:
            worker = enter_worker(
                entry,
                url=options["url"],
                served_name=options["served_name"] or entry.slug,
                slots=options["slots"],
                key=options["key_file"].read_text().strip() if options["key_file"] else None,
                extra_body=object_in(options["extra_body"]),
            )
            register(worker, **asked_of(entry))
        except (Unfit, BadAddress) as why:
            raise CommandError(f"This worker cannot be entered: {why}.") from None
        except Underway:
            raise CommandError("It is being checked already.") from None
        except OSError as why:
            raise CommandError(f"{options['key_file']} cannot be read: {why.strerror}.") from None
        worker.refresh_from_db()
        found = standing(worker)
        for check in found["checks"]:
            print(f"{'passed' if check['passed'] else 'FAILED':8}{check['words']}. {check['found']}".rstrip())
        if found["reason"]:
            raise CommandError(f"It is kept, and asked nothing. {found['reason']}")
        print(f"{worker.url} answers for {entry.name} from now on.")


def object_in(text: str) -> dict[str, Any]:
    """Raises CommandError."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CommandError("--extra-body must be a JSON object.")
    return found
