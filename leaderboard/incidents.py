"""Incidents: what went wrong, told to everybody by an organizer."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from leaderboard.models import Incident, Round, RoundState
from leaderboard.reasons import as_text, text_amiss


class CannotReport(Exception):
    """Nothing is told; the words say why."""


@dataclass(frozen=True, slots=True)
class Account:
    """What happened, from when to when, and what was done. ended_at: None while it goes on."""

    what: str
    began_at: datetime
    ended_at: datetime | None = None
    what_ko: str = ""
    done: str = ""
    done_ko: str = ""


@transaction.atomic
def report_incident(told: Account, *, by: User, contest: Round | None = None) -> Incident:
    """Tell everybody of an incident. contest: the round it concerns, if one. Raises CannotReport."""
    if not (by.is_staff and by.is_active):
        raise CannotReport(_("{name} is no organizer").format(name=by.username))
    if contest and contest.state == RoundState.DRAFT:
        raise CannotReport(_("the round is a draft, which is nobody's business yet"))
    texts = {name: as_text(getattr(told, name)) for name in ("what", "what_ko", "done", "done_ko")}
    if not texts["what"]:
        raise CannotReport(_("it does not say what happened"))
    if words := text_amiss(*texts.values()):
        raise CannotReport(words)
    refuse_times(told)
    subject = contest.subject if contest else "site"
    record(by, "incident.reported", subject)
    return Incident.objects.create(round=contest, began_at=told.began_at, ended_at=told.ended_at, by=by, **texts)


def refuse_times(told: Account) -> None:
    """Raise CannotReport where it cannot have happened then."""
    now = timezone.now()
    if told.began_at > now or (told.ended_at and told.ended_at > now):
        raise CannotReport(_("that is yet to come"))
    if told.ended_at and told.ended_at < told.began_at:
        raise CannotReport(_("it would have ended before it began"))
