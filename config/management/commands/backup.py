"""manage.py backup FILE: the whole database in one file, while the site goes on."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import CannotBackUp, back_up


class Command(BaseCommand):
    help = "Write the database and what it must hold when restored into one new file."
    requires_system_checks = []  # whatever else is wrong, a backup can be made

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file that does not exist yet, e.g. arena-2026-11-24.tar")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = back_up(options["file"])
        except CannotBackUp as why:
            raise CommandError(f"No backup was made: {why}.") from None
        print(f"Wrote {options['file']} ({manifest['dump']['bytes'] / 1e6:.1f} MB, {manifest['made_at']}).")
        for slug, one in manifest["series"].items():
            print(f"{slug}: board {one['board']} of {one['votes']:,} votes.")
        print("SECRET_KEY is not in it; keep it elsewhere, or every visitor will be a stranger after a restore.")
