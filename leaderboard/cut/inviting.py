"""Voters of a round that is not open to everybody: the one-time codes that organizers make and hand out."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from arena.admissions import MOST_CODES, make_codes
from leaderboard.models import LIVE, UNOPENED, Round
from leaderboard.reasons import amiss
from leaderboard.rulebook import in_force


class CannotInvite(Exception):
    """There are no more codes than before; the words say why."""


def invites(contest: Round) -> bool:
    """Whether codes are of use in this round: not everybody may vote, and voting is not over."""
    return contest.state in (*UNOPENED, *LIVE) and in_force(contest).voters == "verified"


@transaction.atomic
def invite_voters(contest: Round, number: int, *, by: User | None, purpose: str) -> list[str]:
    """So many new codes, told this once. by: the organizer, or nobody for a command; purpose: for whom, for the log.

    Raises CannotInvite.
    """
    contest = Round.objects.select_for_update(of=("self",)).select_related("gate").get(pk=contest.pk)
    if by is not None and not (by.is_staff and by.is_active):
        raise CannotInvite(_("{name} is no organizer").format(name=by.username))
    if contest.state not in (*UNOPENED, *LIVE):
        raise CannotInvite(_("its voting is over, and a code would be of no use"))
    if in_force(contest).voters != "verified":
        raise CannotInvite(_("by its rulebook everybody may vote, and nobody needs a code"))
    if not 1 <= number <= MOST_CODES:
        raise CannotInvite(_("from 1 to {most} codes can be made at once").format(most=MOST_CODES))
    if words := amiss(purpose):
        raise CannotInvite(words)
    record(by, "voters.invited", contest.subject, number=number, reason=purpose.strip())
    return make_codes(contest.gate, number)
