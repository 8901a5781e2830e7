"""manage.py import_votes FILE: a board of votes made elsewhere."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify
from tqdm import tqdm

from leaderboard.imports import BadVotes, import_votes, read_votes
from leaderboard.models import Series


class Command(BaseCommand):
    help = "Read votes made elsewhere (arena JSON, or CSV with worker, winner, left, right) into a series of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--series", help="slug of the new series (default: from the file's name)")
        parser.add_argument("--title", help="its title (default: the file's name)")
        parser.add_argument("--title-ko", default="", help="its Korean title")
        parser.add_argument("--note", default="", help="a line above the board: whose votes these are")
        parser.add_argument("--note-ko", default="", help="the same in Korean")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        slug = options["series"] or slugify(file.stem)
        if Series.objects.filter(slug=slug).exists():
            raise CommandError(f"There is a series {slug} already; choose another with --series.")
        series = Series(
            slug=slug,
            title=options["title"] or file.stem,
            title_ko=options["title_ko"],
            note=options["note"],
            note_ko=options["note_ko"],
        )
        try:
            rows = read_votes(file)
        except BadVotes as why:
            raise CommandError(f"Nothing was imported: {why}.") from None
        with tqdm(total=len(rows), unit=" rows", disable=options["verbosity"] == 0) as progress:
            board = import_votes(rows, series, kept=progress.update)
        if options["verbosity"]:
            names = board.standings.count()
            print(f"{slug}: {board.votes:,} votes on {names} entries, board {board.number}.")
