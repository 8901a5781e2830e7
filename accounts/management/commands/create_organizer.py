"""manage.py create_organizer: an account for somebody who runs the contest."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from accounts.organizers import NoOrganizer, add_organizer, change_password, forget_factors


class Command(BaseCommand):
    help = "Make an organizer's account, or change its password. The password is asked for, never an argument."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name to sign in with")
        parser.add_argument(
            "--email", default="", help="the address that reaches them; not needed to change a password"
        )
        parser.add_argument("--password-file", help="a file with the password alone; - reads standard input")
        parser.add_argument("--change-password", action="store_true", help="of the organizer of that name")
        parser.add_argument(
            "--forget-second-factor", action="store_true", help="of the organizer of that name, who has lost it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            # The site speaks Korean by default, its commands English.
            with translation.override("en"):
                print(self.done(options["name"], options))
        except NoOrganizer as why:
            raise CommandError(f"Nothing was changed: {why}") from None

    def done(self, name: str, options: dict[str, Any]) -> str:
        """Do it; what was done."""
        if options["forget_second_factor"]:
            forget_factors(name=name)
            return f"{name} has no second factor, and sets up another at the next visit."
        file = options["password_file"]
        password = read_password(file) if file else ask_password(name)
        if options["change_password"]:
            change_password(name=name, password=password)
            return f"{name} has a new password."
        add_organizer(name=name, email=options["email"], password=password)
        return f"{name} is an organizer. They sign in at /accounts/login/ and set up a second factor first."


def ask_password(name: str) -> str:
    """Asked twice on the terminal, unseen. Raises CommandError."""
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password; see --password-file.")
    password = getpass(f"Password for {name}: ")
    if getpass("Again: ") != password:
        raise CommandError("Nothing was changed: the two are not the same.")
    return password


def read_password(file: str) -> str:
    """What stands in the file, without the end of its line. Raises CommandError."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise CommandError(f"The password cannot be read: {why}") from None
    return text.rstrip("\r\n")
