"""The short ways: a round opened at once over entries, cut at once when it is over, and followed by the next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inference.models import Entry
from leaderboard.cut.outcome import Cut, cut_of
from leaderboard.drafts import CannotOpen, draft_round
from leaderboard.entering import CannotMove
from leaderboard.field import competing
from leaderboard.models import DECIDED, LIVE, Actor, Round, RoundState
from leaderboard.rulebook import Rulebook, in_force
from leaderboard.states import begin, held, move
from leaderboard.transitions import By

AT_ONCE, AT_ONCE_KO = "Opened at once.", "바로 열었습니다."
CUT, CUT_KO = "Closed and cut at once.", "바로 마감하고 결과를 냈습니다."


class CannotClose(Exception):
    """The round cannot be cut as it stands; the words say why."""


@transaction.atomic
def open_round(
    entries: Sequence[Entry],
    *,
    ends_at: datetime,
    rulebook: Rulebook | None = None,
    by: By = Actor.COMMAND,
    **changes: Any,
) -> Round:
    """Open the next round over these entries. changes: rules that differ from the rulebook's, or from the usual ones.

    Raises CannotOpen, NotKept, BadRulebook.
    """
    if Round.objects.filter(state__in=LIVE).exists():
        raise CannotOpen(_("a round is open already"))
    contest = draft_round(entries, opens_at=timezone.now(), ends_at=ends_at, rulebook=rulebook, **changes)
    begin(contest, by=by, reason=AT_ONCE, reason_ko=AT_ONCE_KO)
    for to in (RoundState.SCHEDULED, RoundState.OPEN):
        move(contest, to, by=by, reason=AT_ONCE, reason_ko=AT_ONCE_KO)
    return held(contest)


@transaction.atomic
def close_round(contest: Round, *, by: By = Actor.COMMAND, reason: str = CUT, reason_ko: str = CUT_KO) -> Cut:
    """Let no more votes in, count those that are in, publish who is out. Raises CannotClose.

    One transaction: if the votes cannot decide, the round stays as it was.
    """
    # Two organizers at once: the second waits here, and finds it done.
    contest = held(contest)
    if contest.state in DECIDED:
        raise CannotClose("it is closed already")
    ways = {
        RoundState.OPEN: (RoundState.CLOSED, RoundState.TALLIED, RoundState.PROVISIONAL),
        RoundState.FROZEN: (RoundState.CLOSED, RoundState.TALLIED, RoundState.PROVISIONAL),
        RoundState.CLOSED: (RoundState.TALLIED, RoundState.PROVISIONAL),
    }
    try:
        for to in ways.get(RoundState(contest.state), (RoundState.PROVISIONAL,)):
            move(contest, to, by=by, reason=reason, reason_ko=reason_ko)
    except CannotMove as why:
        raise CannotClose(str(why)) from None
    contest.refresh_from_db()
    return cut_of(contest)


def open_following_round(contest: Round, *, by: By = Actor.COMMAND) -> Round | None:
    """The next round over the survivors, as long and by the same rules; None when one entry is left."""
    survivors = [part.entry for part in competing(contest).select_related("entry")]
    if len(survivors) < 2:
        return None
    rules = in_force(contest)
    return open_round(
        survivors,
        ends_at=timezone.now() + (contest.ends_at - contest.opens_at),
        rulebook=rules,
        cut_size=min(rules.cut_size, len(survivors) - 1),
        by=by,
    )
