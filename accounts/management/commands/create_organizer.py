"""manage.py create_organizer: an account for somebody who runs the contest."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from accounts.organizers import NoOrganizer, add_organizer, change_password


class Command(BaseCommand):
    help = "Make an organizer's account, or change its password. The password is asked for, never an argument."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name to sign in with")
        parser.add_argument(
            "--email", default="", help="the address that reaches them; not needed to change a password"
        )
        parser.add_argument("--password-file", help="a file with the password alone; - reads standard input")
        parser.add_argument("--change-password", action="store_true", help="of the organizer of that name")

    def handle(self, *args: Any, **options: Any) -> None:
        name, file = options["name"], options["password_file"]
        password = read_password(file) if file else ask_password(name)
        try:
            # The site speaks Korean by default, its commands English.
            with translation.override("en"):
                if options["change_password"]:
                    change_password(name=name, password=password)
                    print(f"{name} has a new password.")
                else:
                    add_organizer(name=name, email=options["email"], password=password)
                    print(f"{name} is an organizer.")
        except NoOrganizer as why:
            raise CommandError(f"Nothing was changed: {why}") from None


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
