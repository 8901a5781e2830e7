"""manage.py invite_voters: one-time codes for the voters of a round that is not open to everybody."""

import csv
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from accounts.models import User
from leaderboard.cut.inviting import CannotInvite, invite_voters
from leaderboard.keys import rounds_by
from leaderboard.management.people import add_who, organizer_named


class Command(BaseCommand):
    help = "Make invitation codes and write them as CSV, this once: what is kept are digests. Each lets one voter vote."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the round, as 1-run-off")
        parser.add_argument("number", type=int, help="how many codes")
        parser.add_argument("--purpose", default="By the site's operator.", help="for whom, as the log tells it")
        add_who(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        contest = rounds_by(options["key"]).first()
        if contest is None:
            raise CommandError(f"There is no round {options['key']}.")
        by = organizer_named(options["by"])
        try:
            who = by if isinstance(by, User) else None
            codes = invite_voters(contest, options["number"], by=who, purpose=options["purpose"])
        except CannotInvite as why:
            raise CommandError(f"No codes were made: {why}.") from None
        rows = csv.writer(sys.stdout)
        rows.writerow(["code"])
        rows.writerows([code] for code in codes)
