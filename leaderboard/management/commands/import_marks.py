"""manage.py import_marks ROUND COMPONENT FILE: the marks of one component, from a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from leaderboard.evidence import NoEvidence, read_evidence
from leaderboard.keys import rounds_by
from leaderboard.management.people import add_who, organizer_named
from leaderboard.models import Actor
from leaderboard.scoring.mark_files import COLUMNS, LARGEST, digest_of_file, read_marks
from leaderboard.scoring.marks import Said, enter_marks
from leaderboard.scoring.panels import CannotMark


class Command(BaseCommand):
    help = f"Enter marks from a CSV file with the columns {', '.join(COLUMNS)}: all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", help="the round's key, as 1")
        parser.add_argument("component", help="the component's name in the rulebook")
        parser.add_argument("file", type=Path)
        parser.add_argument("--evidence", required=True, help="an address where the marks stand, and its SHA-256")
        parser.add_argument("--reason", default="", help="why marks that are there already are replaced; public")
        parser.add_argument("--reason-ko", default="", help="the same in Korean")
        add_who(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        by = organizer_named(options["by"])
        contest = rounds_by(options["round"]).select_related("series", "gate").first()
        if contest is None:
            raise CommandError(f"There is no round {options['round']}.")
        try:
            with options["file"].open("rb") as file:
                content = file.read(LARGEST + 1)
            said = Said(
                evidence=read_evidence(options["evidence"]),
                by=None if by == Actor.COMMAND or isinstance(by, str) else by,
                reason=options["reason"],
                reason_ko=options["reason_ko"],
                source_digest=digest_of_file(content),
            )
            made = enter_marks(contest, options["component"], read_marks(content), said)
        except OSError as why:
            raise CommandError(f"{options['file']} cannot be read: {why.strerror}.") from None
        except (CannotMark, NoEvidence) as why:
            raise CommandError(f"Nothing was entered: {why}.") from None
        print(f"{contest}, {options['component']}: {len(made)} marks entered.")
