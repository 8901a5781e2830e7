"""What the clock does to rounds: each due step once and in order, also after the clock was not looked at for days."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from leaderboard.entering import CannotMove
from leaderboard.models import Actor, Round, RoundState
from leaderboard.states import clock, held, take_step
from leaderboard.transitions import Said

log = logging.getLogger(__name__)

DUE = (
    Q(state=RoundState.SCHEDULED, opens_at__lte=Now())
    | Q(state=RoundState.OPEN, freezes_at__lte=Now())
    | Q(state__in=[RoundState.OPEN, RoundState.FROZEN], ends_at__lte=Now())
    | Q(state=RoundState.CLOSED)
)


def keep_schedule() -> None:
    """Take every step whose time has come. One query where there is none."""
    for contest in Round.objects.filter(DUE).order_by("number", "leg"):
        while take_due_step(contest):
            pass


def take_due_step(contest: Round) -> bool:
    """Take the round's next due step; False if there is none, or it cannot be taken."""
    try:
        with transaction.atomic():
            # Two beats at once: the second waits here, and finds the step taken.
            contest = held(contest)
            due = next_due(contest)
            if due is None or due[1] > clock():
                return False
            take_step(contest, due[0], Said(Actor.SCHEDULE, due_at=due[1]))
            return True
    except CannotMove as why:
        tell_hindrance(contest, str(why))
        return False


def next_due(contest: Round) -> tuple[RoundState, datetime] | None:
    """Where the clock takes the round from where it is, and when."""
    match contest.state:
        case RoundState.SCHEDULED:
            return RoundState.OPEN, contest.opens_at
        case RoundState.OPEN if contest.freezes_at:
            return RoundState.FROZEN, contest.freezes_at
        case RoundState.OPEN | RoundState.FROZEN:
            return RoundState.CLOSED, contest.ends_at
        case RoundState.CLOSED:
            return RoundState.TALLIED, contest.closed_at or contest.ends_at
    return None


def tell_hindrance(contest: Round, words: str) -> None:
    """Keep for the organizers why the schedule could not go on; into the log once, and not twice a second."""
    if Round.objects.filter(pk=contest.pk).exclude(hindrance=words).update(hindrance=words):
        log.error("%s could not be moved on by its schedule: %s", contest, words)
