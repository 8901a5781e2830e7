"""manage.py describe_entry: what an entry is and where it comes from, by a file, until its round opens."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from inference.entries import IDENTITY, PARTS, STATED, Swapped, Unfit, describe_entry
from inference.models import Entry


class Command(BaseCommand):
    help = (
        f"State what an entry is, by a JSON object with any of {', '.join((*IDENTITY, *STATED))}, "
        f"and components, a list of objects with {', '.join(PARTS)}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the entry")
        parser.add_argument("file", type=Path, help="the JSON file")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        entry = Entry.objects.filter(slug=options["slug"]).first()
        if entry is None:
            raise CommandError(f"There is no entry {options['slug']}.")
        said = card_in(options["file"])
        components = said.pop("components", None)
        if not (components is None or (isinstance(components, list) and all(isinstance(c, dict) for c in components))):
            raise CommandError("components must be a list of objects.")
        try:
            describe_entry(entry, said, components)
        except (Swapped, Unfit) as why:
            raise CommandError(f"Nothing has changed: {why}.") from None
        print(f"{entry.slug} is described as the file says.")


def card_in(file: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises CommandError."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as why:
        raise CommandError(f"{file} cannot be read: {why.strerror}.") from None
    except (ValueError, RecursionError):
        raise CommandError(f"{file} is no JSON text.") from None
    if not isinstance(said, dict):
        raise CommandError(f"{file} holds no JSON object.")
    return said
