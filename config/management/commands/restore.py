"""manage.py restore FILE: an empty database becomes the one that was backed up, compared and recounted."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import CannotRestore, Differs, restore


class Command(BaseCommand):
    help = "Fill an empty database from a backup, and check every board against it and against its ballots."
    requires_system_checks = []  # the machine that takes over may not be wholly set up yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in restore(options["file"]):
                print(line, flush=True)
        except CannotRestore as why:
            raise CommandError(f"Nothing was restored: {why}.") from None
        except Differs as what:
            raise CommandError(f"The restored database is not what was backed up: {what}.") from None
        print("It is what was backed up. Start the site with the SECRET_KEY it had.")
