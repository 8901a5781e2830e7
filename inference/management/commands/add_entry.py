"""manage.py add_entry: until the console exists, how an organizer enters a team's model and its worker."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.core.validators import URLValidator, validate_slug

from inference.entries import add_entry, add_worker
from inference.probing import probe_all


class Command(BaseCommand):
    help = "Enter a model: its team, its name, and a worker that speaks the OpenAI chat protocol."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its short name in addresses")
        parser.add_argument("--name", required=True, help="the name shown after a vote")
        parser.add_argument("--team", required=True, help="the team it belongs to; made if new")
        parser.add_argument("--worker", help="base address of a worker that is not checked; better: add_worker")
        parser.add_argument("--served-name", help="the model name the worker wants (default: the slug)")
        parser.add_argument("--slots", type=int, default=8, help="replies it may work on at once")
        parser.add_argument("--base", default="", help="the model it is made from")
        parser.add_argument("--licence", default="")
        parser.add_argument("--changes", default="", help="what was changed from the base")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if not passes(validate_slug, options["slug"]):
            raise CommandError(f"{options['slug']} is no slug: letters, digits, - and _ only.")
        if options["worker"] and not passes(URLValidator(schemes=["http", "https"]), options["worker"]):
            raise CommandError(f"{options['worker']} is no http or https address.")
        if options["slots"] < 1:
            raise CommandError("A worker has at least one slot.")
        about = {field: options[field] for field in ("slug", "name", "team", "base", "licence", "changes")}
        entry = add_entry(**about)
        if not options["worker"]:
            print(f"{entry.name} of {entry.team.name} is entered. Next: manage.py add_worker {entry.slug} http://…")
            return
        served_name = options["served_name"] or options["slug"]
        worker = add_worker(entry, url=options["worker"], served_name=served_name, slots=options["slots"])
        probe_all()
        worker.refresh_from_db()
        state = "healthy" if worker.healthy else "not answering yet; it is asked again every ten seconds"
        print(f"{entry.name} of {entry.team.name} is entered. Its worker at {worker.url} is {state}.")


def passes(validator: Callable[[str], None], text: str) -> bool:
    try:
        validator(text)
    except ValidationError:
        return False
    return True
