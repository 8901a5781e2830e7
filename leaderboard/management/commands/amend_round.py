"""manage.py amend_round: other rules for the open round, from now on and for a reason."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from leaderboard.amending import CannotAmend, NotKept, amend_round
from leaderboard.management.rules import add_rules, rulebook_in, rules_named
from leaderboard.models import LIVE, Round
from leaderboard.rulebook import BadRulebook


class Command(BaseCommand):
    help = "Amend the open round's rulebook. Battles that have begun keep the terms they began under."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="one line, published with the new version")
        parser.add_argument("--reason-ko", default="", help="the same in Korean")
        add_rules(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        contest = Round.objects.filter(state__in=LIVE).first()
        if contest is None:
            raise CommandError("No round is open.")
        rulebook = rulebook_in(options["rulebook"])
        changes = (json.loads(rulebook.canonical()) if rulebook else {}) | rules_named(options)
        try:
            made = amend_round(contest, changes, reason=options["reason"], reason_ko=options["reason_ko"])
        except (CannotAmend, NotKept, BadRulebook) as why:
            raise CommandError(f"{contest} was not amended: {why}.") from None
        print(f"{contest} has version {made.version} of its rulebook from now on. SHA-256: {made.digest}")
