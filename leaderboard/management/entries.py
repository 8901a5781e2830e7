"""How a command line names an entry of the latest round, and why something becomes of it."""

from django.core.management.base import CommandError, CommandParser

from inference.models import Entry
from leaderboard.models import UNOPENED, Participation, Round, RoundState


def add_reason(parser: CommandParser) -> None:
    parser.add_argument("--reason", required=True, help="one line, published on the entry's page")
    parser.add_argument("--reason-ko", default="", help="the same in Korean")


def latest_round() -> Round:
    """The round that has opened last. Raises CommandError."""
    contest = Round.objects.exclude(state__in=(*UNOPENED, RoundState.ANNULLED)).order_by("-number", "-leg").first()
    if contest is None:
        raise CommandError("No round has opened.")
    return contest


def entry_named(slug: str) -> Entry:
    """The entry with this slug. Raises CommandError."""
    entry = Entry.objects.filter(slug=slug).first()
    if entry is None:
        raise CommandError(f"There is no entry {slug}.")
    return entry


def part_of(contest: Round, slug: str) -> Participation:
    """The part of an entry in a round. Raises CommandError."""
    part = contest.participations.filter(entry__slug=slug).first()
    if part is None:
        raise CommandError(f"{slug} takes no part in {contest}.")
    return part
