"""manage.py change_participation: suspend, withdraw or disqualify an entry of the latest round, or take that back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leaderboard.management.entries import add_reason, latest_round, part_of
from leaderboard.models import ParticipationState
from leaderboard.participations import CannotChange, change_participation

CHOICES = [state.value for state in ParticipationState if state != ParticipationState.ELIMINATED]


class Command(BaseCommand):
    help = "Change what has become of an entry in the latest round. Battles under way may be finished and voted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the entry")
        parser.add_argument("state", choices=CHOICES, help="competing: lift a suspension, take back a disqualification")
        add_reason(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        part = part_of(latest_round(), options["slug"])
        state = ParticipationState(options["state"])
        try:
            change_participation(part, state, reason=options["reason"], reason_ko=options["reason_ko"])
        except CannotChange as why:
            raise CommandError(f"Nothing has changed: {why}.") from None
        print(f"{options['slug']} is {state} in {part.round} from now on.")
