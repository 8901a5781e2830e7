"""manage.py close_round: the cut."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.db import transaction

from leaderboard.management.commands.export_board import write_files
from leaderboard.models import LIVE, Round, RoundState
from leaderboard.rounds import CannotClose, close_round, open_following_round


class Command(BaseCommand):
    help = "Close the open round: the last are eliminated and never drawn again; writes the files that prove it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, help="folder for the files (default: DATA_DIR/exports/round-N)")
        parser.add_argument("--last", action="store_true", help="do not open a next round over the survivors")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        over = (RoundState.CLOSED, RoundState.TALLIED)
        contest = Round.objects.filter(state__in=(*LIVE, *over), leg=0).order_by("number", "leg").first()
        if contest is None:
            raise CommandError("No round is open.")
        try:
            # Together, so that who watches the line fall is shown the way to the next round.
            with transaction.atomic():
                cut = close_round(contest)
                following = None if options["last"] else open_following_round(contest)
        except CannotClose as why:
            raise CommandError(f"{contest} was not closed: {why}.") from None
        print(f"{contest} is closed after {cut.board.votes} counted votes.")
        for entry in cut.eliminated:
            print(f"Eliminated: {entry.name} ({entry.slug})")
        if cut.tied:
            print(f"Tied at the line were {', '.join(cut.tied)}. What decided: {cut.decided_by}. Say so with it.")
        if following:
            names = following.participations.values_list("entry__name", flat=True)
            print(f"{following} is open until {following.ends_at:%Y-%m-%d %H:%M} UTC: {', '.join(names)}.")
        # Last, and after the commit: what is decided stands, even if a disk is full.
        folder = options["out"] or settings.DATA_DIR / "exports" / contest.series.slug
        write_files(cut.board, folder, options["verbosity"])
