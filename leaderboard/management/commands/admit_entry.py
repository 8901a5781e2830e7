"""manage.py admit_entry: one more entry competes in the open round, as a wildcard or in place of another one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leaderboard.management.entries import add_reason, entry_named, latest_round, part_of
from leaderboard.participations import CannotChange, admit_wildcard, replace_entry


class Command(BaseCommand):
    help = "Let an entry into the open round: without votes, and so provisional at first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the entry that comes in")
        parser.add_argument(
            "--replaces", metavar="SLUG", help="in an emergency: the entry of its team that is withdrawn"
        )
        add_reason(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        contest, entry = latest_round(), entry_named(options["slug"])
        why = {name: options[name] for name in ("reason", "reason_ko")}
        try:
            if options["replaces"]:
                replace_entry(part_of(contest, options["replaces"]), entry, **why)
            else:
                admit_wildcard(contest, entry, **why)
        except CannotChange as refused:
            raise CommandError(f"Nothing has changed: {refused}.") from None
        print(f"{entry.slug} competes in {contest} from now on.")
