"""manage.py export_board: an edition of a board and its ballots, as files that anyone can check."""

import shlex
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from tqdm import tqdm

from leaderboard.boards import find_series
from leaderboard.editions import served
from leaderboard.export import ExportUnderWay, export_board
from leaderboard.models import Board, Round


class Command(BaseCommand):
    help = "Write an edition of a round's board, and the ballots it knows, into a folder. Interrupted, it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--series", help="slug of the round's series, as round-1 (default: the current one)")
        parser.add_argument("--number", type=int, help="number of the board (default: the one served)")
        parser.add_argument("--out", type=Path, help="folder (default: DATA_DIR/exports/SERIES-board-NUMBER)")

    def handle(self, *args: Any, **options: Any) -> None:
        edition = edition_asked(options["series"], options["number"])
        name = f"{edition.series.slug}-board-{edition.number}"
        write_files(edition, options["out"] or settings.DATA_DIR / "exports" / name, options["verbosity"])


def edition_asked(slug: str | None, number: int | None) -> Board:
    """The board that these name. Raises CommandError."""
    series = find_series(slug)
    if series is None:
        raise CommandError(f"There is no series {slug!r}." if slug else "There is no board yet.")
    if not Round.objects.filter(series=series).exists():
        raise CommandError(f"{series.slug} was imported: its ballots are in the file that it came from.")
    if number is None:
        shown = served(series)
        assert shown is not None  # opening a round publishes one
        return shown
    boards = Board.objects.filter(series=series).select_related("series")
    last = boards.latest("number")
    found = boards.filter(number=number).first()
    if found is None:
        raise CommandError(f"{series.slug} has no board {number}; its boards are 1 to {last.number}.")
    return found


def write_files(edition: Board, folder: Path, verbosity: int) -> None:
    """Export with progress on a terminal, and say which files there are. Raises CommandError; 130 after Ctrl-C."""
    slug, number = edition.series.slug, edition.number
    again = f"manage.py export_board --series {slug} --number {number} --out {shlex.quote(str(folder))}"
    hidden = None if verbosity else True  # None: hidden where nobody looks at a terminal
    try:
        with tqdm(total=edition.position, unit=" ballots", unit_scale=True, disable=hidden) as progress:
            files = export_board(edition, folder, told=progress.update)
    except ExportUnderWay:
        raise CommandError(f"Another export is writing into {folder}.") from None
    except (OSError, OperationalError) as why:
        reason = f"{why.filename or folder}: {why.strerror}" if isinstance(why, OSError) else "the database is away"
        raise CommandError(f"The export is not finished: {reason}. To go on: {again}") from None
    except KeyboardInterrupt:
        print(f"\nThe export was stopped. To go on: {again}", file=sys.stderr)
        sys.exit(130)
    if verbosity:
        for file in files:
            print(f"Wrote {file}")
