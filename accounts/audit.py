"""The log of what people with an account did: who, what, to what, when. It is only ever added to."""

from typing import Any

from accounts.models import Action, User


def record(actor: User | None, action: str, subject: str, **details: Any) -> Action:
    """Write down what was done, in the transaction that does it. actor: None for the site itself, or for a command.

    action: its name, as "team.invited"; subject: to what, as "team team-alder" or "round 1"; details: figures and
    words for other organizers to read, as `reason`. No secrets, no keys, no text of a conversation.
    """
    return Action.objects.create(actor=actor, action=action, subject=subject, details=details)
