"""manage.py open_round: a round opened at once."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.utils import timezone

from inference.models import Entry
from leaderboard.amending import NotKept
from leaderboard.drafts import CannotOpen
from leaderboard.management.rules import add_rules, rulebook_in, rules_named
from leaderboard.rounds import open_round
from leaderboard.rulebook import BadRulebook


class Command(BaseCommand):
    help = "Open the next round over the named entries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="+", help="the entries that compete")
        parser.add_argument("--ends", required=True, help="its end, as 2026-12-31T18:00 (the site's time zone)")
        add_rules(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        entries = list(Entry.objects.filter(slug__in=options["slugs"]))
        unknown = set(options["slugs"]) - {entry.slug for entry in entries}
        if unknown:
            raise CommandError(f"There is no entry {', '.join(sorted(unknown))}; see add_entry.")
        rulebook = rulebook_in(options["rulebook"])
        try:
            contest = open_round(entries, ends_at=moment(options["ends"]), rulebook=rulebook, **rules_named(options))
        except (CannotOpen, NotKept, BadRulebook) as why:
            raise CommandError(f"No round was opened: {why}.") from None
        print(f"{contest} is open until {contest.ends_at:%Y-%m-%d %H:%M %Z}: {', '.join(sorted(options['slugs']))}.")


def moment(text: str) -> datetime:
    """The moment a text means, in the site's time zone where it names none. Raises CommandError."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no moment; write it as 2026-12-31T18:00.") from None
    return told if told.tzinfo else timezone.make_aware(told)
