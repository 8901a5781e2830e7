"""manage.py draft_round: a round in the making, which nobody sees until it is scheduled."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.db import transaction

from inference.models import Entry
from leaderboard.amending import NotKept
from leaderboard.drafts import CannotOpen, change_draft, draft_round
from leaderboard.entering import CannotMove
from leaderboard.management.commands.open_round import moment
from leaderboard.management.people import add_who, organizer_named
from leaderboard.management.rules import add_rules, rulebook_in, rules_named
from leaderboard.models import Round
from leaderboard.rulebook import BadRulebook
from leaderboard.states import begin


class Command(BaseCommand):
    help = "Draft the next round over the named entries, or change a draft. Nobody sees it until it is scheduled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", help="the entries that compete")
        parser.add_argument("--number", type=int, help="change this draft, and leave what is not named")
        parser.add_argument("--opens", help="its beginning, as 2026-12-01T09:00 (the site's time zone)")
        parser.add_argument("--ends", help="its end")
        parser.add_argument("--reason", default="Drafted.", help="one line, public once the round is announced")
        parser.add_argument("--reason-ko", default="", help="the same in Korean")
        add_who(parser)
        add_rules(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        entries = list(Entry.objects.filter(slug__in=options["slugs"]))
        unknown = set(options["slugs"]) - {entry.slug for entry in entries}
        if unknown:
            raise CommandError(f"There is no entry {', '.join(sorted(unknown))}; see add_entry.")
        try:
            contest = change(entries, options) if options["number"] else draft(entries, options)
        except (CannotOpen, CannotMove, NotKept, BadRulebook) as why:
            raise CommandError(f"Nothing was drafted: {why}.") from None
        print(f"{contest} is a draft. Nobody sees it. To announce it: manage.py round {contest.key} scheduled")


@transaction.atomic
def draft(entries: list[Entry], options: dict[str, Any]) -> Round:
    if not options["opens"] or not options["ends"]:
        raise CommandError("A new draft needs --opens and --ends.")
    contest = draft_round(
        entries,
        opens_at=moment(options["opens"]),
        ends_at=moment(options["ends"]),
        rulebook=rulebook_in(options["rulebook"]),
        **rules_named(options),
    )
    begin(contest, by=organizer_named(options["by"]), reason=options["reason"], reason_ko=options["reason_ko"])
    return contest


def change(entries: list[Entry], options: dict[str, Any]) -> Round:
    contest = Round.objects.filter(number=options["number"], leg=0).first()
    if contest is None:
        raise CommandError(f"There is no round {options['number']}.")
    rulebook = rulebook_in(options["rulebook"])
    return change_draft(
        contest,
        entries=entries or None,
        opens_at=moment(options["opens"]) if options["opens"] else None,
        ends_at=moment(options["ends"]) if options["ends"] else None,
        rules=(json.loads(rulebook.canonical()) if rulebook else {}) | rules_named(options),
    )
