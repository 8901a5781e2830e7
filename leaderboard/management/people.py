"""How a command line says who acts and why."""

from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from leaderboard.models import Actor
from leaderboard.transitions import By


def add_who(parser: CommandParser) -> None:
    parser.add_argument("--by", help="the organizer who does it (default: nobody by name, only this command)")


def organizer_named(name: str | None) -> By:
    """The organizer of that name, or the command itself. Raises CommandError."""
    if name is None:
        return Actor.COMMAND
    found = User.objects.filter(username=name, is_staff=True, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no organizer {name}; see add_organizer.")
    return found
