"""manage.py open_round: until the console exists, how an organizer opens a round."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from arena.models import Reveal
from inference.models import Entry
from leaderboard.rounds import CannotOpen, open_round


class Command(BaseCommand):
    help = "Open the next round over the named entries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="+", help="the entries that compete")
        parser.add_argument("--ends", required=True, help="its end, as 2026-12-31T18:00 (the site's time zone)")
        parser.add_argument("--cut", type=int, default=1, help="how many go out")
        parser.add_argument("--minimum-votes", type=int, default=30, help="an entry with fewer is provisional")
        parser.add_argument("--temperature", type=float, default=0.7)
        parser.add_argument("--max-tokens", type=int, default=1024)
        parser.add_argument("--max-turns", type=int, default=6)
        parser.add_argument("--pace", type=int, default=150, help="characters a second shown on each side; 0: no pace")
        parser.add_argument("--system-prompt", default="")
        parser.add_argument(
            "--reveal", choices=Reveal.values, default="vote", help="names after the vote, or the close"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        entries = list(Entry.objects.filter(slug__in=options["slugs"]))
        unknown = set(options["slugs"]) - {entry.slug for entry in entries}
        if unknown:
            raise CommandError(f"There is no entry {', '.join(sorted(unknown))}; see add_entry.")
        terms = ("temperature", "max_tokens", "max_turns", "pace", "system_prompt", "reveal")
        try:
            contest = open_round(
                entries,
                ends_at=moment(options["ends"]),
                cut_size=options["cut"],
                minimum_votes=options["minimum_votes"],
                **{field: options[field] for field in terms},
            )
        except CannotOpen as why:
            raise CommandError(f"No round was opened: {why}.") from None
        print(f"{contest} is open until {contest.ends_at:%Y-%m-%d %H:%M %Z}: {', '.join(sorted(options['slugs']))}.")


def moment(text: str) -> datetime:
    """The moment a text means, in the site's time zone where it names none. Raises CommandError."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no moment; write it as 2026-12-31T18:00.") from None
    return told if told.tzinfo else timezone.make_aware(told)
