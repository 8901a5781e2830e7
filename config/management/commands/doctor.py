"""manage.py doctor: is the site well, and if not, what to do."""

import dataclasses
import json
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.diagnosis import Answer, Level, diagnose


class Command(BaseCommand):
    help = "Ask every part of the site whether it is well. Exits with 1 if something is bad."
    requires_system_checks = []  # they are one of its questions

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        answers = []
        for answer in diagnose():
            answers.append(answer)
            if not options["json"]:
                self.say(answer)
        levels = Counter(answer.level for answer in answers)
        well = not levels[Level.BAD]
        if options["json"]:
            print(json.dumps({"well": well, "answers": [dataclasses.asdict(answer) for answer in answers]}, indent=2))
        else:
            print(f"\n{levels[Level.OK]} well, {levels[Level.WARN]} to look at, {levels[Level.BAD]} bad.")
        if not well:
            sys.exit(1)

    def say(self, answer: Answer) -> None:
        paint = {Level.OK: self.style.SUCCESS, Level.WARN: self.style.WARNING, Level.BAD: self.style.ERROR}
        print(f"{paint[answer.level](f'{answer.level:<4}')}  {answer.what}: {answer.words}", flush=True)
        if answer.mend:
            print(f"      → {answer.mend}", flush=True)
